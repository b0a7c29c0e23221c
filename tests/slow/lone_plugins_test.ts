/** What only a real process and real time show of a plugin: it ends with its host, and it is held to its share of a core. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../core/host/system_clock.ts";
import { createSandbox } from "../../core/sandbox/kinds.ts";
import { parentDeathPrefix } from "../../core/sandbox/parent_death.ts";
import { defaultLimits, type SandboxExit } from "../../core/sandbox/sandbox.ts";
import { handlersOf, specOf, strategyText } from "../core/sandbox/facts/one_plugin.ts";

const projectDir = fileURLToPath(new URL("../../", import.meta.url));

async function withPlugin(
  text: string,
  test: (path: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "alone.ts");
    await Deno.writeTextFile(path, text);
    await test(path, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Whether a process runs; a zombie that nobody reaped does not. */
async function runs(pid: number): Promise<boolean> {
  try {
    return (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1]?.startsWith("Z") === false;
  } catch {
    return false;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const spinning = strategyText("{ onStart() { ctx.time.after(50, () => { for (;;); }); } }");

Deno.test({
  name: "a plugin that spins ends with its host, though nothing in it can see that the host was killed",
  ignore: parentDeathPrefix().length === 0,
  fn: () =>
    withPlugin(spinning, async (path, folder) => {
      const holder = join(folder, "holder.ts");
      const url = (module: string): string =>
        JSON.stringify(new URL(`../../${module}`, import.meta.url).href);
      await Deno.writeTextFile(
        holder,
        `import { createSandbox } from ${url("core/sandbox/kinds.ts")};
        import { systemClock } from ${url("core/host/system_clock.ts")};
        import { handlersOf, specOf } from ${url("tests/core/sandbox/facts/one_plugin.ts")};
        const sandbox = createSandbox("process", { clock: systemClock(), projectDir: ${
          JSON.stringify(projectDir)
        } });
        const process = sandbox.start(specOf(${JSON.stringify(path)}), handlersOf({
          onMessage: ({ type }) => {
            if (type === "ready") Deno.stdout.write(new TextEncoder().encode(process.pid + "\\n"));
          },
        }));`,
      );
      const host = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", "--frozen", "--config", join(projectDir, "deno.json"), holder],
        stdout: "piped",
      }).spawn();
      const reader = host.stdout.getReader();
      const pid = Number(new TextDecoder().decode((await reader.read()).value));
      await reader.cancel();
      await pause(300); // by now it spins
      assert(pid > 0 && await runs(pid));
      host.kill("SIGKILL");
      await host.status;
      for (let left = 50; left > 0 && await runs(pid); left--) await pause(100);
      const isLeft = await runs(pid);
      if (isLeft) Deno.kill(pid, "SIGKILL");
      assertEquals(isLeft, false);
    }),
});

/** Takes what it can have of a core in short turns, so that its heartbeat is never late. */
const greedy = strategyText(`{
  onStart() {
    let sum = 0;
    const turn = () => {
      for (let at = 0; at < 3e6; at++) sum += at;
      ctx.time.after(0, turn);
    };
    turn();
  }
}`);
const idle = strategyText("{}");

/** Small, so that it is exceeded on a machine where many want a core, too; an idle plugin stays below, its start included. */
const cpuShare = 0.1;
const cpuWindowMs = 4_000;

/** How a plugin of this text ends, or undefined if it still runs after so long. */
async function endOf(text: string, withinMs: number): Promise<SandboxExit | undefined> {
  const end = Promise.withResolvers<SandboxExit | undefined>();
  await withPlugin(text, async (path) => {
    const sandbox = createSandbox("process", { clock: systemClock(), projectDir });
    const limits = { ...defaultLimits, heartbeatMs: 30_000, cpuShare, cpuWindowMs };
    const process = sandbox.start(
      specOf(path, { limits }),
      handlersOf({ onExit: (exit) => end.resolve(exit) }),
    );
    const timer = setTimeout(() => end.resolve(undefined), withinMs);
    const ended = await end.promise;
    clearTimeout(timer);
    if (ended === undefined) await process.stop("the test is over", 5_000);
  });
  return await end.promise;
}

Deno.test({
  name: "a plugin that uses more than its share of a core is killed for that, with the numbers",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const exit = await endOf(greedy, 30_000);
    const [code, facts] = [exit?.reason?.code, exit?.reason?.facts];
    assertEquals([exit?.signal, code], ["SIGKILL", "PLUGIN_LIMIT_EXCEEDED"]);
    assert(facts !== undefined && "limit" in facts && "value" in facts && "allowed" in facts);
    assertEquals([facts.limit, facts.allowed], ["cpuShare", cpuShare]);
    assertGreater(Number(facts.value), cpuShare);
  },
});

Deno.test({
  name: "a plugin that stays within its share of a core is left alone",
  ignore: Deno.build.os !== "linux",
  fn: async () => assertEquals(await endOf(idle, 10_000), undefined),
});
