/**
 * The configuration file `berth.json`: optional, and every field of it too. Each field's description states its
 * default; `docs/berth.schema.json` is made from this schema, so that an editor completes and checks the file.
 *
 * All faults of a file are reported at once, each with its field, what was found and what was expected.
 */
import * as v from "valibot";
import { dirname, join, resolve } from "node:path";
import { BerthError } from "../errors.ts";
import type { LegGroupLimits } from "../model/leg_group.ts";
import type { MarketLimits, RiskSettings, ScopeLimits } from "../model/risk_limits.ts";
import { defaultRiskSettings } from "../risk/settings.ts";
import { sandboxChoices } from "../sandbox/kind_names.ts";
import { type Environment, environments } from "../sdk/manifest.ts";
import { logLevels } from "../terminal/log_lines.ts";
import { type Checked, type Fault, faultsOf } from "./manifest_schema.ts";

/** `auto`: pretty on a terminal, JSON lines otherwise. */
export const logFormats = ["auto", "json", "pretty"] as const;
export type LogFormat = (typeof logFormats)[number];

const describe = v.description;

const numberBetween = (min: number, max: number, what = "a number") =>
  v.pipe(
    v.number(`${what} from ${min} to ${max}`),
    v.minValue(min, `${what} from ${min} to ${max}`),
    v.maxValue(max, `${what} from ${min} to ${max}`),
  );
const wholeBetween = (min: number, max: number, what = "a whole number") =>
  v.pipe(numberBetween(min, max, what), v.integer(`${what} from ${min} to ${max}`));
const text = (expected: string) =>
  v.pipe(v.string(expected), v.nonEmpty(expected), v.maxLength(400, expected));
const matching = (pattern: RegExp, expected: string) =>
  v.pipe(v.string(expected), v.regex(pattern, expected));
const choice = <const T extends readonly string[]>(values: T) =>
  v.picklist(values, `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`);
const truth = () => v.boolean("true or false");
const record = (expected: string) => `a record of ${expected}`;

const venueName = matching(/^[a-z][a-z0-9_]{1,23}$/, "a venue id such as paradex");
const pluginName = matching(/^[a-z][a-z0-9_]{1,47}$/, "a plugin id such as paradex_scalper");
const symbolName = matching(/^[A-Za-z0-9]{1,20}(-[A-Z0-9]{1,12}){1,4}$/, "a symbol such as BTC-PERP");

const limit = (unit: string, words: string) =>
  v.exactOptional(v.pipe(
    v.nullable(v.pipe(
      v.number(`${unit}, 0 or more, or null for no limit`),
      v.minValue(0, `${unit}, 0 or more, or null for no limit`),
      v.maxValue(1e9, `${unit} of at most 1000000000`),
    )),
    describe(words),
  ));

const scopeLimitsSchema = v.strictObject({
  maxOrderNotionalUsd: limit("USD", "Value of one order at the worst price it can fill at."),
  maxPositionNotionalUsd: limit(
    "USD",
    "Value of one instrument's position once all open orders of a side fill.",
  ),
  maxNetExposureUsd: limit("USD", "Sum over symbols of |long − short over all venues|, worst case."),
  maxGrossExposureUsd: limit("USD", "Sum over instruments of |position|, worst case."),
  maxLeverage: limit("a number", "Gross exposure over equity."),
  maxOpenPositions: limit("a number", "Instruments held at the same time, open orders counted as filled."),
  maxOpenOrders: limit("a number", "Orders working at the same time."),
  maxOrdersPerSecond: limit("a number", "New orders within any one second."),
  maxCancelToFillRatio: limit("a number", "Cancelled orders per filled order over the day."),
  maxDailyLossUsd: limit(
    "USD",
    "Realized and unrealized loss since midnight UTC, fees and funding included.",
  ),
  maxDrawdownUsd: limit("USD", "Fall of the profit and loss from its highest."),
  maxConsecutiveLosses: limit("a number", "Round trips that lost, in a row."),
}, record("limits"));

