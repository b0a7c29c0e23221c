/**
 * Attacks on the frame stream from a process that is no longer its host's, beside a healthy strategy and one that holds
 * an order. Both must lose nothing, and the attacker must get no order through that was not granted.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defaultPluginConfig } from "../../core/host/config/config.ts";
import { systemClock } from "../../core/host/system_clock.ts";
import { createChildProcessSandbox } from "../../core/sandbox/child_process.ts";
import type { Sandbox } from "../../core/sandbox/sandbox.ts";
import { MiniHost, projectDir } from "../support/mini_host.ts";
import { mostWithinASecond } from "./order_rate.ts";
import { type Attack, attacks } from "./compromised/attacks.ts";

const compromised = createChildProcessSandbox({
  clock: systemClock(),
  projectDir,
  bootstrapPath: fileURLToPath(new URL("./compromised/bootstrap.ts", import.meta.url)),
});

/** Attackers get the compromised process, all others the real sandbox. */
const wrapSandbox = (sandbox: Sandbox): Sandbox => ({
  start: (spec, handlers) =>
    (Deno.readTextFileSync(spec.entryPath).startsWith("// attack: ") ? compromised : sandbox).start(
      spec,
      handlers,
    ),
});

const support = (name: string): string =>
  fileURLToPath(new URL(`../support/plugins/${name}/mod.ts`, import.meta.url));
const idOf = (attack: Attack): string => `attack_${attack.name}`;

async function checkEnding(host: MiniHost, attack: Attack): Promise<void> {
  const id = idOf(attack);
  const line = (message: string) => host.lines.find((one) => one.source === id && one.message === message);
  await host.until(`the attempt of ${id}`, () => line("attempting"));
  const { expected } = attack;
  switch (expected.kind) {
    case "killed": {
      const found = await host.until(
        `the end of ${id}`,
        () =>
          host.states.find((one) =>
            one.id === id && ["backing_off", "quarantined", "stopped"].includes(one.state.kind)
          ),
      );
      const why = "why" in found.state ? found.state.why : "";
      assert(
        expected.codes.some((code) => why.includes(`[${code}]`)),
        `expected ${expected.codes.join("|")}, found ${found.state.kind}: ${why}`,
      );
      break;
    }
    case "answered":
      await host.until(
        `the answer to ${id}`,
        () =>
          host.records.find((one) =>
            one.kind === "refusal" && one.plugin === id && hasCode(one.body, expected.codes)
          ),
      );
      break;
    case "harmless":
      await host.until(`the end of ${id}`, () => line("done"));
      assertEquals(host.view(id)?.state.kind, "running");
      break;
    default:
      expected satisfies never;
  }
  const intents = host.records.filter((one) => one.kind === "intent" && one.plugin === id);
  const most = mostWithinASecond(intents);
  assert(most <= (attack.grantedOrders ?? 0), `${id} got ${most} orders through within a second`);
}

const hasCode = (body: unknown, codes: readonly string[]): boolean =>
  typeof body === "object" && body !== null && "code" in body && codes.some((code) => code === body.code);

async function checkOthers(host: MiniHost): Promise<void> {
  const seen = host.lines.length;
  const alive = await host.until(
    "the healthy strategy",
    () => host.lines.findLast((one, at) => at >= seen && one.source === "healthy" && one.message === "alive"),
  );
  assertEquals([alive.fields["gaps"], host.view("healthy")?.restarts], [0, 0]);
  const statuses = host.lines.filter((one) => one.source === "order_holder" && one.message === "order")
    .map((one) => one.fields["status"]);
  assertEquals(statuses.at(-1), "accepted", `the held order went through ${statuses.join(", ")}`);
  const holders = host.records.filter((one) => one.kind === "intent" && one.plugin === "order_holder");
  assertEquals(holders.length, 1, "orders were placed in the name of the order holder");
  assertEquals(
    host.records.filter((one) => JSON.stringify(one.clientOrderId ?? "").includes("forged")).length,
    0,
  );
  assertEquals("polluted" in {}, false);
}

const batchSize = 8;
for (let from = 0; from < attacks.length; from += batchSize) {
  const batch = attacks.slice(from, from + batchSize);
  Deno.test(`attacks on the frame stream: ${batch[0]?.name} … ${batch.at(-1)?.name}`, async (t) => {
    const folder = await Deno.makeTempDir();
    for (const name of ["healthy", "order_holder"]) {
      await Deno.copyFile(support(name), join(folder, `${name}.ts`));
    }
    for (const attack of batch) {
      await Deno.writeTextFile(join(folder, `${idOf(attack)}.ts`), `// attack: ${attack.name}\n`);
    }
    try {
      const configOf = (id: string) =>
        id === "attack_never_ready"
          ? { ...defaultPluginConfig, limits: { ...defaultPluginConfig.limits, startMs: 2_000 } }
          : defaultPluginConfig;
      await using host = new MiniHost({ wrapSandbox, hasAccounts: true, configOf });
      await host.start(folder);
      await host.until(
        "the held order",
        () => host.lines.find((one) => one.source === "order_holder" && one.fields["status"] === "accepted"),
      );
      for (const attack of batch) {
        await t.step(`a process that ${attack.what}`, () => checkEnding(host, attack));
      }
      await t.step("the others lost nothing", () => checkOthers(host));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
