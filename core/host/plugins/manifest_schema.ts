/**
 * Reads a manifest that a probe brought back. The plugin wrote it, so nothing about it is trusted: every field is
 * checked, unknown fields are refused, and all faults are reported at once with field, finding and expectation.
 */
import * as v from "valibot";
import { isAbsolute, normalize } from "node:path";
import { marketDataKinds, sdkVersion } from "../../sdk/manifest.ts";
import type { ExchangeManifest, Manifest, StrategyManifest } from "../../sdk/manifest.ts";
import type { Setting, SettingsShape } from "../../sdk/settings.ts";

/** One thing that is wrong with a manifest or a setting. */
export interface Fault {
  readonly field: string;
  readonly found: string;
  readonly expected: string;
}

export type Checked<T> =
  | { readonly kind: "valid"; readonly value: T }
  | { readonly kind: "invalid"; readonly faults: readonly Fault[] };

const shortText = (max: number, what: string) =>
  v.pipe(
    v.string(`${what}`),
    v.nonEmpty(`${what}, not empty`),
    v.maxLength(max, `${what} of at most ${max} characters`),
  );
const identifier = v.pipe(
  v.string("a text"),
  v.regex(/^[a-z][a-z0-9_]{1,47}$/, "2 to 48 lower-case letters, digits and _, starting with a letter"),
);
const settingName = v.pipe(
  v.string(),
  v.regex(/^[a-z][A-Za-z0-9]{0,47}$/, "a camelCase name of at most 48 characters"),
);
const secretName = v.pipe(v.string("a text"), v.regex(/^[A-Z][A-Z0-9_]{1,63}$/, "an UPPER_CASE name"));
const host = v.pipe(
  v.string("a text"),
  v.regex(
    /^(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/,
    "host or host:port without wildcard, lower case",
  ),
);
const finite = (what: string) => v.pipe(v.number(what), v.finite(what));
const amount = v.pipe(finite("a number of USD, 0 or more"), v.minValue(0, "a number of USD, 0 or more"));
const list = <S extends v.GenericSchema>(item: S, max: number, what: string) =>
  v.pipe(v.array(item, `a list of ${what}`), v.maxLength(max, `at most ${max} ${what}`));

const description = shortText(300, "one sentence");
const settingSchema: v.GenericSchema<Setting> = v.variant("type", [
  v.strictObject({
    type: v.literal("number"),
    description,
    default: finite("a finite number"),
    min: v.exactOptional(finite("a finite number")),
    max: v.exactOptional(finite("a finite number")),
    integer: v.exactOptional(v.boolean("true or false")),
  }),
  v.strictObject({ type: v.literal("boolean"), description, default: v.boolean("true or false") }),
  v.strictObject({
    type: v.literal("text"),
    description,
    default: v.string("a text"),
    maxLength: v.exactOptional(v.pipe(v.number("a whole number"), v.integer("a whole number"))),
  }),
  v.strictObject({
    type: v.literal("choice"),
    description,
    default: v.string("one of the choices"),
    choices: list(v.string("a text"), 64, "texts"),
  }),
  v.strictObject({
    type: v.literal("text_list"),
    description,
    default: list(v.string("a text"), 256, "texts"),
    maxItems: v.exactOptional(v.pipe(v.number("a whole number"), v.integer("a whole number"))),
  }),
]);

/** Whole, so that what is granted is what is read, and without a comma: Deno parts its lists of folders there. */
const isPlainPath = (path: string): boolean =>
  isAbsolute(path) && normalize(path) === path && !path.endsWith("/") && !/[,\0]/.test(path);
const path = v.pipe(
  shortText(400, "a path"),
  v.check(
    isPlainPath,
    "an absolute path of a folder, without .., a comma or a / at its end, and not / itself",
  ),
);

const permissionsSchema = v.strictObject({
  net: v.exactOptional(list(host, 32, "hosts")),
  read: v.exactOptional(list(path, 32, "paths")),
  write: v.exactOptional(list(path, 32, "paths")),
  secrets: v.exactOptional(list(secretName, 32, "secret names")),
});

const common = {
  id: identifier,
  version: v.pipe(
    v.string("a semantic version"),
    v.regex(/^\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)?$/, "a semantic version such as 1.2.3"),
  ),
  sdkVersion: v.literal(sdkVersion, `${sdkVersion}, the SDK version of this berth`),
  description,
  author: shortText(100, "a name"),
  permissions: v.exactOptional(permissionsSchema),
  startsDisabled: v.exactOptional(v.boolean("true or false")),
  settings: v.pipe(
    v.record(settingName, settingSchema, "a record of settings"),
    v.check((settings) => Object.keys(settings).length <= 200, "at most 200 settings"),
  ),
};

