import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../../core/errors.ts";
import {
  checkConfig,
  defaultPluginConfig,
  type HostConfig,
  readConfig,
} from "../../../../core/host/config/config.ts";
import { configFileSchema } from "../../../../core/host/config/file_schema.ts";
import { configJsonSchemaText } from "../../../../core/host/config/config_json_schema.ts";
import type { Fault } from "../../../../core/host/plugins/manifest_schema.ts";
import { defaultRiskSettings } from "../../../../core/risk/settings.ts";

function valid(found: unknown): HostConfig {
  const checked = checkConfig(found, "/work/here");
  assert(checked.kind === "valid", JSON.stringify(checked));
  return checked.value;
}

function faults(found: unknown): readonly Fault[] {
  const checked = checkConfig(found, "/work/here");
  return checked.kind === "invalid" ? checked.faults : [];
}

Deno.test("without a file every default holds", () => {
  const config = valid({});
  assertEquals(config.environment, "sim");
  assertEquals(config.seed, undefined);
  assertEquals(config.dataDir, "/work/here/var");
  assertEquals(config.pluginFolders, ["/work/here/plugins"]);
  assertEquals(config.risk, defaultRiskSettings);
  assertEquals(config.display, { intervalMs: 250, clear: true, view: "" });
  assertEquals(config.log, { level: "info", format: "auto" });
  assertEquals(config.simulation, { depositUsd: 100_000, faults: {} });
  assertEquals(config.plugins, {});
  assertEquals(defaultPluginConfig, {
    enabled: true,
    settings: {},
    budget: {},
    limits: {
      heartbeatMs: 250,
      startMs: 10_000,
      maxHeapMb: 128,
      maxCpuShare: 0.95,
      cpuWindowMs: 30_000,
      maxMemoryMb: 512,
    },
  });
});

Deno.test("a limit that is named replaces its default and no other; null lifts it", () => {
  const { risk } = valid({
    risk: {
      global: { maxDailyLossUsd: 5, maxLeverage: null },
      accounts: { okx: { maxOpenOrders: 1 } },
      market: { maxQuoteAgeMs: 9 },
    },
  });
  assertEquals(risk.global, { ...defaultRiskSettings.global, maxDailyLossUsd: 5, maxLeverage: null });
  assertEquals(risk.account, defaultRiskSettings.account);
  assertEquals(risk.accounts, { okx: { maxOpenOrders: 1 } });
  assertEquals(risk.market, { ...defaultRiskSettings.market, maxQuoteAgeMs: 9 });
});

Deno.test("absolute paths stay, relative ones start at the file's folder", () => {
  const config = valid({ dataDir: "/data", pluginFolders: ["../mine", "/theirs"] });
  assertEquals(config.dataDir, "/data");
  assertEquals(config.pluginFolders, ["/work/mine", "/theirs"]);
});

const cases: readonly {
  readonly name: string;
  readonly found: unknown;
  readonly expected: readonly Fault[];
}[] = [
  {
    name: "a list instead of settings",
    found: [],
    expected: [{ field: "the file", found: "a list", expected: "a record of settings" }],
  },
  {
    name: "an unknown field",
    found: { enviroment: "sim" },
    expected: [{ field: "enviroment", found: "an unknown field", expected: "no field of this name" }],
  },
  {
    name: "an unknown environment",
    found: { environment: "prod" },
    expected: [{
      field: "environment",
      found: '"prod"',
      expected: 'one of "sim", "paper", "testnet", "live"',
    }],
  },
  {
    name: "a negative limit",
    found: { risk: { plugin: { maxDailyLossUsd: -1 } } },
    expected: [{
      field: "risk.plugin.maxDailyLossUsd",
      found: "-1",
      expected: "USD, 0 or more, or null for no limit",
    }],
  },
  {
    name: "a seed with a fraction",
    found: { seed: 1.5 },
    expected: [{ field: "seed", found: "1.5", expected: "a whole number from 0 to 4294967295" }],
  },
  {
    name: "a venue that can't be one",
    found: { venues: { enabled: ["OKX!"] } },
    expected: [{ field: "venues.enabled.0", found: '"OKX!"', expected: "a venue id such as paradex" }],
  },
  {
    name: "one name for two instruments of a venue",
    found: { venues: { instruments: { okx: { "A-SWAP": "A-PERP", "B-SWAP": "A-PERP" } } } },
    expected: [{
      field: "venues.instruments.okx",
      found: '{"A-SWAP":"A-PERP","B-SWAP":"A-PERP"}',
      expected: "each name once",
    }],
  },
  {
    name: "a name that is no symbol",
    found: { venues: { instruments: { okx: { "A-SWAP": "a perp" } } } },
    expected: [{
      field: "venues.instruments.okx.A-SWAP",
      found: '"a perp"',
      expected: "a symbol such as BTC-PERP",
    }],
  },
  {
    name: "a share above 1",
    found: { simulation: { faults: { loseAnswer: 1.01 } } },
    expected: [{ field: "simulation.faults.loseAnswer", found: "1.01", expected: "a share from 0 to 1" }],
  },
  {
    name: "a plugin's setting of the wrong shape",
    found: { plugins: { scalper: { limits: { heartbeatMs: "fast" } } } },
    expected: [{
      field: "plugins.scalper.limits.heartbeatMs",
      found: '"fast"',
      expected: "a number from 50 to 60000",
    }],
  },
];
for (const { name, found, expected } of cases) {
  Deno.test(`checkConfig() says what is wrong with ${name}`, () => assertEquals(faults(found), expected));
}

