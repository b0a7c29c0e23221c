/** What every kind of sandbox owes its host, whatever it holds a plugin by. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BerthError } from "../../../core/errors.ts";
import { systemClock } from "../../../core/host/system_clock.ts";
import { sandboxKinds } from "../../../core/sandbox/kind_names.ts";
import { createSandbox } from "../../../core/sandbox/kinds.ts";
import { readPluginFiles } from "../../../core/sandbox/plugin_files.ts";
import { defaultLimits, type SandboxProcess, type SandboxSpec } from "../../../core/sandbox/sandbox.ts";
import { handlersOf, specOf, strategyText } from "./facts/one_plugin.ts";

const projectDir = fileURLToPath(new URL("../../../", import.meta.url));
const clock = systemClock();

async function withPlugin(text: string, test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "alone.ts");
    await Deno.writeTextFile(path, text);
    await test(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const idle = strategyText("{}");
const spinning = strategyText("{ onStart() { ctx.time.after(50, () => { for (;;); }); } }");
const isGone = (pid: number): boolean => {
  try {
    // One that was not reaped yet is a zombie: it runs no more.
    return Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]?.startsWith("Z") ?? true;
  } catch {
    return true;
  }
};

for (const kind of sandboxKinds) {
  const sandbox = createSandbox(kind, { clock, projectDir });

  /** Starts a plugin and waits until it is ready. */
  const started = async (path: string, changes: Partial<SandboxSpec> = {}): Promise<SandboxProcess> => {
    const ready = Promise.withResolvers<void>();
    const process = sandbox.start(
      specOf(path, changes),
      handlersOf({
        onMessage: ({ type }) => type === "ready" ? ready.resolve() : undefined,
        onExit: ({ reason }) => ready.reject(reason ?? new Error("it ended")),
      }),
    );
    await ready.promise;
    return process;
  };

  Deno.test(`${kind}: a plugin that is asked to stop ends without a reason`, () =>
    withPlugin(idle, async (path) => {
      const process = await started(path);
      const exit = await process.stop("the test is over", 5_000);
      assertEquals([exit.code, exit.reason], [0, undefined]);
    }));

  Deno.test(`${kind}: a plugin in an endless loop is killed and reaped`, () =>
    withPlugin(spinning, async (path) => {
      const process = await started(path);
      const reason = new BerthError("PLUGIN_STOP_LATE", { pluginId: "alone", deadlineMs: 0 });
      const exit = await process.kill(reason);
      assertEquals([exit.signal, exit.reason], ["SIGKILL", reason]);
      assert(isGone(process.pid));
    }));

  Deno.test(`${kind}: files that are not those that were looked at are not loaded`, () =>
    withPlugin(idle, async (path) => {
      const { hash } = await readPluginFiles({ name: "alone", rootPath: path, entryPath: path });
      const same = await started(path, { filesHash: hash });
      await same.stop("the test is over", 5_000);
      await Deno.writeTextFile(path, `${idle}// one more byte`);
      const { reason } = await sandbox.start(specOf(path, { filesHash: hash }), handlersOf()).exited;
      assertEquals(reason?.code, "PLUGIN_FILES_CHANGED");
    }));

  Deno.test(`${kind}: what must not be lost does not pile up for a plugin that reads nothing`, () =>
    withPlugin(spinning, async (path) => {
      const maxQueuedBytes = 2 << 20;
      const process = await started(path, {
        limits: { ...defaultLimits, heartbeatMs: 10_000, cpuShare: 2, maxQueuedBytes },
      });
      // By now its loop has begun: only then does it read nothing.
      await new Promise((resolve) => setTimeout(resolve, 500));
      const settings = { text: "x".repeat(100_000) };
      let isOver = false;
      const exited = process.exited.finally(() => isOver = true);
      for (let count = 0; !isOver && count < 200; count++) {
        process.send({ type: "settings", settings });
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const { reason } = await exited;
      assert(reason instanceof BerthError && reason.code === "PLUGIN_LIMIT_EXCEEDED", String(reason));
      assertEquals("limit" in reason.facts ? reason.facts.limit : undefined, "maxQueuedBytes");
    }));

  Deno.test(`${kind}: an error that nobody catches ends the plugin with its words`, () =>
    withPlugin(
      strategyText('{ onStart() { setTimeout(() => { throw new Error("out of the blue"); }, 20); } }'),
      async (path) => {
        const { reason } = await (await started(path)).exited;
        assertEquals(reason?.code, "PLUGIN_CRASHED");
        assert(reason?.message.includes("out of the blue"), reason?.message);
      },
    ));

  Deno.test(`${kind}: a stack trace leads to the plugin's own file and line`, () =>
    withPlugin(
      strategyText('{\n  onStart() {\n    throw new Error("here");\n  } }'),
      async (path) => {
        const { promise, resolve } = Promise.withResolvers<string>();
        const process = await started(path).catch(() => undefined);
        assertEquals(process, undefined);
        sandbox.start(
          specOf(path),
          handlersOf({
            onMessage: (message) => message.type === "failed" ? resolve(message.details) : undefined,
          }),
        );
        const details = await promise;
        assert(details.includes("plugin:///alone.ts:10:"), details);
      },
    ));

  // A spinning plugin's own process can't see that its host is gone; a keeper can.
  const bodies = kind === "process" ? { "an idle": idle } : { "an idle": idle, "a spinning": spinning };
  for (const [name, text] of Object.entries(bodies)) {
    Deno.test(`${kind}: ${name} plugin does not outlive a host that was killed`, () =>
      withPlugin(text, async (path) => {
        const host = new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "-A",
            "--quiet",
            "--frozen",
            "--no-check",
            fileURLToPath(new URL("./facts/short_lived_host.ts", import.meta.url)),
            kind,
            path,
          ],
          stdout: "piped",
        }).spawn();
        const lines = host.stdout.pipeThrough(new TextDecoderStream()).getReader();
        const pid = Number((await lines.read()).value);
        await lines.cancel();
        assert(pid > 0 && !isGone(pid));
        host.kill("SIGKILL");
        await host.status;
        const deadline = performance.now() + 10_000;
        while (!isGone(pid) && performance.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        assert(isGone(pid), "it still runs");
      }));
  }
}