const endpointSchema = v.strictObject({
  url: v.pipe(v.string("a URL"), v.url("a URL"), v.regex(/^(https|wss):\/\//, "an https: or wss: URL")),
  purpose: v.picklist(["market_data", "trading"], "market_data or trading"),
});
const endpointsSchema = v.record(settingName, endpointSchema);

const strategySchema = v.strictObject({
  kind: v.literal("strategy"),
  ...common,
  trading: v.strictObject({
    venues: list(
      v.pipe(v.string("a venue id or *"), v.regex(/^(\*|[a-z][a-z0-9_]{1,23})$/, "a venue id or *")),
      64,
      "venues",
    ),
    instruments: list(
      v.pipe(
        v.string("a symbol pattern"),
        v.regex(/^[A-Za-z0-9*][A-Za-z0-9*-]{0,47}$/, "a symbol with * as wildcard, such as *-PERP"),
      ),
      256,
      "symbol patterns",
    ),
    data: list(v.picklist(marketDataKinds, marketDataKinds.join(", ")), 4, "data kinds"),
    orders: v.picklist(["none", "reduce_only", "trade"], "none, reduce_only or trade"),
  }),
  riskBudget: v.strictObject({
    maxOrderNotionalUsd: amount,
    maxPositionNotionalUsd: amount,
    maxOrdersPerSecond: v.pipe(
      finite("a number, 0 to 1000"),
      v.minValue(0, "a number, 0 to 1000"),
      v.maxValue(1000, "a number, 0 to 1000"),
    ),
    maxDailyLossUsd: amount,
  }),
  onStop: v.picklist(["keep_positions", "flatten"], "keep_positions or flatten"),
});

const within = (least: number, most: number) => {
  const expected = `a number, ${least} to ${most}`;
  return v.pipe(finite(expected), v.minValue(least, expected), v.maxValue(most, expected));
};

const exchangeSchema = v.strictObject({
  kind: v.literal("exchange"),
  ...common,
  venue: v.pipe(
    v.string("a venue id"),
    v.regex(/^[a-z][a-z0-9_]{1,23}$/, "lower-case letters, digits and _, at most 24"),
  ),
  endpoints: v.strictObject({ live: endpointsSchema, testnet: v.exactOptional(endpointsSchema) }),
  tradingSecrets: list(secretName, 16, "secret names"),
  optionalSecrets: v.exactOptional(list(secretName, 16, "secret names")),
  packages: list(shortText(100, "a package name"), 32, "package names"),
  requestBudget: v.exactOptional(
    v.strictObject({
      requestsPerSecond: within(0.1, 10_000),
      burst: within(1, 100_000),
      reservedShare: within(0, 0.9),
    }),
  ),
});

const manifestSchema = v.variant("kind", [strategySchema, exchangeSchema], 'kind "strategy" or "exchange"');

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text === undefined ? typeof value : text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Issues of a failed parse as faults; the message of an issue says what was expected. */
export function faultsOf(issues: readonly v.BaseIssue<unknown>[], root: string): readonly Fault[] {
  return issues.map((issue) => {
    const path = v.getDotPath(issue) ?? "";
    const isUnknownKey = issue.type === "strict_object" && issue.expected === "never";
    return {
      field: path === "" ? root : path,
      found: isUnknownKey ? "an unknown field" : shown(issue.input),
      expected: isUnknownKey ? "no field of this name" : issue.message,
    };
  });
}

/** Checks what no single field shows: defaults within their bounds, ids, patterns. */
function crossFieldFaults(settings: SettingsShape): readonly Fault[] {
  return Object.entries(settings).flatMap(([name, setting]) => {
    const checked = checkSetting(setting, setting.default);
    return checked === undefined
      ? []
      : [{ field: `settings.${name}.default`, found: shown(setting.default), expected: checked }];
  });
}

/** What a value of this setting must be, or undefined when it is that. */
function checkSetting(setting: Setting, value: unknown): string | undefined {
  switch (setting.type) {
    case "number": {
      const min = setting.min ?? -Infinity;
      const max = setting.max ?? Infinity;
      const isFine = typeof value === "number" && value >= min && value <= max && Number.isFinite(value) &&
        (setting.integer !== true || Number.isInteger(value));
      return isFine ? undefined : `a ${setting.integer === true ? "whole " : ""}number from ${min} to ${max}`;
    }
    case "boolean":
      return typeof value === "boolean" ? undefined : "true or false";
    case "text": {
      const max = setting.maxLength ?? 4_096;
      return typeof value === "string" && value.length <= max
        ? undefined
        : `a text of at most ${max} characters`;
    }
    case "choice":
      return setting.choices.some((choice) => choice === value)
        ? undefined
        : `one of ${setting.choices.join(", ")}`;
    case "text_list": {
      const max = setting.maxItems ?? 256;
      const isFine = Array.isArray(value) && value.length <= max &&
        value.every((item) => typeof item === "string");
      return isFine ? undefined : `a list of at most ${max} texts`;
    }
    default:
      return setting satisfies never;
  }
}

/** A manifest as the probe found it, checked. */
export function checkManifest(found: unknown): Checked<Manifest> {
  const parsed = v.safeParse(manifestSchema, found);
  if (!parsed.success) return { kind: "invalid", faults: faultsOf(parsed.issues, "manifest") };
  const manifest: StrategyManifest | ExchangeManifest = parsed.output;
  const faults = crossFieldFaults(manifest.settings);
  return faults.length > 0 ? { kind: "invalid", faults } : { kind: "valid", value: manifest };
}

/** The operator's values over the declared defaults. Unknown names and wrong values are faults. */
export function checkSettings(
  shape: SettingsShape,
  given: Readonly<Record<string, unknown>>,
): Checked<Readonly<Record<string, unknown>>> {
  const faults: Fault[] = [];
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(shape, name)) {
      faults.push({
        field: name,
        found: "an unknown setting",
        expected: `one of ${Object.keys(shape).join(", ")}`,
      });
    }
  }
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(shape)) {
    const value = Object.hasOwn(given, name) ? given[name] : setting.default;
    const expected = checkSetting(setting, value);
    if (expected === undefined) values[name] = value;
    else faults.push({ field: name, found: shown(value), expected });
  }
  return faults.length > 0 ? { kind: "invalid", faults } : { kind: "valid", value: values };
}