Deno.test("all faults are reported at once", () => {
  const found = {
    seed: "x",
    log: { level: "loud" },
    risk: { global: { maxLeverage: true } },
    console: { port: 70000 },
  };
  assertEquals(faults(found).map((fault) => fault.field).sort(), [
    "console.port",
    "log.level",
    "risk.global.maxLeverage",
    "seed",
  ]);
});

Deno.test("JSON can't smuggle NaN, and a parsed NaN is refused", () => {
  assertEquals(faults({ risk: { global: { maxLeverage: NaN } } }).length, 1);
  assertEquals(faults({ simulation: { depositUsd: NaN } }).length, 1);
  assertEquals(faults({ display: { intervalMs: Infinity } }).length, 1);
});

Deno.test("readConfig() finds the file, or its absence, or says what is the matter", async (t) => {
  const folder = await Deno.makeTempDir();
  await t.step("no file: the defaults", async () => {
    const { file, checked } = await readConfig(undefined, folder);
    assertEquals([file, checked.kind], [undefined, "valid"]);
  });
  await t.step("a named file that is missing", async () => {
    const error = await assertRejects(() => readConfig("mine.json", folder), BerthError, "does not exist");
    assertEquals(error.code, "CONFIG_UNREADABLE");
  });
  await t.step("the file of the folder", async () => {
    await Deno.writeTextFile(`${folder}/berth.json`, '{ "seed": 7 }');
    const { file, checked } = await readConfig(undefined, folder);
    assertEquals(file, `${folder}/berth.json`);
    assertEquals(checked.kind === "valid" && checked.value.seed, 7);
  });
  await t.step("a file that is no JSON", async () => {
    await Deno.writeTextFile(`${folder}/berth.json`, '{ "seed": 7,, }');
    const error = await assertRejects(() => readConfig(undefined, folder), BerthError, "no JSON");
    assertEquals(error.code, "CONFIG_UNREADABLE");
  });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("docs/berth.schema.json is what the schema says (write it by: berth config schema)", async () => {
  const file = new URL("../../../../docs/berth.schema.json", import.meta.url);
  assertEquals(await Deno.readTextFile(file), configJsonSchemaText());
});

interface Entry {
  readonly description?: string;
  readonly wrapped?: Entry;
  readonly entries?: Readonly<Record<string, Entry>>;
  readonly pipe?: readonly { readonly type: string }[];
}

/** Dotted names of entries that carry no description. */
function undescribed(entries: Readonly<Record<string, Entry>>, prefix: string): readonly string[] {
  return Object.entries(entries).flatMap(([name, entry]) => {
    const inner = entry.wrapped ?? entry;
    const isDescribed = (inner.pipe ?? []).some((action) => action.type === "description");
    const below = inner.entries === undefined ? [] : undescribed(inner.entries, `${prefix}${name}.`);
    return isDescribed ? below : [`${prefix}${name}`, ...below];
  });
}

Deno.test("every setting is described", () => {
  const entries: Readonly<Record<string, Entry>> = configFileSchema.entries;
  assertEquals(undescribed(entries, ""), []);
});
