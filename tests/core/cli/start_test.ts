import { assertEquals, assertRejects } from "@std/assert";
import { readCommandLine } from "../../../core/cli/command_line.ts";
import { hostOptions, listenForSignals, type StartSurroundings } from "../../../core/cli/start.ts";
import { BerthError } from "../../../core/errors.ts";
import type { HostOptions } from "../../../core/host/config/options.ts";
import type { TerminalOutput } from "../../../core/terminal/ports.ts";

const silent: TerminalOutput = {
  isTerminal: false,
  useColor: false,
  useUnicode: true,
  size: () => undefined,
  onResize: () => () => {},
  write() {},
  writeError() {},
  pendingBytes: 0,
  droppedBytes: 0,
  flush: () => Promise.resolve(),
  restoreOnExit() {},
};

async function optionsFor(
  words: readonly string[],
  config: unknown = {},
  changes: Partial<StartSurroundings> = {},
): Promise<HostOptions> {
  const workingFolder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${workingFolder}/berth.json`, JSON.stringify(config));
    await Deno.mkdir(`${workingFolder}/mine`);
    const line = readCommandLine(words, "1.2.3");
    if (line.kind !== "start") throw new Error(JSON.stringify(line));
    const never = new AbortController().signal;
    const options = await hostOptions(line.options, {
      version: "1.2.3",
      workingFolder,
      output: silent,
      signals: { stop: never, leave: never, onKill: () => undefined },
      drawSeed: () => 4711,
      ...changes,
    });
    const here = (path: string): string => path.replace(workingFolder, "HERE");
    return {
      ...options,
      config: {
        ...options.config,
        dataDir: here(options.config.dataDir),
        pluginFolders: options.config.pluginFolders.map(here),
      },
      trustedFolders: options.trustedFolders.map(here),
    };
  } finally {
    await Deno.remove(workingFolder, { recursive: true });
  }
}

Deno.test("the command line wins over the file, the file over the defaults", async (t) => {
  const file = {
    environment: "paper",
    seed: 3,
    dataDir: "data",
    pluginFolders: ["theirs"],
    log: { level: "warn", format: "pretty" },
  };
  await t.step("file", async () => {
    const options = await optionsFor([], file);
    assertEquals(options.environment, "paper");
    assertEquals([options.seed, options.isSeedGiven], [3, true]);
    assertEquals(options.config.dataDir, "HERE/data");
    assertEquals(options.config.pluginFolders, ["HERE/theirs"]);
    assertEquals([options.config.log.level, options.logFormat], ["warn", "pretty"]);
  });
  await t.step("command line", async () => {
    const words = [
      "--env",
      "sim",
      "--seed",
      "9",
      "--data-dir",
      "other",
      "--plugins",
      "mine",
      "--trust",
      "mine",
    ];
    const options = await optionsFor([...words, "--log-level", "debug", "--log-format", "json"], file);
    assertEquals([options.environment, options.config.environment], ["sim", "sim"]);
    assertEquals(options.seed, 9);
    assertEquals(options.config.dataDir, "HERE/other");
    assertEquals(options.config.pluginFolders, ["HERE/mine"]);
    assertEquals(options.trustedFolders, ["HERE/mine"]);
    assertEquals([options.config.log.level, options.logFormat], ["debug", "json"]);
  });
  await t.step("defaults: a drawn seed, JSON lines into a pipe, pretty on a terminal", async () => {
    const options = await optionsFor([]);
    assertEquals([options.seed, options.isSeedGiven], [4711, false]);
    assertEquals(options.logFormat, "json");
    const onTerminal = await optionsFor([], {}, { output: { ...silent, isTerminal: true } });
    assertEquals(onTerminal.logFormat, "pretty");
  });
});

Deno.test("live is refused without the explicit flag, from the command line and from the file", async () => {
  for (const [words, config] of [[["--env", "live"], {}], [[], { environment: "live" }]] as const) {
    const error = await assertRejects(() => optionsFor(words, config), BerthError);
    assertEquals(error.code, "HOST_LIVE_NOT_CONFIRMED");
  }
  const confirmed = await optionsFor(["--i-understand-live-trading"], { environment: "live" });
  assertEquals([confirmed.environment, confirmed.isLiveConfirmed], ["live", true]);
  const other = await optionsFor(["--env", "sim"], { environment: "live" });
  assertEquals(other.environment, "sim");
});

Deno.test("a plugin folder that does not exist is named", async () => {
  const error = await assertRejects(() => optionsFor(["--plugins", "nowhere"]), BerthError, "nowhere");
  assertEquals(error.code, "CLI_USAGE");
});

Deno.test({
  name: "the first signal asks to stop, the second to leave",
  ignore: Deno.build.os === "windows", // a process can't send itself SIGTERM there
  async fn() {
    using signals = listenForSignals();
    const alive = setInterval(() => {}, 1000); // listening for signals alone does not keep the event loop
    const raised = (signal: AbortSignal): Promise<unknown> =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve(signal.reason), { once: true })
      );
    const stopped = raised(signals.stop);
    Deno.kill(Deno.pid, "SIGTERM");
    assertEquals(await stopped, "SIGTERM");
    assertEquals(signals.leave.aborted, false);
    const left = raised(signals.leave);
    Deno.kill(Deno.pid, "SIGTERM");
    assertEquals(await left, "SIGTERM");
    clearInterval(alive);
  },
});
