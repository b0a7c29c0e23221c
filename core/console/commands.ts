/** Commands as they come from outside: one schema each, checked where they enter the console and again in the host. */
import * as v from "valibot";
import { marginModes } from "../model/account.ts";
import { clientOrderId, parseInstrumentId, pluginId, venueId } from "../model/ids.ts";
import { marketLimitRanges, type MarketLimits, type RiskScope, tradingStates } from "../model/risk_limits.ts";

/** A text that one of the model's makers takes. */
const made = <T extends string>(make: (text: string) => T, pattern: RegExp, words: string) =>
  v.pipe(
    v.string(words),
    v.regex(pattern, words),
    v.check((text) => isMade(make, text), words),
    v.transform((text) => make(text)),
  );
function isMade(make: (text: string) => unknown, text: string): boolean {
  try {
    make(text);
    return true;
  } catch {
    return false;
  }
}

export const pluginName = made(pluginId, /^[a-z][a-z0-9_]{1,47}$/, "a plugin id such as paradex_scalper");
export const venueName = made(venueId, /^[a-z][a-z0-9_]{1,23}$/, "a venue id such as paradex");
export const instrumentName = made(
  parseInstrumentId,
  /^[a-z][a-z0-9_]{1,23}:.{1,80}$/,
  "an instrument such as okx:BTC-PERP",
);
export const orderName = made(clientOrderId, /^[a-zA-Z0-9_-]{1,64}$/, "a client order id");

/** `global`, `account/okx`, `plugin/paradex_scalper`. */
export const scopeText = v.pipe(
  v.string(),
  v.regex(
    /^(global|account\/[a-z][a-z0-9_]{1,23}|plugin\/[a-z][a-z0-9_]{1,47})$/,
    "global, account/VENUE or plugin/ID",
  ),
  v.description("Whose limits and state: `global`, `account/okx`, `plugin/paradex_scalper`."),
);

export function parseScope(text: v.InferOutput<typeof scopeText>): RiskScope {
  const [kind, name = ""] = text.split("/");
  if (kind === "account") return { kind, venue: venueId(name) };
  return kind === "plugin" ? { kind, plugin: pluginId(name) } : { kind: "global" };
}

const limitNumber = v.exactOptional(
  v.nullable(v.pipe(v.number(), v.minValue(0, "0 or more"), v.maxValue(1e9, "at most 1000000000"))),
);
/** USD and counts, as in the configuration; null is no limit. */
export const limitChanges = v.pipe(
  v.strictObject({
    maxOrderNotionalUsd: limitNumber,
    maxPositionNotionalUsd: limitNumber,
    maxNetExposureUsd: limitNumber,
    maxGrossExposureUsd: limitNumber,
    maxLeverage: limitNumber,
    maxOpenPositions: limitNumber,
    maxOpenOrders: limitNumber,
    maxOrdersPerSecond: limitNumber,
    maxCancelToFillRatio: limitNumber,
    maxDailyLossUsd: limitNumber,
    maxDrawdownUsd: limitNumber,
    maxConsecutiveLosses: limitNumber,
  }),
  v.check((changes) => Object.keys(changes).length > 0, "at least one limit"),
  v.description("The limits to change; null is no limit."),
);

const marketNumber = (name: keyof MarketLimits) => {
  const [least, largest] = marketLimitRanges[name];
  return v.exactOptional(
    v.pipe(v.number(), v.minValue(least, `${least} or more`), v.maxValue(largest, `at most ${largest}`)),
  );
};
/** In the units of the configuration's `risk.market`. */
export const marketChanges = v.pipe(
  v.strictObject({
    collarMarkBps: marketNumber("collarMarkBps"),
    collarQuoteBps: marketNumber("collarQuoteBps"),
    reduceOnlyCollarBps: marketNumber("reduceOnlyCollarBps"),
    reduceOnlyFallbackBps: marketNumber("reduceOnlyFallbackBps"),
    maxQuoteAgeMs: marketNumber("maxQuoteAgeMs"),
    maxMarkAgeMs: marketNumber("maxMarkAgeMs"),
    maxValuationAgeMs: marketNumber("maxValuationAgeMs"),
    maxClockSkewMs: marketNumber("maxClockSkewMs"),
    minMarginBuffer: marketNumber("minMarginBuffer"),
    marginLeverage: marketNumber("marginLeverage"),
    minCancelsForRatio: marketNumber("minCancelsForRatio"),
  }),
  v.check((changes) => Object.keys(changes).length > 0, "at least one limit"),
  v.description("The market limits to change: `risk.market` of the configuration."),
);