const market = (min: number, max: number, words: string, name: keyof MarketLimits) =>
  v.exactOptional(
    v.pipe(numberBetween(min, max), describe(`${words} Default ${defaultRiskSettings.market[name]}.`)),
  );

const marketLimitsSchema = v.strictObject({
  collarMarkBps: market(0, 10_000, "How far a price may cross beyond the mark price, bps.", "collarMarkBps"),
  collarQuoteBps: market(0, 10_000, "The same beyond the opposite best price, bps.", "collarQuoteBps"),
  reduceOnlyCollarBps: market(
    0,
    10_000,
    "The same for reduce-only orders, which are moved to the bound.",
    "reduceOnlyCollarBps",
  ),
  reduceOnlyFallbackBps: market(
    0,
    10_000,
    "Bound of a reduce-only order that has only an old price to go by.",
    "reduceOnlyFallbackBps",
  ),
  maxQuoteAgeMs: market(1, 600_000, "No new risk on an older quote, ms.", "maxQuoteAgeMs"),
  maxMarkAgeMs: market(1, 600_000, "No new risk on an older mark price, ms.", "maxMarkAgeMs"),
  maxValuationAgeMs: market(
    1,
    3_600_000,
    "A position is valued at a price at most this old, ms.",
    "maxValuationAgeMs",
  ),
  maxClockSkewMs: market(
    1,
    60_000,
    "Smallest receive time − venue time that is let pass, ms.",
    "maxClockSkewMs",
  ),
  minMarginBuffer: market(0, 1, "Free margin that must remain, share of the account.", "minMarginBuffer"),
  marginLeverage: market(
    1,
    100,
    "Leverage at which an order's initial margin is reckoned.",
    "marginLeverage",
  ),
  minCancelsForRatio: market(
    0,
    1_000_000,
    "Below this many cancels a day the cancel-to-fill ratio is not looked at.",
    "minCancelsForRatio",
  ),
}, record("market limits"));

const legGroup = (min: number, max: number, words: string, name: keyof LegGroupLimits) =>
  v.exactOptional(
    v.pipe(numberBetween(min, max), describe(`${words} Default ${defaultRiskSettings.legGroups[name]}.`)),
  );

const legGroupsSchema = v.strictObject({
  maxNakedNotionalUsd: legGroup(0, 1e9, "Value that one leg alone may have, USD.", "maxNakedNotionalUsd"),
  maxNakedMs: legGroup(100, 600_000, "After this long alone a leg is only taken back, ms.", "maxNakedMs"),
  maxAttempts: legGroup(1, 100, "Attempts without effect before the plugin is halted.", "maxAttempts"),
  maxTotalAttempts: legGroup(1, 1_000, "Attempts in all before the plugin is halted.", "maxTotalAttempts"),
  retryMs: legGroup(10, 60_000, "Pause after an attempt, doubled with each without effect, ms.", "retryMs"),
  maxGroups: legGroup(1, 1_000, "Groups of one plugin at a time.", "maxGroups"),
  maxSweepAgeMs: legGroup(
    100,
    3_600_000,
    "Before a group open orders must have been listed within this time, ms.",
    "maxSweepAgeMs",
  ),
  verifyWithinMs: legGroup(
    1_000,
    3_600_000,
    "After a group positions must have been read back within this time, ms.",
    "verifyWithinMs",
  ),
}, record("bounds"));

