/** Which version of a plugin should run, by what lies in the folder, what runs, and what the operator said. */
import { assertEquals, assertMatch } from "@std/assert";
import { defaultPluginConfig } from "../../../../core/host/config/config.ts";
import {
  approve,
  emptyGrantBook,
  type GrantBook,
  setDisabled,
} from "../../../../core/host/plugins/grants.ts";
import type { AdmissionRules } from "../../../../core/host/plugins/plugin_admission.ts";
import { newSlot, type Slot, targetOf } from "../../../../core/host/plugins/plugin_slot.ts";
import type { BrokenVersion, SoundVersion } from "../../../../core/host/plugins/plugin_version.ts";
import type { SandboxProcess } from "../../../../core/sandbox/sandbox.ts";
import type { StrategyManifest, SystemPermissions } from "../../../../core/sdk/manifest.ts";

interface Parts {
  readonly id?: string;
  readonly permissions?: SystemPermissions;
  readonly maxOrderUsd?: number;
}

const manifestOf = ({ id = "mine", permissions = {}, maxOrderUsd = 100 }: Parts): StrategyManifest => ({
  kind: "strategy",
  id,
  version: "1.0.0",
  sdkVersion: 1,
  author: "tests",
  description: "Is judged.",
  permissions,
  trading: { venues: ["*"], instruments: ["*"], data: ["quotes"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: maxOrderUsd,
    maxPositionNotionalUsd: 100,
    maxOrdersPerSecond: 1,
    maxDailyLossUsd: 10,
  },
  onStop: "keep_positions",
  settings: {},
});
const source = (name: string) => ({ name, rootPath: `/p/${name}.ts`, entryPath: `/p/${name}.ts` });
const sound = (fingerprint: string, parts: Parts = {}): SoundVersion => ({
  kind: "sound",
  files: source("mine"),
  filesHash: fingerprint,
  manifest: manifestOf(parts),
  fingerprint,
});
const broken: BrokenVersion = { kind: "broken", filesHash: "b", why: "half a file", mayHeal: false };

/** A process that is only there. */
const gone = { code: 0, signal: undefined, reason: undefined };
const running: SandboxProcess = {
  pid: 1,
  send: () => undefined,
  push: () => undefined,
  pushBook: () => undefined,
  sendRecords: () => undefined,
  usage: () => ({
    cpuShare: 0,
    rssBytes: 0,
    heapUsedBytes: 0,
    loopDelayMs: 0,
    heartbeatAgeMs: 0,
    conflatedRecords: 0,
    droppedTrades: 0,
  }),
  stop: () => Promise.resolve(gone),
  kill: () => Promise.resolve(gone),
  exited: Promise.resolve(gone),
};

const grantOf = (version: SoundVersion, live = false) => ({
  pluginId: version.manifest.id,
  fingerprint: version.fingerprint,
  manifest: version.manifest,
  live,
  tsApprovedMs: 0,
});
const quiet = sound("quiet");
const online = sound("online", { permissions: { net: ["news.test"] } });
const onlineLess = sound("less", { permissions: { net: ["news.test"] }, maxOrderUsd: 50 });
const onlineMore = sound("more", { permissions: { net: ["news.test", "more.test"] } });
const approvedOnline = approve(emptyGrantBook, grantOf(online));
const approvedLive = approve(emptyGrantBook, grantOf(quiet, true));

const cases: readonly {
  readonly name: string;
  readonly slot: Partial<Slot>;
  readonly grants?: GrantBook;
  readonly environment?: AdmissionRules["environment"];
  /** Fingerprint of what should run; undefined: nothing. */
  readonly runs: string | undefined;
  readonly rests?: string;
  readonly update?: string;
}[] = [
  { name: "what asks for nothing runs at once", slot: { newest: quiet }, runs: "quiet" },
  {
    name: "what asks for the network waits",
    slot: { newest: online },
    runs: undefined,
    rests: "awaiting_approval",
  },
  { name: "what was approved runs", slot: { newest: online }, grants: approvedOnline, runs: "online" },
  {
    name: "an update with less power goes through",
    slot: { newest: onlineLess, current: online, process: running },
    grants: approvedOnline,
    runs: "less",
  },
  {
    name: "an update with more power waits, the approved version runs on",
    slot: { newest: onlineMore, current: online, process: running },
    grants: approvedOnline,
    runs: "online",
    update: "awaiting_approval",
  },
  {
    name: "a broken file changes nothing about what runs",
    slot: { newest: broken, current: quiet, process: running },
    runs: "quiet",
    update: "broken",
  },
  {
    name: "nor about what starts again after a crash",
    slot: { newest: broken, current: quiet, state: { kind: "backing_off", why: "", untilMs: 0 } },
    runs: "quiet",
    update: "broken",
  },
  { name: "a broken file alone is broken", slot: { newest: broken }, runs: undefined, rests: "broken" },
  {
    name: "a version that failed to take over is not tried again",
    slot: {
      newest: onlineLess,
      current: online,
      process: running,
      failed: { fingerprint: "less", why: "it threw" },
    },
    grants: approvedOnline,
    runs: "online",
    update: "failed",
  },
  {
    name: "a revoked approval ends what runs",
    slot: { newest: online, current: online, process: running },
    runs: undefined,
    rests: "awaiting_approval",
  },
  {
    name: "and a revoked approval ends the older version beside its waiting update",
    slot: { newest: onlineMore, current: online, process: running },
    runs: undefined,
    rests: "awaiting_approval",
  },
  {
    name: "disabled is disabled, whatever was approved",
    slot: { newest: online, current: online, process: running },
    grants: setDisabled(approvedOnline, "mine", true),
    runs: undefined,
    rests: "disabled",
  },
  {
    name: "what is gone stops",
    slot: { newest: quiet, current: quiet, process: running, isGone: true },
    runs: undefined,
    rests: "stopped",
  },
  {
    name: "real money waits for approval, even of what asks for nothing",
    slot: { newest: quiet },
    environment: "live",
    runs: undefined,
    rests: "awaiting_approval",
  },
  {
    name: "an approval without live is none for real money",
    slot: { newest: online },
    grants: approvedOnline,
    environment: "live",
    runs: undefined,
    rests: "awaiting_approval",
  },
  {
    name: "real money runs exactly what was approved for it",
    slot: { newest: quiet },
    grants: approvedLive,
    environment: "live",
    runs: "quiet",
  },
  {
    name: "with real money even less power waits, and the approved bytes run on",
    slot: { newest: sound("smaller", { maxOrderUsd: 1 }), current: quiet, process: running },
    grants: approvedLive,
    environment: "live",
    runs: "quiet",
    update: "awaiting_approval",
  },
  {
    name: "the key of a venue is for no strategy",
    slot: { newest: sound("thief", { permissions: { secrets: ["VENUE_KEY"] } }) },
    runs: undefined,
    rests: "broken",
  },
  {
    name: "nor is berth's own folder",
    slot: { newest: sound("reader", { permissions: { read: ["/var/berth"] } }) },
    runs: undefined,
    rests: "broken",
  },
];

const rulesWith = (
  grants: GrantBook = emptyGrantBook,
  environment: AdmissionRules["environment"] = "sim",
): AdmissionRules => ({
  environment,
  grants,
  bundledFolders: [],
  trustedFolders: [],
  configOf: () => defaultPluginConfig,
  venueSecrets: new Set(["VENUE_KEY"]),
  guardedPaths: { secret: ["/var/berth"], code: [] },
});

for (const { name, slot, grants, environment, runs, rests, update } of cases) {
  Deno.test(`targetOf(): ${name}`, () => {
    const one: Slot = { ...newSlot(source("mine")), ...slot };
    const target = targetOf(one, [one], rulesWith(grants, environment));
    assertEquals([target.version?.fingerprint, target.update?.kind], [runs, update]);
    if (rests !== undefined) assertEquals(target.state.kind, rests);
  });
}

Deno.test("targetOf(): of an update that waits only what is new is told", () => {
  const one: Slot = { ...newSlot(source("mine")), newest: online, current: quiet, process: running };
  assertEquals(targetOf(one, [one], rulesWith()).update?.why, "it asks for more: connects to news.test");
});

Deno.test("targetOf(): of two with one id the running one stays, else the first; the other is broken and says why", () => {
  const first: Slot = { ...newSlot(source("first")), newest: quiet };
  const second: Slot = { ...newSlot(source("second")), newest: sound("copy") };
  const rules = rulesWith();
  const both = [first, second];
  assertEquals(both.map((slot) => targetOf(slot, both, rules).version?.fingerprint), ["quiet", undefined]);
  const started = [first, { ...second, current: sound("copy"), process: running }];
  assertEquals(started.map((slot) => targetOf(slot, started, rules).version?.fingerprint), [
    undefined,
    "copy",
  ]);
  const { state } = targetOf(first, started, rules);
  assertMatch("why" in state ? state.why : "", /its id is that of \/p\/second\.ts/);
  const alone = [first, { ...second, isGone: true }];
  assertEquals(targetOf(first, alone, rules).version?.fingerprint, "quiet");
});