export const hostTagText = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]{2,4}$/, "a host's tag such as k3f9"),
  v.description("Tag of the host that is gone: second to fifth letter of its client order ids."),
);

export const reasonText = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1, "why, in a few words"),
  v.maxLength(200, "at most 200 characters"),
  v.description("Why: it is written into the journal."),
);

const scopeOf = v.pipe(scopeText, v.transform(parseScope));

export const killBody = v.strictObject({
  flatten: v.optional(
    v.pipe(v.boolean(), v.description("Close all positions besides. Default false.")),
    false,
  ),
});
export const stateBody = v.strictObject({
  scope: scopeText,
  state: v.picklist(tradingStates),
  reason: reasonText,
});
export const resumeBody = v.strictObject({ scope: scopeText, reason: reasonText });
export const tightenBody = v.strictObject({ scope: scopeText, limits: limitChanges });
export const loosenBody = v.strictObject({ scope: scopeText, limits: limitChanges, reason: reasonText });
export const tightenMarketBody = v.strictObject({ limits: marketChanges });
export const loosenMarketBody = v.strictObject({ limits: marketChanges, reason: reasonText });
export const takeOverBody = v.strictObject({ venue: venueName, tag: hostTagText, reason: reasonText });
export const leverageBody = v.strictObject({
  instrument: v.pipe(instrumentName, v.description("Such as `okx:BTC-PERP`.")),
  leverage: v.pipe(
    v.number(),
    v.minValue(1),
    v.maxValue(1_000),
    v.description("Many venues take whole numbers only."),
  ),
  marginMode: v.pipe(
    v.picklist(marginModes),
    v.description("Shared by the account's positions, or of its own."),
  ),
});
export const scopeBody = v.strictObject({ scope: scopeText });
export const pluginSettingsBody = v.strictObject({
  settings: v.pipe(
    v.record(v.pipe(v.string(), v.maxLength(64)), v.union([v.string(), v.number(), v.boolean()])),
    v.description(
      "Values of the plugin's settings; those that are not named keep what the configuration says.",
    ),
  ),
});

const fingerprintText = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{8,128}$/, "a fingerprint as the plugin shows it"),
  v.description("The plugin's `fingerprint`, so that nothing but what was seen is approved."),
);
export const approveBody = v.strictObject({ fingerprint: fingerprintText });

export const replayActions = ["pause", "resume", "step"] as const;
export type ReplayAction = (typeof replayActions)[number];
export const replayBody = v.strictObject({
  action: v.pipe(
    v.picklist(replayActions),
    v.description("A step goes on to the next market data and pauses there."),
  ),
});

export const pluginActions = ["approve", "start", "stop", "reload"] as const;

export const commandSchema = v.variant("kind", [
  v.strictObject({ kind: v.literal("kill"), flatten: v.boolean() }),
  v.strictObject({
    kind: v.literal("set_state"),
    scope: scopeOf,
    state: v.picklist(tradingStates),
    reason: reasonText,
  }),
  v.strictObject({ kind: v.literal("tighten_limits"), scope: scopeOf, limits: limitChanges }),
  v.strictObject({
    kind: v.literal("loosen_limits"),
    scope: scopeOf,
    limits: limitChanges,
    reason: reasonText,
  }),
  v.strictObject({ kind: v.literal("tighten_market"), limits: marketChanges }),
  v.strictObject({ kind: v.literal("loosen_market"), limits: marketChanges, reason: reasonText }),
  v.strictObject({ kind: v.literal("take_over"), venue: venueName, tag: hostTagText, reason: reasonText }),
  v.strictObject({ kind: v.literal("set_leverage"), ...leverageBody.entries }),
  v.strictObject({ kind: v.literal("cancel_orders"), scope: scopeOf }),
  v.strictObject({ kind: v.literal("cancel_order"), clientOrderId: orderName }),
  v.strictObject({ kind: v.literal("flatten"), scope: scopeOf }),
  v.strictObject({
    kind: v.literal("plugin"),
    id: pluginName,
    action: v.picklist(pluginActions),
    fingerprint: v.exactOptional(fingerprintText),
  }),
  v.strictObject({
    kind: v.literal("plugin_settings"),
    id: pluginName,
    settings: pluginSettingsBody.entries.settings,
  }),
  v.strictObject({ kind: v.literal("reload_alerts") }),
  v.strictObject({ kind: v.literal("replay"), ...replayBody.entries }),
]);

/** As it is sent from the console's thread: scopes are text. */
export type CommandInput = v.InferInput<typeof commandSchema>;
export type Command = v.InferOutput<typeof commandSchema>;
