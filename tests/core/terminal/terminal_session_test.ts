import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseLogLevels } from "../../../core/terminal/log_levels.ts";
import type { DisplaySnapshot } from "../../../core/terminal/ports.ts";
import { openTerminalSession } from "../../../core/terminal/terminal_session.ts";
import { FakeTerminal, ManualScheduler } from "./fake_terminal.ts";
import { sampleSnapshot } from "./sample_snapshot.ts";
import { sampleSummary } from "./sample_summary.ts";

function sessionOn(
  format: "json" | "pretty",
  isTerminal: boolean,
  snapshot: DisplaySnapshot = sampleSnapshot,
) {
  const output = new FakeTerminal();
  output.isTerminal = isTerminal;
  const session = openTerminalSession({
    output,
    clock: { epochMs: () => 1_750_000_000_000 },
    scheduler: new ManualScheduler(),
    log: { levels: parseLogLevels("info"), format },
    display: { intervalMs: 250, clear: true, view: "" },
    snapshot: () => snapshot,
  });
  return { output, session };
}

Deno.test("into a pipe: log lines and the summary, each one JSON object a line", async () => {
  const { output, session } = sessionOn("json", false);
  session.log.with({ source: "host" }).info("one");
  session.start();
  session.log.warn("two");
  await session.finish(sampleSummary);
  const lines = output.take().trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map((line) => line.message ?? line.event), ["one", "two", "summary"]);
  assertEquals(lines[0].source, "host");
});

Deno.test("on a terminal: the display, then what was grave meanwhile, then the summary", async () => {
  const { output, session } = sessionOn("pretty", true);
  session.log.info("before the display");
  assertMatch(output.take(), /info {2}before the display\n$/);
  session.start();
  assert(output.take().includes("SIM · simulated venues"));
  session.log.info("while it shows");
  session.log.with({ venue: "okx" }).warn("while it shows, grave");
  assertEquals(output.take(), "", "the screen is the display's");
  await session.finish(sampleSummary);
  const end = output.take();
  assertMatch(end, /1049l[^]*warn {2}while it shows, grave {2}venue=okx\n\nberth 0\.1\.0 ran 00:00:20/);
  assert(!end.includes("info"));
});

Deno.test("JSON lines on a terminal, where they were asked for by name, come without display", () => {
  const { output, session } = sessionOn("json", true);
  session.start();
  session.log.info("one");
  assertEquals(JSON.parse(output.take()).message, "one");
});

Deno.test("the screen is given back on the way out of an error too", async () => {
  const { output, session } = sessionOn("pretty", true);
  {
    await using running = session;
    running.start();
  }
  assert(output.take().endsWith("\x1b[?1049l"));
  assertEquals(output.restore, undefined);
});

Deno.test("a secret reaches neither display nor log", async () => {
  const { output, session } = sessionOn("pretty", true, {
    ...sampleSnapshot,
    notices: [{ tsMs: 0, severity: "critical", text: "the key hunter-two was refused" }],
    plugins: sampleSnapshot.plugins.map((plugin) => ({ ...plugin, why: "hunter-two" })),
    risk: [{ scope: "global", state: "halted", reason: "hunter-two", todayUsd: 0, grossExposureUsd: 0 }],
  });
  output.resize({ columns: 220, rows: 60 });
  session.protect(["hunter-two"]);
  session.start();
  session.log.error("hunter-two");
  await session.finish(sampleSummary);
  const written = output.take();
  assert(written.includes("the key *** was refused"));
  assert(!written.includes("hunter-two"));
});
