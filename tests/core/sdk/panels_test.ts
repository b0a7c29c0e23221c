/** A strategy's panel on its way to the host: cut, cleaned, and not sent more often than somebody looks. */
import { assertEquals, assertThrows } from "@std/assert";
import { instrumentId } from "../../../core/model/ids.ts";
import { type Panel, panelLimits } from "../../../core/model/panel.ts";
import { panelOf, PanelSender } from "../../../core/sdk/panels.ts";

const btc = instrumentId("paradex", "BTC-PERP");

Deno.test("what is left out is empty", () =>
  assertEquals(panelOf({ status: "waiting" }), {
    status: "waiting",
    leverage: undefined,
    lines: [],
    readings: [],
    signals: [],
  }));

Deno.test("texts and lists are cut to what the host takes; readings that are no numbers are left out", () => {
  const signal = {
    tsMs: 1,
    instrument: btc,
    side: "buy",
    isTaken: false,
    score: NaN,
    confidence: 50,
    reasons: Array(20).fill("y".repeat(500)),
    rejections: [],
  } as const;
  const panel = panelOf({
    status: "x".repeat(500),
    lines: Array(100).fill({ name: "n".repeat(99), value: "v".repeat(999) }),
    readings: [{ instrument: btc, readings: [{ name: "RSI", value: NaN }, { name: "ATR", value: 2 }] }],
    signals: Array(100).fill(signal),
  });
  assertEquals(panel.status.length, panelLimits.statusChars);
  assertEquals(panel.lines.length, panelLimits.lines);
  assertEquals(panel.lines[0]?.value.length, panelLimits.valueChars);
  assertEquals(panel.readings[0]?.readings, [{ name: "ATR", value: 2 }]);
  assertEquals(panel.signals.length, panelLimits.signals);
  assertEquals(panel.signals[0]?.score, 0);
  assertEquals(panel.signals[0]?.reasons.length, panelLimits.reasons);
});

for (const leverage of [0, -1, NaN, Infinity, 1_001]) {
  Deno.test(`a leverage of ${leverage} is refused`, () =>
    void assertThrows(() => panelOf({ status: "", leverage }), Error, "A panel's leverage"));
}

/** A sender on time that the test moves. */
function sending() {
  const sent: string[] = [];
  let nowMs = 0;
  let timer: { readonly atMs: number; readonly task: () => void } | undefined;
  const time = {
    epochMs: () => nowMs,
    after: (delayMs: number, task: () => void) => {
      timer = { atMs: nowMs + delayMs, task };
      return () => undefined;
    },
  };
  const pass = (ms: number): void => {
    nowMs += ms;
    if (timer === undefined || timer.atMs > nowMs) return;
    const { task } = timer;
    timer = undefined;
    task();
  };
  return { sent, pass, sender: new PanelSender(time, ({ status }: Panel) => sent.push(status)) };
}

Deno.test("the newest wins, five a second at most, and what did not change is not sent again", () => {
  const { sent, pass, sender } = sending();
  let made = 0;
  for (let show = 0; show < 100; show++) {
    sender.show(() => {
      made++;
      return { status: `at ${show}` };
    });
    pass(10);
  }
  assertEquals(sent, ["at 0", "at 19", "at 39", "at 59", "at 79", "at 99"]);
  assertEquals(made, sent.length, "a panel that nobody sees is not made");
  pass(1_000);
  sender.show(() => ({ status: "at 99" }));
  assertEquals(sent.length, 6);
});
