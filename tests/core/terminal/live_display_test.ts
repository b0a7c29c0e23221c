import { assert, assertEquals } from "@std/assert";
import { LiveDisplay } from "../../../core/terminal/live_display.ts";
import type { DisplaySnapshot } from "../../../core/terminal/ports.ts";
import { render } from "../../../core/terminal/render.ts";
import { FakeScreen, FakeTerminal, ManualScheduler } from "./fake_terminal.ts";
import { sampleSnapshot } from "./sample_snapshot.ts";

function displayOf(clear = true) {
  const output = new FakeTerminal();
  const scheduler = new ManualScheduler();
  let snapshot: DisplaySnapshot = sampleSnapshot;
  let asked = 0;
  const display = new LiveDisplay({
    output,
    scheduler,
    intervalMs: 250,
    clear,
    view: "",
    snapshot: () => {
      asked += 1;
      return snapshot;
    },
  });
  const show = (next: DisplaySnapshot): void => {
    snapshot = next;
  };
  return { output, scheduler, display, show, asked: () => asked };
}

const later: DisplaySnapshot = {
  ...sampleSnapshot,
  run: { ...sampleSnapshot.run, uptimeMs: 84_000 },
};

Deno.test("it enters the alternate screen, hides the cursor, and gives everything back", async () => {
  const { output, display, scheduler } = displayOf();
  display.start();
  const entered = output.take();
  assert(entered.startsWith("\x1b[?1049h\x1b[2J\x1b[?25l\x1b[?7l"), JSON.stringify(entered.slice(0, 40)));
  assert(output.restore?.includes("\x1b[?25h") && output.restore.includes("\x1b[?1049l"));
  await display.stop();
  assertEquals(output.take(), "\x1b[?2026l\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l");
  assertEquals([output.restore, output.flushes, output.listeners], [undefined, 1, 0]);
  assertEquals(scheduler.waiting, []);
  await display.stop();
  assertEquals(output.take(), "", "stopping twice is stopping once");
});

Deno.test("only lines that changed are written, and the screen is the picture", () => {
  const { output, display, scheduler, show } = displayOf();
  const screen = new FakeScreen(24);
  display.start();
  screen.feed(output.take());
  assertEquals(screen.lines, render(sampleSnapshot, { columns: 80, rows: 24, color: false }));
  scheduler.run();
  assertEquals(output.take(), "", "nothing changed, nothing is written");
  show(later);
  scheduler.run();
  const update = output.take();
  assertEquals(update.split("\x1b[K").length - 1, 1, "the uptime's line alone");
  assert(update.startsWith("\x1b[?2026h") && update.endsWith("\x1b[?2026l"));
  screen.feed(update);
  assertEquals(screen.lines, render(later, { columns: 80, rows: 24, color: false }));
  assertEquals(scheduler.waiting, [250]);
});

Deno.test("a changed size draws everything anew, at once", () => {
  const { output, display } = displayOf();
  display.start();
  output.take();
  output.resize({ columns: 160, rows: 40 });
  const screen = new FakeScreen(40);
  screen.feed(output.take());
  assertEquals(screen.lines, render(sampleSnapshot, { columns: 160, rows: 40, color: false }));
});

Deno.test("a terminal that does not keep up misses pictures and costs nothing", () => {
  const { output, display, scheduler, asked } = displayOf();
  display.start();
  output.take();
  output.pendingBytes = 5000;
  scheduler.run();
  scheduler.run();
  assertEquals([output.take(), asked()], ["", 1]);
  output.pendingBytes = 0;
  scheduler.run();
  assertEquals(asked(), 2);
});

Deno.test("without clear the picture is drawn over itself below the prompt, and stays", async () => {
  const { output, display, scheduler, show } = displayOf(false);
  const screen = new FakeScreen(30);
  display.start();
  screen.feed(output.take());
  show(later);
  scheduler.run();
  screen.feed(output.take());
  assertEquals(screen.lines.slice(0, 24), render(later, { columns: 80, rows: 24, color: false }));
  await display.stop();
  const left = output.take();
  assert(!left.includes("\x1b[?1049l") && left.endsWith("\r\n"));
});

Deno.test("after stop nothing is drawn", async () => {
  const { output, display, scheduler } = displayOf();
  display.start();
  await display.stop();
  output.take();
  scheduler.run();
  display.draw();
  assertEquals(output.take(), "");
});
