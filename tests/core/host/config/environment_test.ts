/** Settings by environment variables: their names, their values, and which of file, variable and flag wins. */
import { assert, assertEquals } from "@std/assert";
import { settingsFromEnvironment } from "../../../../core/host/config/environment.ts";
import { type GivenSetting, giverOf, valueAt, withGiven } from "../../../../core/host/config/given.ts";
import { anyName } from "../../../../core/host/config/setting.ts";
import { listSettings } from "../../../../core/host/config/setting_list.ts";
import { checkConfig } from "../../../../core/host/config/config.ts";

const settings = listSettings();

Deno.test("every setting has a variable of its own", () => {
  const variables = settings.map(({ variable }) => variable);
  assertEquals(new Set(variables).size, variables.length);
  assert(variables.length > 100, String(variables.length));
  for (const variable of variables) assert(/^BERTH(_[A-Z0-9]+|_<NAME>)+$/.test(variable), variable);
});

const read = (variables: Readonly<Record<string, string>>) => settingsFromEnvironment(settings, variables);

const cases: readonly {
  readonly name: string;
  readonly text: string;
  readonly path: string;
  readonly value: unknown;
}[] = [
  { name: "BERTH_ENVIRONMENT", text: "paper", path: "environment", value: "paper" },
  { name: "BERTH_CONSOLE_PORT", text: "0", path: "console.port", value: 0 },
  { name: "BERTH_CONSOLE_PORT", text: "0x10", path: "console.port", value: "0x10" },
  { name: "BERTH_CONSOLE_ENABLED", text: "false", path: "console.enabled", value: false },
  { name: "BERTH_CONSOLE_ENABLED", text: "no", path: "console.enabled", value: "no" },
  { name: "BERTH_VENUES_ENABLED", text: "okx, paradex", path: "venues.enabled", value: ["okx", "paradex"] },
  { name: "BERTH_VENUES_SYMBOLS", text: '["BTC-PERP"]', path: "venues.symbols", value: ["BTC-PERP"] },
  { name: "BERTH_RISK_GLOBAL_MAX_LEVERAGE", text: "2.5", path: "risk.global.maxLeverage", value: 2.5 },
  { name: "BERTH_RISK_GLOBAL_MAX_LEVERAGE", text: "none", path: "risk.global.maxLeverage", value: null },
  {
    name: "BERTH_RISK_ACCOUNTS_OKX_EU_MAX_OPEN_ORDERS",
    text: "3",
    path: "risk.accounts.okx_eu.maxOpenOrders",
    value: 3,
  },
  {
    name: "BERTH_PLUGINS_MY_BUDGET_BUDGET_MAX_DAILY_LOSS_USD",
    text: "9",
    path: "plugins.my_budget.budget.maxDailyLossUsd",
    value: 9,
  },
  {
    name: "BERTH_PLUGINS_SCALPER_SETTINGS",
    text: '{"minScore":4}',
    path: "plugins.scalper.settings",
    value: { minScore: 4 },
  },
  { name: "BERTH_RISK_MAX_ORDER_SIZE_BASE", text: "{", path: "risk.maxOrderSizeBase", value: "{" },
];
for (const { name, text, path, value } of cases) {
  Deno.test(`${name}=${text} sets ${path}`, () => {
    const given: GivenSetting = { path: path.split("."), value, by: "environment", name };
    assertEquals(read({ [name]: text }), { given: [given], strays: [] });
  });
}

Deno.test("an empty variable is not set; others' variables are left alone", () => {
  assertEquals(read({ BERTH_SEED: "", PATH: "/bin", BERTH_CONFIG: "a.json" }), { given: [], strays: [] });
});

Deno.test("a mistyped setting is a fault with what was meant; what others may have set is none", () => {
  const { strays } = read({ BERTH_RISK_GLOBAL_MAX_LEVRAGE: "3", BERTH_PORT_8117_TCP: "tcp://10.0.0.1" });
  assertEquals(strays, [
    {
      name: "BERTH_RISK_GLOBAL_MAX_LEVRAGE",
      meant: "BERTH_RISK_GLOBAL_MAX_LEVERAGE",
      isFault: true,
    },
    { name: "BERTH_PORT_8117_TCP", meant: undefined, isFault: false },
  ]);
});

Deno.test("a value for each setting, written as its variable, passes the check of the file", () => {
  const sample = (variable: string, form: string, now: unknown): string =>
    now !== undefined && now !== null && now !== ""
      ? (typeof now === "object" ? JSON.stringify(now) : String(now))
      : samples[variable] ?? { number: "1", truth: "true", text: "1", list: "[]", json: "{}" }[form] ?? "";
  const defaults = checkConfig({ plugins: { some_name: {} } }, "/work");
  assert(defaults.kind === "valid");
  const config: unknown = defaults.value;
  const variables = Object.fromEntries(settings.map(({ variable, form, path }) => [
    variable.replace("<NAME>", "SOME_NAME"),
    sample(variable, form, valueAt(config, path.map((name) => name === anyName ? "some_name" : name))),
  ]));
  const { given, strays } = read(variables);
  assertEquals([given.length, strays], [settings.length, []]);
  const checked = checkConfig(withGiven({}, given), "/work");
  assertEquals(checked.kind === "invalid" ? checked.faults : [], []);
});

/** For settings without a default whose form alone does not make a value. */
const samples: Readonly<Record<string, string>> = {
  BERTH_VENUES_ENABLED: "okx",
  BERTH_DISPLAY_VIEW: "some_plugin",
  BERTH_VENUES_SYMBOLS: "BTC-PERP",
  BERTH_JOURNAL_DURABILITY: "power_loss",
};

Deno.test("the last that was given stands on top, and leaves its neighbours alone", () => {
  const file = { console: { port: 1, address: "127.0.0.1" }, risk: 3 };
  const given: readonly GivenSetting[] = [
    { path: ["console", "port"], value: 2, by: "environment", name: "BERTH_CONSOLE_PORT" },
    { path: ["console", "port"], value: 3, by: "flag", name: "--console-port" },
    { path: ["risk", "breachState"], value: "halted", by: "environment", name: "BERTH_RISK_BREACH_STATE" },
  ];
  assertEquals(withGiven(file, given), { console: { port: 3, address: "127.0.0.1" }, risk: 3 });
  assertEquals(giverOf(["console", "port"], given)?.name, "--console-port");
  assertEquals(giverOf(["console", "address"], given), undefined);
  assertEquals(giverOf(["risk"], given)?.name, "BERTH_RISK_BREACH_STATE");
});