const riskSchema = v.strictObject({
  global: v.optional(
    v.pipe(scopeLimitsSchema, describe("Over everything. Unnamed limits keep their defaults.")),
    {},
  ),
  account: v.optional(v.pipe(scopeLimitsSchema, describe("For each venue account.")), {}),
  accounts: v.optional(
    v.pipe(
      v.record(venueName, scopeLimitsSchema, record("limits by venue")),
      describe("Differences for single venues."),
    ),
    {},
  ),
  plugin: v.optional(
    v.pipe(scopeLimitsSchema, describe("Ceiling for each plugin; its granted budget can only be lower.")),
    {},
  ),
  market: v.optional(
    v.pipe(marketLimitsSchema, describe("Prices, data and margin; the same for everybody.")),
    {},
  ),
  maxOrderSizeBase: v.optional(
    v.pipe(
      v.record(symbolName, numberBetween(0, 1e12, "a size in base units"), record("sizes by symbol")),
      describe('Largest order by symbol, in base units, such as { "BTC-PERP": 0.5 }.'),
    ),
    {},
  ),
  legGroups: v.optional(
    v.pipe(legGroupsSchema, describe("The host's own bounds on trades of two legs (leg groups).")),
    {},
  ),
  usdAssets: v.optional(
    v.pipe(
      v.array(text("an asset such as USDC"), "a list of assets"),
      describe('Settlement assets that count as one USD. Default ["USD", "USDC", "USDT"].'),
    ),
    [...defaultRiskSettings.usdAssets],
  ),
  breachState: v.optional(
    v.pipe(choice(["reducing", "halted"]), describe("State that a breached loss limit moves its scope to.")),
    defaultRiskSettings.breachState,
  ),
}, record("risk limits"));

const budgetField = (words: string) =>
  v.exactOptional(v.pipe(numberBetween(0, 1e9, "a number of USD"), describe(words)));

const pluginSchema = v.strictObject({
  enabled: v.optional(v.pipe(truth(), describe("false: it is not started. Default true.")), true),
  settings: v.optional(
    v.pipe(
      v.record(v.string(), v.unknown(), record("settings")),
      describe("Values of the plugin's own settings, over the defaults of its manifest."),
    ),
    {},
  ),
  budget: v.optional(
    v.pipe(
      v.strictObject({
        maxOrderNotionalUsd: budgetField("Value of one order."),
        maxPositionNotionalUsd: budgetField("Value of one position."),
        maxOrdersPerSecond: v.exactOptional(
          v.pipe(numberBetween(0, 10_000), describe("New orders within any one second.")),
        ),
        maxDailyLossUsd: budgetField("Loss since midnight UTC."),
      }, record("a risk budget")),
      describe("Less than what the plugin's manifest asks for; more is not given."),
    ),
    {},
  ),
  limits: v.optional(
    v.pipe(
      v.strictObject({
        heartbeatMs: v.optional(
          v.pipe(
            numberBetween(50, 60_000),
            describe("A heartbeat later than this means that it spins: it is stopped. Default 250."),
          ),
          250,
        ),
        startMs: v.optional(
          v.pipe(numberBetween(100, 120_000), describe("Time to load and answer. Default 10000.")),
          10_000,
        ),
        maxHeapMb: v.optional(
          v.pipe(wholeBetween(16, 65_536), describe("JavaScript heap of its process. Default 128.")),
          128,
        ),
        maxCpuShare: v.optional(
          v.pipe(
            numberBetween(0.01, 64),
            describe("Share of one core over cpuWindowMs: 0.5 for half of it. Default 0.95."),
          ),
          0.95,
        ),
        cpuWindowMs: v.optional(
          v.pipe(wholeBetween(1_000, 600_000), describe("Over which the share counts. Default 30000.")),
          30_000,
        ),
        maxMemoryMb: v.optional(
          v.pipe(wholeBetween(64, 262_144), describe("Resident memory of its process. Default 512.")),
          512,
        ),
      }, record("process limits")),
      describe("What its process may use."),
    ),
    {},
  ),
}, record("a plugin's configuration"));

const probability = (words: string) =>
  v.exactOptional(v.pipe(numberBetween(0, 1, "a share"), describe(words)));
const milliseconds = (words: string) => v.exactOptional(v.pipe(numberBetween(0, 3_600_000), describe(words)));

