/**
 * Runs cases of the corpus in the real sandbox, each batch in one host beside a healthy strategy that must lose nothing.
 * A case passes only if the attempt was made and ended as it must.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MiniHost, type SandboxKind } from "../support/mini_host.ts";
import { defaultPluginConfig } from "../../core/host/config/config.ts";
import type { PluginState } from "../../core/host/plugins/plugin_manager.ts";
import { mostWithinASecond } from "./order_rate.ts";
import { makeSurroundings } from "./surroundings.ts";
import { type Case, layOut } from "./corpus_cases.ts";

const healthy = fileURLToPath(new URL("../support/plugins/healthy/mod.ts", import.meta.url));

/** Several hoarders run side by side, perhaps on a small machine. */
const config = {
  ...defaultPluginConfig,
  limits: { ...defaultPluginConfig.limits, maxMemoryMb: 256 },
};

export interface CorpusRun {
  readonly kind: SandboxKind;
  readonly cases: readonly Case[];
  /** Cases of one host. */
  readonly batchSize: number;
}

export interface Surroundings extends AsyncDisposable {
  /** Texts in the cases that are replaced by values. */
  readonly filledIn: Readonly<Record<string, string>>;
  /** What must still be so when all attempts have ended. */
  check(): Promise<void>;
}

export function testCorpus(run: CorpusRun): void {
  const { kind, cases, batchSize } = run;
  for (let from = 0; from < cases.length; from += batchSize) {
    const batch = cases.slice(from, from + batchSize);
    Deno.test(`escapes in a ${kind}: ${batch[0]?.name} … ${batch.at(-1)?.name}`, (t) =>
      runBatch(t, run, batch));
  }
}

async function runBatch(t: Deno.TestContext, run: CorpusRun, batch: readonly Case[]): Promise<void> {
  const folder = await Deno.makeTempDir();
  const plugins = join(folder, "plugins");
  await Deno.mkdir(plugins);
  try {
    await using surroundings = await makeSurroundings(folder);
    await Deno.copyFile(healthy, join(plugins, "healthy.ts"));
    for (const one of batch) await layOut(plugins, one, surroundings.filledIn);
    await using host = new MiniHost({
      sandboxKind: run.kind,
      trustedFolders: [folder],
      hasAccounts: true,
      configOf: () => config,
    });
    await host.start(plugins);
    const [atStop, running] = partition(batch, (one) => one.expected.kind === "killed_at_stop");
    for (const one of [...running, ...atStop]) {
      await t.step(
        `${one.name} is attempted`,
        async () =>
          void await host.until(`the attempt of ${one.name}`, () => logged(host, one, "attempting")),
      );
    }
    for (const one of running) await t.step(one.name, () => checkEnding(host, one));
    await t.step("the healthy strategy beside them lost nothing", () => checkHealthy(host));
    await t.step("nothing around them was read or changed", () => surroundings.check());
    if (atStop.length > 0) await host.manager.stopStrategies("the test is over");
    for (const one of atStop) await t.step(one.name, () => checkEnding(host, one));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function partition<T>(
  all: readonly T[],
  isFirst: (one: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

async function checkHealthy(host: MiniHost): Promise<void> {
  const seen = host.lines.length;
  const line = await host.until(
    "the healthy strategy",
    () => host.lines.findLast((one, at) => at >= seen && one.source === "healthy" && one.message === "alive"),
  );
  assertEquals([line.fields["gaps"], host.view("healthy")?.restarts], [0, 0]);
  assert(Number(line.fields["quotes"]) > 0, "it got no quotes");
}

const logged = (host: MiniHost, one: Case, message: string) =>
  host.lines.find((line) => line.source === one.id && line.message === message);

async function checkEnding(host: MiniHost, one: Case): Promise<void> {
  const { expected } = one;
  switch (expected.kind) {
    case "refused":
    case "control": {
      const ended = await host.until(
        `the end of ${one.name}`,
        () => logged(host, one, "refused") ?? logged(host, one, "succeeded"),
      );
      const outcome = ended.message === "refused" ? ended.fields["code"] : "succeeded";
      const told = `${JSON.stringify(ended.fields)}`;
      assert(
        expected.kind === "control"
          ? outcome === "succeeded"
          : expected.codes.some((code) => code === outcome),
        `expected ${expected.kind} ${expected.codes.join("|")}, found ${outcome}: ${told}`,
      );
      break;
    }
    case "answered":
    case "answered_partly": {
      const record = await host.until(
        `the answer to ${one.name}`,
        () =>
          host.records.find((found) =>
            found.kind === "refusal" && found.plugin === one.id && expected.codes.includes(codeIn(found.body))
          ),
      );
      assertEquals(record.plugin, one.id);
      break;
    }
    case "killed":
    case "killed_at_stop":
      checkReason(one, await host.until(`the end of ${one.name}`, () => anyEnd(host, one)));
      break;
    case "harmless":
      // What it broke is its own: the host goes on, and no order of its own comes out of it.
      await host.until(`what ${one.name} did`, () => logged(host, one, "succeeded") ?? anyEnd(host, one));
      break;
    default:
      expected satisfies never;
  }
  const sent = host.records.filter((record) => record.plugin === one.id && record.kind === "intent");
  const granted = expected.kind === "answered_partly" ? 10 : 0;
  const most = mostWithinASecond(sent);
  assert(most <= granted, `${one.name} got ${most} orders through within a second`);
}

function codeIn(body: unknown): string {
  return typeof body === "object" && body !== null && "code" in body ? String(body.code) : "";
}

const anyEnd = (host: MiniHost, one: Case) =>
  host.states.find(({ id, state }) =>
    id === one.id && ["backing_off", "quarantined", "stopped"].includes(state.kind)
  );

function checkReason(one: Case, { state }: { readonly state: PluginState }): void {
  const why = "why" in state ? state.why : "";
  assert(
    one.expected.codes.some((code) => why.includes(`[${code}]`)),
    `expected ${one.expected.codes.join("|")}, found ${state.kind}: ${why}`,
  );
}
