/** Every limit of a scope, at every scope: one above refuses and names the scope, `null` is no limit, NaN refuses. */
import { assertEquals } from "@std/assert";
import { scopeLimitNames, type ScopeLimits } from "../../../core/model/risk_limits.ts";
import type { RefusalCode } from "../../../core/model/refusals.ts";
import { checkOrder } from "../../../core/risk/gate.ts";
import type { ExposureFacts, ScopeFacts } from "../../../core/risk/order_facts.ts";
import { defaultRiskSettings } from "../../../core/risk/settings.ts";
import { noLimits } from "../../support/engine_builders.ts";
import { type FactChanges, factsOf } from "./order_facts_builder.ts";

const scopes = ["plugin", "venue", "global"] as const;
type Scope = (typeof scopes)[number];
const scopeNames = { plugin: "plugin/maker", venue: "account/alpha", global: "global" } as const;

interface Row {
  readonly limit: keyof ScopeLimits;
  readonly code: RefusalCode;
  /** A value that a scope's limit of 100 lets pass, and one that it does not. */
  readonly within: Partial<ScopeFacts>;
  readonly beyond: Partial<ScopeFacts>;
  readonly exposure?: { readonly within: Partial<ExposureFacts>; readonly beyond: Partial<ExposureFacts> };
  /** The limit, where 100 does not separate the two. */
  readonly at?: number;
  readonly scopes?: readonly Scope[];
}

const rows: readonly Row[] = [
  { limit: "maxOrderNotionalUsd", code: "ORDER_NOTIONAL", within: {}, beyond: {}, at: 499 },
  {
    limit: "maxPositionNotionalUsd",
    code: "POSITION_LIMIT",
    within: {},
    beyond: {},
    exposure: { within: { positionUsd: 100 }, beyond: { positionUsd: 100.01 } },
  },
  {
    limit: "maxNetExposureUsd",
    code: "NET_EXPOSURE",
    within: {},
    beyond: {},
    exposure: { within: { netUsd: 100 }, beyond: { netUsd: 100.01 } },
  },
  {
    limit: "maxGrossExposureUsd",
    code: "GROSS_EXPOSURE",
    within: {},
    beyond: {},
    exposure: { within: { grossUsd: 100 }, beyond: { grossUsd: 100.01 } },
  },
  {
    limit: "maxLeverage",
    code: "LEVERAGE",
    within: {},
    beyond: {},
    exposure: { within: { grossUsd: 100, equityUsd: 1 }, beyond: { grossUsd: 100.1, equityUsd: 1 } },
    scopes: ["venue", "global"],
  },
  {
    limit: "maxOpenPositions",
    code: "OPEN_POSITIONS",
    within: {},
    beyond: {},
    exposure: { within: { positions: 100 }, beyond: { positions: 101 } },
  },
  {
    limit: "maxOpenOrders",
    code: "OPEN_ORDERS",
    within: { openOrders: 99 },
    beyond: { openOrders: 100 },
  },
  {
    limit: "maxOrdersPerSecond",
    code: "ORDER_RATE",
    within: { ordersLastSecond: 99 },
    beyond: { ordersLastSecond: 100 },
  },
  {
    limit: "maxCancelToFillRatio",
    code: "CANCEL_TO_FILL",
    within: { cancels: 200, fills: 2 },
    beyond: { cancels: 201, fills: 2 },
  },
  {
    limit: "maxDailyLossUsd",
    code: "DAILY_LOSS",
    within: { dayPnlUsd: -99.99 },
    beyond: { dayPnlUsd: -100 },
  },
  {
    limit: "maxDrawdownUsd",
    code: "DRAWDOWN",
    within: { drawdownUsd: 99.99 },
    beyond: { drawdownUsd: 100 },
  },
  {
    limit: "maxConsecutiveLosses",
    code: "CONSECUTIVE_LOSSES",
    within: { consecutiveLosses: 99 },
    beyond: { consecutiveLosses: 100 },
  },
];

/** Facts in which one scope alone has one limit alone. */
function given(scope: Scope, row: Row, value: "within" | "beyond", limit: number | null): FactChanges {
  return {
    [scope]: { limits: { ...noLimits, [row.limit]: limit }, ...row[value] },
    ...(row.exposure === undefined ? {} : { exposure: row.exposure[value] }),
  };
}

function answer(changes: FactChanges): unknown {
  const decision = checkOrder(factsOf(changes));
  if (decision.kind === "approved") return "passes";
  const { code, facts } = decision.refusal;
  return { code, scope: "scope" in facts ? facts.scope : undefined };
}

Deno.test("the table has every limit that there is", () => {
  assertEquals(rows.map(({ limit }) => limit), [...scopeLimitNames]);
  assertEquals(Object.keys(defaultRiskSettings.global), [...scopeLimitNames]);
});

for (const row of rows) {
  for (const scope of row.scopes ?? scopes) {
    const limit = row.at ?? 100;
    const name = scopeNames[scope];
    Deno.test(`${row.limit} holds for ${name}`, () => {
      assertEquals(answer(given(scope, row, "beyond", limit)), { code: row.code, scope: name });
      assertEquals(answer(given(scope, row, "beyond", null)), "passes");
      if (row.at === undefined) assertEquals(answer(given(scope, row, "within", limit)), "passes");
      else assertEquals(answer(given(scope, row, "within", 500)), "passes");
    });
    Deno.test(`${row.limit} of NaN at ${name} refuses`, () => {
      assertEquals(answer(given(scope, row, "beyond", NaN)), { code: row.code, scope: name });
    });
  }
}

/** On by default: what is `null` there has a reason, and the reason stands here. */
const offByDefault: Readonly<Record<string, string>> = {
  "global.maxCancelToFillRatio": "venues count it for themselves, so accounts have it",
  "global.maxConsecutiveLosses": "losses in a row of many plugins mean nothing together",
  "account.maxConsecutiveLosses": "the same",
  "plugin.maxLeverage": "a plugin has no equity of its own",
};

Deno.test("by default every limit is on at every scope where it means something", () => {
  const off = (["global", "account", "plugin"] as const).flatMap((scope) =>
    scopeLimitNames.filter((name) => defaultRiskSettings[scope][name] === null).map((name) =>
      `${scope}.${name}`
    )
  );
  assertEquals(off.toSorted(), Object.keys(offByDefault).toSorted());
});