const faultsSchema = v.strictObject({
  latencyMs: milliseconds("One-way delay of each message. Default 1."),
  latencyJitterMs: milliseconds("Uniform addition to it, at most this. Default 1."),
  dropPrivatePush: probability("Private messages that never come. Default 0."),
  duplicatePrivatePush: probability("Private messages that come twice. Default 0."),
  gapPublic: probability("Public updates that are left out. Default 0."),
  loseAnswer: probability("Requests that take effect and are never answered. Default 0."),
  loseRequest: probability("Requests that never take effect nor are answered. Default 0."),
  rateLimit: probability("Requests refused for their rate. Default 0."),
  reject: probability("Requests refused without a reason of ours. Default 0."),
  disconnectEveryMs: milliseconds("Mean time between cut connections; 0 for never. Default 0."),
}, record("faults"));

const fileSchema = v.strictObject({
  $schema: v.exactOptional(v.pipe(v.string("a text"), describe("Path of berth.schema.json, for editors."))),
  environment: v.optional(
    v.pipe(
      choice(environments),
      describe(
        'sim: simulated venues, no keys, no network. paper: real market data, simulated fills. testnet. live: real money; needs --i-understand-live-trading. Default "sim".',
      ),
    ),
    "sim",
  ),
  seed: v.exactOptional(
    v.pipe(
      wholeBetween(0, 4_294_967_295),
      describe("Of the simulated markets; equal seeds give equal markets. Without it each start draws one."),
    ),
  ),
  dataDir: v.optional(
    v.pipe(
      text("a path"),
      describe('Folder of journal, grants and lock, relative to this file. Default "var".'),
    ),
    "var",
  ),
  pluginFolders: v.optional(
    v.pipe(
      v.array(text("a path"), "a list of paths"),
      describe('Folders watched for strategies and adapters, relative to this file. Default ["plugins"].'),
    ),
    ["plugins"],
  ),
  sandbox: v.optional(
    v.pipe(
      choice(sandboxChoices),
      describe(
        'What holds a plugin. process: a process with its own permissions. worker-in-process: a thread with its own permissions in a process, as a compiled berth has it. auto: the first, where it can be had. Default "auto".',
      ),
    ),
    "auto",
  ),
  venues: v.optional(
    v.pipe(
      v.strictObject({
        enabled: v.exactOptional(
          v.pipe(
            v.array(venueName, "a list of venue ids"),
            v.nonEmpty("at least one venue"),
            describe("Venues to connect: okx, paradex, hyperliquid. Without it okx and paradex."),
          ),
        ),
        symbols: v.exactOptional(
          v.pipe(
            v.array(symbolName, "a list of symbols"),
            v.nonEmpty("at least one symbol"),
            describe("Instruments to subscribe. Without it those that the plugins ask for."),
          ),
        ),
        endpoints: v.optional(
          v.pipe(
            v.record(
              venueName,
              v.record(
                matching(/^[A-Za-z][A-Za-z0-9]{0,39}$/, "a name such as restUrl"),
                v.pipe(text("an address"), v.url("an address such as https://eea.okx.com")),
                record("addresses by name"),
              ),
              record("addresses by venue"),
            ),
            describe(
              "Addresses in place of an adapter's own, such as a region's: by venue, then by the adapter's name for it. Not used in sim.",
            ),
          ),
          {},
        ),
      }, record("venue settings")),
      describe("Which venues and instruments."),
    ),
    { endpoints: {} },
  ),
  plugins: v.optional(
    v.pipe(v.record(pluginName, pluginSchema, record("plugins by id")), describe("By plugin id.")),
    {},
  ),
  risk: v.optional(v.pipe(riskSchema, describe("Limits of the risk gate.")), {}),
  display: v.optional(
    v.pipe(
      v.strictObject({
        intervalMs: v.optional(
          v.pipe(numberBetween(50, 60_000), describe("Time between two pictures. Default 250.")),
          250,
        ),
        clear: v.optional(
          v.pipe(truth(), describe("Use the whole screen and give it back at the end. Default true.")),
          true,
        ),
      }, record("display settings")),
      describe("The live display; used when the output is a terminal."),
    ),
    {},
  ),
  log: v.optional(
    v.pipe(
      v.strictObject({
        level: v.optional(
          v.pipe(choice(logLevels), describe('Least level that is written. Default "info".')),
          "info",
        ),
        format: v.optional(
          v.pipe(
            choice(logFormats),
            describe('auto: pretty on a terminal, else JSON lines. Default "auto".'),
          ),
          "auto",
        ),
      }, record("log settings")),
      describe("Log lines."),
    ),
    {},
  ),
  simulation: v.optional(
    v.pipe(
      v.strictObject({
        depositUsd: v.optional(
          v.pipe(
            numberBetween(1, 1e9, "a number of USD"),
            describe("What each simulated account begins with. Default 100000."),
          ),
          100_000,
        ),
        faults: v.optional(v.pipe(faultsSchema, describe("What goes wrong at the simulated venues.")), {}),
        attach: v.exactOptional(
          v.pipe(
            text("a path"),
            describe(
              "File of simulated venues that run by themselves (exchanges/simulation/standalone.ts), relative to this file: they are used instead of new ones, and what the journal knows of them is restored.",
            ),
          ),
        ),
      }, record("simulation settings")),
      describe("Used in the environment sim."),
    ),
    {},
  ),
  claims: v.optional(
    v.pipe(
      v.strictObject({
        hostTags: v.optional(
          v.pipe(
            v.array(matching(/^[a-z0-9]{2,4}$/, "a host's tag such as k3f9"), "a list of tags"),
            describe(
              "Tags of berths that are gone: their open orders are taken on and cancelled. Default none.",
            ),
          ),
          [],
        ),
        positions: v.optional(
          v.pipe(
            v.record(v.string(), pluginName, record("plugins by instrument")),
            describe(
              'Plugin that a position found on an instrument is given to, as {"paradex:BTC-PERP": "my_plugin"}. Unnamed ones are shown and left alone. Default none.',
            ),
          ),
          {},
        ),
      }, record("claims")),
      describe("What stands on the accounts, is not known to the journal, and is yours."),
    ),
    {},
  ),
  journal: v.optional(
    v.pipe(
      v.strictObject({
        durability: v.exactOptional(
          v.pipe(
            choice(["process_crash", "power_loss"]),
            describe(
              "What a record must survive before an order leaves; power_loss waits for the disk. Default power_loss for live, else process_crash.",
            ),
          ),
        ),
      }, record("journal settings")),
      describe("The journal."),
    ),
    {},
  ),
  console: v.optional(
    v.pipe(
      v.strictObject({
        enabled: v.optional(
          v.pipe(truth(), describe("Serve dashboard and HTTP interface. Default true.")),
          true,
        ),
        port: v.optional(
          v.pipe(wholeBetween(0, 65_535), describe("On 127.0.0.1; 0 takes any free one. Default 8117.")),
          8117,
        ),
        address: v.optional(
          v.pipe(
            matching(/^[0-9a-fA-F.:]{2,45}$/, "an address such as 127.0.0.1"),
            describe(
              "Address it listens on; on any but this machine's own, reading needs the token too. Default 127.0.0.1.",
            ),
          ),
          "127.0.0.1",
        ),
        allowedHosts: v.optional(
          v.pipe(
            v.array(matching(/^[a-z0-9.-]{1,100}$/, "a host name"), "a list of host names"),
            describe("Names besides the address by which it may be called."),
          ),
          [],
        ),
      }, record("console settings")),
      describe("Dashboard, HTTP interface and metrics, on this machine only."),
    ),
    {},
  ),
}, record("settings"));

