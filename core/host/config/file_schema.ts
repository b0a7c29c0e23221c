/** The schema of the configuration file; `docs/berth.schema.json` is made from it. */
import * as v from "valibot";
import { defaultResidentStops } from "../../execution/exit_plans/resident_stops.ts";
import { sandboxChoices } from "../../sandbox/kind_names.ts";
import { environments } from "../../sdk/manifest.ts";
import { logLevelPattern } from "../../terminal/log_levels.ts";
import { logFormats } from "../../terminal/log_lines.ts";
import { alertsSchema } from "./alerts_section.ts";
import {
  choice,
  describe,
  matching,
  numberBetween,
  pluginName,
  record,
  symbolName,
  text,
  truth,
  venueName,
  wholeBetween,
} from "./fields.ts";
import { pluginSchema } from "./plugin_section.ts";
import { riskSchema } from "./risk_section.ts";

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

const instrumentNames = v.pipe(
  v.record(
    matching(/^[\x21-\x7e]{1,60}$/, "the venue's symbol such as BTC-USDT-SWAP"),
    symbolName,
    record("symbols by the venue's symbol"),
  ),
  v.check((names) => new Set(Object.values(names)).size === Object.keys(names).length, "each name once"),
);

/** The whole file. Each field's description states its default. */
export const configFileSchema = v.strictObject({
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
  pluginFolders: v.exactOptional(
    v.pipe(
      v.array(text("a path"), "a list of paths"),
      describe(
        'Folders watched for strategies and adapters, relative to this file. Default ["plugins"]; a compiled berth has its own strategies besides, and looks into the plugins folder beside its file.',
      ),
    ),
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
            describe(
              "Venues to connect: okx, paradex, hyperliquid, aster, edgex. Without it okx and paradex.",
            ),
          ),
        ),
        symbols: v.exactOptional(
          v.pipe(
            v.array(symbolName, "a list of symbols"),
            v.nonEmpty("at least one symbol"),
            describe("Instruments to subscribe. Without it those that the plugins ask for."),
          ),
        ),
        instruments: v.optional(
          v.pipe(
            v.record(venueName, instrumentNames, record("names by venue")),
            describe(
              'Names of instruments in place of an adapter\'s own: by venue, then by the venue\'s symbol, as {"hyperliquid": {"kPEPE": "1000PEPE-PERP"}}. Prices and sizes stay the venue\'s.',
            ),
          ),
          {},
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
    { instruments: {}, endpoints: {} },
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
        view: v.optional(
          v.pipe(
            v.string(),
            v.maxLength(60),
            describe('Id of the strategy that is shown in full; "" for the whole host. Default "".'),
          ),
          "",
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
          v.pipe(
            matching(logLevelPattern, "a level such as debug, info, warn or error, or info,orders=debug"),
            describe(
              'Least level that is written, and others by module: "info,orders=debug,okx=warn". Default "info".',
            ),
          ),
          "info",
        ),
        format: v.optional(
          v.pipe(
            choice(logFormats),
            describe('auto: pretty on a terminal, else JSON lines. Default "auto".'),
          ),
          "auto",
        ),
        file: v.exactOptional(
          v.pipe(
            text("a path"),
            describe(
              "File that takes the lines as JSON besides, relative to this file. A new one is begun when it is moved away.",
            ),
          ),
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
  residentStops: v.optional(
    v.pipe(
      v.strictObject({
        enabled: v.optional(
          v.pipe(
            truth(),
            describe(`Whether they are kept where the venue can. Default ${defaultResidentStops.enabled}.`),
          ),
          defaultResidentStops.enabled,
        ),
        marginBps: v.optional(
          v.pipe(
            numberBetween(0, 2_000),
            describe(
              `How far behind the host's stop they stand, bps of its price. Default ${defaultResidentStops.marginBps}.`,
            ),
          ),
          defaultResidentStops.marginBps,
        ),
      }, record("settings of resident stops")),
      describe("Stops kept at the venue behind exit plans, for when this machine is down."),
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
  alerts: v.optional(
    v.pipe(alertsSchema, describe("What people are told of, and how. See docs/alerts.md.")),
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

export type ConfigFile = v.InferOutput<typeof configFileSchema>;
