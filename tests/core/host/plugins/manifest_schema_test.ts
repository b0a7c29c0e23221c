import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { checkManifest, checkSettings } from "../../../../core/host/plugins/manifest_schema.ts";
import { setting } from "../../../../core/sdk/settings.ts";

const strategy = {
  kind: "strategy",
  id: "my_strategy",
  version: "0.1.0",
  sdkVersion: 1,
  description: "Does something.",
  author: "somebody",
  trading: { venues: ["*"], instruments: ["*-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 100,
    maxPositionNotionalUsd: 200,
    maxOrdersPerSecond: 5,
    maxDailyLossUsd: 10,
  },
  onStop: "keep_positions",
  settings: { edgeBps: setting.number({ default: 2, min: 0, description: "Smallest edge in bps." }) },
};

Deno.test("checkManifest() takes a whole manifest as it is", () => {
  const result = checkManifest(structuredClone(strategy));
  assertEquals<unknown>(result.kind === "valid" ? result.value : result, strategy);
});

const broken: readonly {
  readonly name: string;
  readonly change: Record<string, unknown>;
  readonly field: string;
  readonly found: string;
}[] = [
  { name: "a missing id", change: { id: undefined }, field: "id", found: "missing" },
  { name: "an id with capitals", change: { id: "MyStrategy" }, field: "id", found: '"MyStrategy"' },
  { name: "another SDK version", change: { sdkVersion: 2 }, field: "sdkVersion", found: "2" },
  { name: "an unknown field", change: { superuser: true }, field: "superuser", found: "an unknown field" },
  { name: "an unknown kind", change: { kind: "virus" }, field: "kind", found: '"virus"' },
  {
    name: "a budget of NaN",
    change: { riskBudget: { ...strategy.riskBudget, maxDailyLossUsd: NaN } },
    field: "riskBudget.maxDailyLossUsd",
    found: "null",
  },
  {
    name: "a negative budget",
    change: { riskBudget: { ...strategy.riskBudget, maxOrderNotionalUsd: -1 } },
    field: "riskBudget.maxOrderNotionalUsd",
    found: "-1",
  },
  {
    name: "a wildcard host",
    change: { permissions: { net: ["*"] } },
    field: "permissions.net.0",
    found: '"*"',
  },
  {
    name: "a host with a path",
    change: { permissions: { net: ["a.test/x"] } },
    field: "permissions.net.0",
    found: '"a.test/x"',
  },
  ...["data", "../x", "/a/../b", "/a/", "/", "/a,/etc"].map((path) => ({
    name: `the folder ${path}`,
    change: { permissions: { write: [path] } },
    field: "permissions.write.0",
    found: JSON.stringify(path),
  })),
  {
    name: "a lower-case secret name",
    change: { permissions: { secrets: ["key"] } },
    field: "permissions.secrets.0",
    found: '"key"',
  },
  {
    name: "a default outside its own bounds",
    change: { settings: { edgeBps: setting.number({ default: -1, min: 0, description: "Smallest edge." }) } },
    field: "settings.edgeBps.default",
    found: "-1",
  },
];
for (const c of broken) {
  Deno.test(`checkManifest() names the field of ${c.name}`, () => {
    const result = checkManifest({ ...structuredClone(strategy), ...c.change });
    assertEquals(result.kind, "invalid");
    const fault = result.kind === "invalid" ? result.faults.find((f) => f.field === c.field) : undefined;
    assertEquals(fault?.found, c.found, JSON.stringify(result));
    assertEquals((fault?.expected ?? "").length > 0, true);
  });
}

Deno.test("checkManifest() answers anything at all with a value, never with an exception", () => {
  fc.assert(fc.property(fc.anything({ withNullPrototype: true }), (found) => {
    const result = checkManifest(found);
    return result.kind === "invalid" && result.faults.length > 0;
  }));
});

const shape = {
  edgeBps: setting.number({ default: 2, min: 0, max: 100, description: "Edge in bps." }),
  count: setting.number({ default: 3, integer: true, description: "How many." }),
  mode: setting.choice({ default: "slow", choices: ["slow", "fast"], description: "Pace." }),
  on: setting.boolean({ default: true, description: "Whether." }),
  note: setting.text({ default: "", maxLength: 3, description: "A note." }),
  symbols: setting.textList({ default: ["BTC-PERP"], maxItems: 2, description: "Which." }),
};

Deno.test("checkSettings() gives the defaults when nothing is given", () => {
  assertEquals(checkSettings(shape, {}), {
    kind: "valid",
    value: { edgeBps: 2, count: 3, mode: "slow", on: true, note: "", symbols: ["BTC-PERP"] },
  });
});

const wrongSettings: readonly [string, Record<string, unknown>][] = [
  ["a number over its maximum", { edgeBps: 100.5 }],
  ["NaN", { edgeBps: NaN }],
  ["a number as text", { edgeBps: "3" }],
  ["a broken whole number", { count: 1.5 }],
  ["an unknown choice", { mode: "warp" }],
  ["a text that is too long", { note: "four" }],
  ["a list that is too long", { symbols: ["a", "b", "c"] }],
  ["an unknown name", { edgebps: 3 }],
  ["an inherited name", { toString: 3 }],
];
for (const [name, given] of wrongSettings) {
  Deno.test(`checkSettings() refuses ${name}`, () => {
    const result = checkSettings(shape, given);
    assertEquals(result.kind === "invalid" ? result.faults.map((f) => f.field) : result, Object.keys(given));
  });
}

const exchange = {
  kind: "exchange",
  id: "venue",
  venue: "venue",
  version: "0.1.0",
  sdkVersion: 1,
  description: "A venue.",
  author: "somebody",
  endpoints: { live: { restUrl: { url: "https://venue.test", purpose: "market_data" } } },
  tradingSecrets: ["VENUE_KEY"],
  packages: [],
  requestBudget: { requestsPerSecond: 10, burst: 40, reservedShare: 0.3 },
  settings: {},
};

Deno.test("checkManifest() takes an adapter's budget of requests, within reason", () => {
  const result = checkManifest(structuredClone(exchange));
  assertEquals<unknown>(result.kind === "valid" ? result.value : result, exchange);
  for (const [field, value] of [["requestsPerSecond", 0], ["burst", NaN], ["reservedShare", 1]] as const) {
    const requestBudget = { ...exchange.requestBudget, [field]: value };
    const refused = checkManifest({ ...exchange, requestBudget });
    assertEquals(refused.kind === "invalid" ? refused.faults.map((fault) => fault.field) : [], [
      `requestBudget.${field}`,
    ]);
  }
});