type ConfigFile = v.InferOutput<typeof fileSchema>;

export type PluginConfig = ConfigFile["plugins"][string];
export type SimulatedFaults = ConfigFile["simulation"]["faults"];

/** The configuration with every default filled in and paths made absolute. */
export interface HostConfig extends Omit<ConfigFile, "$schema" | "risk"> {
  readonly risk: RiskSettings;
}

/** Venues of a run whose configuration names none; each one costs a process. */
export const defaultVenues: readonly string[] = ["okx", "paradex"];

/** Whether the adapter in this folder of `exchanges/` is to run. */
export const isVenueEnabled = ({ venues }: Pick<HostConfig, "venues">, name: string): boolean =>
  (venues.enabled ?? defaultVenues).includes(name);

/** What {@link HostConfig.plugins} has for a plugin that it does not name. */
export const defaultPluginConfig: PluginConfig = v.parse(pluginSchema, {});

/** The schema itself, for the JSON schema of the file. */
export const configFileSchema = fileSchema;

const overlay = (base: ScopeLimits, changes: Partial<ScopeLimits>): ScopeLimits => ({ ...base, ...changes });

function riskSettings(given: ConfigFile["risk"]): RiskSettings {
  return {
    global: overlay(defaultRiskSettings.global, given.global),
    account: overlay(defaultRiskSettings.account, given.account),
    accounts: given.accounts,
    plugin: overlay(defaultRiskSettings.plugin, given.plugin),
    market: { ...defaultRiskSettings.market, ...given.market },
    maxOrderSizeBase: given.maxOrderSizeBase,
    usdAssets: given.usdAssets,
    legGroups: { ...defaultRiskSettings.legGroups, ...given.legGroups },
    breachState: given.breachState,
  };
}

/**
 * Checks a configuration that was read from JSON.
 *
 * @param folder absolute; relative paths in it start here
 */
export function checkConfig(found: unknown, folder: string): Checked<HostConfig> {
  if (Array.isArray(found)) { // valibot takes a list for a record
    return {
      kind: "invalid",
      faults: [{ field: "the file", found: "a list", expected: "a record of settings" }],
    };
  }
  const parsed = v.safeParse(fileSchema, found);
  if (!parsed.success) return { kind: "invalid", faults: faultsOf(parsed.issues, "the file") };
  const { $schema: _, risk, ...file } = parsed.output;
  const value: HostConfig = {
    ...file,
    dataDir: resolve(folder, file.dataDir),
    pluginFolders: file.pluginFolders.map((path) => resolve(folder, path)),
    risk: riskSettings(risk),
    simulation: { ...file.simulation, ...attachedFrom(file.simulation.attach, folder) },
  };
  return { kind: "valid", value };
}

const attachedFrom = (path: string | undefined, folder: string): { readonly attach?: string } =>
  path === undefined ? {} : { attach: resolve(folder, path) };

/** Each environment has a folder of its own in the data folder: simulated and real orders never share a journal. */
export const environmentFolder = (dataDir: string, environment: Environment): string =>
  join(dataDir, environment);

/** Where the journal of an environment's folder lies. */
export const journalPath = (folder: string): string => join(folder, "journal.db");

/** Name of the file that is looked for in the working folder. */
export const configFileName = "berth.json";

export interface FoundConfig {
  /** Absolute; undefined when there is none and the defaults hold. */
  readonly file: string | undefined;
  readonly checked: Checked<HostConfig>;
}

/**
 * Reads the named file, or `berth.json` of the working folder if there is one.
 *
 * @throws {BerthError} CONFIG_UNREADABLE when a named file is missing, or one can't be read or is no JSON
 */
export async function readConfig(named: string | undefined, workingFolder: string): Promise<FoundConfig> {
  const path = resolve(workingFolder, named ?? configFileName);
  const content = await contentOf(path, named !== undefined);
  if (content === undefined) return { file: undefined, checked: checkConfig({}, workingFolder) };
  return { file: path, checked: checkConfig(parseJson(content, path), dirname(path)) };
}

async function contentOf(path: string, isRequired: boolean): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    const isMissing = cause instanceof Deno.errors.NotFound;
    if (isMissing && !isRequired) return undefined;
    const reason = isMissing ? "it does not exist" : "it can't be opened";
    throw new BerthError("CONFIG_UNREADABLE", { file: path, reason }, { cause });
  }
}

function parseJson(content: string, path: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new BerthError("CONFIG_UNREADABLE", { file: path, reason: `it is no JSON: ${words}` }, { cause });
  }
}

/** A fault as the typed error that a person reads. */
export const configError = (file: string, fault: Fault): BerthError<"CONFIG_INVALID"> =>
  new BerthError("CONFIG_INVALID", { file, ...fault });
