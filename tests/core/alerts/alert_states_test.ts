/** When people are told: the rules of the two small state machines, as tables and as properties over whatever happens. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { alertSeverities, durationText, isAtLeast, worseOf } from "../../../core/alerts/alert.ts";
import {
  type ConditionNote,
  type ConditionState,
  noEvents,
  quiet,
  stepCondition,
  stepEvents,
} from "../../../core/alerts/alert_states.ts";
import type { Finding } from "../../../core/alerts/conditions.ts";

const good: Finding = { kind: "good" };
const unknown: Finding = { kind: "unknown" };
const bad = (severity: "notice" | "warning" | "critical" = "warning", text = "x"): Finding => ({
  kind: "bad",
  severity,
  text,
});
const timing = { afterMs: 2_000, cooldownMs: 60_000 };

/** Notes with the second at which each came. */
function play(
  findings: readonly (readonly [second: number, finding: Finding])[],
  { afterMs, cooldownMs } = timing,
): readonly (readonly [number, string])[] {
  let state: ConditionState = quiet;
  const notes: [number, string][] = [];
  for (const [second, finding] of findings) {
    const step = stepCondition(state, finding, second * 1000, { afterMs, cooldownMs });
    state = step.state;
    if (step.note !== undefined) {
      notes.push([second, `${step.note.kind} ${step.note.severity}: ${step.note.text}`]);
    }
  }
  return notes;
}

const cases = [
  {
    name: "is told once it has lasted, once, and its end with how long it was",
    findings: [[0, bad()], [1, bad()], [2, bad()], [3, bad()], [127, good], [128, good]],
    notes: [[2, "raised warning: x"], [127, "resolved warning: resolved after 2 min 7 s: x"]],
  },
  {
    name: "that passes at once is not told, nor its end",
    findings: [[0, bad()], [1, good], [3, good]],
    notes: [],
  },
  {
    name: "of which nobody knows stays as it was",
    findings: [[0, bad()], [2, bad()], [3, unknown], [9, unknown], [10, good]],
    notes: [[2, "raised warning: x"], [10, "resolved warning: resolved after 10 s: x"]],
  },
  {
    name: "that comes back within the cool-down is told when that is over, if it is still there",
    findings: [[0, bad()], [2, bad()], [5, good], [10, bad()], [12, bad()], [40, bad()], [62, bad()], [
      70,
      good,
    ]],
    notes: [
      [2, "raised warning: x"],
      [5, "resolved warning: resolved after 5 s: x"],
      [62, "raised warning: x"],
      [70, "resolved warning: resolved after 1 min: x"],
    ],
  },
  {
    name: "that comes back and goes within the cool-down is told neither way",
    findings: [[0, bad()], [2, bad()], [5, good], [10, bad()], [13, bad()], [20, good], [90, good]],
    notes: [[2, "raised warning: x"], [5, "resolved warning: resolved after 5 s: x"]],
  },
  {
    name: "that gets worse is told at once, cool-down or not",
    findings: [[0, bad("warning")], [2, bad("warning")], [3, bad("critical", "y")], [9, good]],
    notes: [
      [2, "raised warning: x"],
      [3, "raised critical: y"],
      [9, "resolved critical: resolved after 9 s: y"],
    ],
  },
  {
    name: "that gets better in part is told so after the cool-down; its end reaches whoever heard the worst",
    findings: [[0, bad("critical")], [2, bad("critical")], [3, bad("warning", "y")], [
      62,
      bad("warning", "y"),
    ], [
      70,
      good,
    ]],
    notes: [
      [2, "raised critical: x"],
      [62, "raised warning: y"],
      [70, "resolved critical: resolved after 1 min 10 s: y"],
    ],
  },
  {
    name: "that comes back worse than it was told is told in spite of the cool-down",
    findings: [[0, bad()], [2, bad()], [3, good], [4, bad("critical")], [6, bad("critical")]],
    notes: [
      [2, "raised warning: x"],
      [3, "resolved warning: resolved after 3 s: x"],
      [6, "raised critical: x"],
    ],
  },
] as const;
for (const { name, findings, notes } of cases) {
  Deno.test(`a condition ${name}`, () => assertEquals<unknown>(play(findings), notes));
}

const anyFinding: fc.Arbitrary<Finding> = fc.oneof(
  fc.constant(good),
  fc.constant(unknown),
  fc.constantFrom(...alertSeverities).map((severity) => bad(severity, severity)),
);
const anyCourse = fc.array(fc.tuple(fc.nat({ max: 40_000 }), anyFinding), { maxLength: 60 });
const anyTiming = fc.record({
  afterMs: fc.constantFrom(0, 1_000, 5_000),
  cooldownMs: fc.constantFrom(0, 10_000, 60_000),
});

Deno.test("whatever comes: ends follow beginnings, notes keep their distance, and what stays bad is told", () =>
  fc.assert(fc.property(anyCourse, anyTiming, (course, { afterMs, cooldownMs }) => {
    let state: ConditionState = quiet;
    let nowMs = 0;
    let raised: { readonly note: ConditionNote; readonly atMs: number } | undefined;
    let isOpen = false;
    for (const [laterMs, finding] of course) {
      nowMs += laterMs;
      const { state: after, note } = stepCondition(state, finding, nowMs, { afterMs, cooldownMs });
      if (note?.kind === "raised") {
        assertEquals(finding.kind, "bad");
        const isWorse = raised !== undefined && !isAtLeast(raised.note.severity, note.severity);
        assert(raised === undefined || isWorse || nowMs - raised.atMs >= cooldownMs, "too soon");
        raised = { note, atMs: nowMs };
        isOpen = true;
      }
      if (note?.kind === "resolved") {
        assertEquals(finding.kind, "good");
        assert(isOpen, "an end without a beginning");
        isOpen = false;
      }
      assertEquals(isOpen, after.kind === "active" && after.worstTold !== undefined);
      state = after;
    }
    // Heal, or let it be there for good: either is told in the end.
    const healed = stepCondition(state, good, nowMs + 1, { afterMs, cooldownMs });
    assertEquals(healed.note?.kind, isOpen ? "resolved" : undefined);
    assertEquals(healed.state.kind, "quiet");
    const first = stepCondition(state, bad("notice"), nowMs, { afterMs, cooldownMs });
    const last = stepCondition(first.state, bad("notice"), nowMs + afterMs + cooldownMs, {
      afterMs,
      cooldownMs,
    });
    assert(last.state.kind === "active" && last.state.worstTold !== undefined);
  })));

Deno.test("events within a cool-down are gathered into one note, none is lost from the count", () => {
  const event = (text: string) => ({ severity: "notice" as const, text });
  const cool = { cooldownMs: 60_000 };
  const first = stepEvents(noEvents, [event("a")], 0, cool);
  assertEquals(first.note, { severity: "notice", text: "a" });
  const second = stepEvents(first.state, ["b", "c", "d", "e", "f", "g", "h"].map(event), 1_000, cool);
  assertEquals(second.note, undefined);
  const third = stepEvents(second.state, [], 60_000, cool);
  assertEquals(third.note, { severity: "notice", text: "d\ne\nf\ng\nh\nand 2 more before" });
  assertEquals(stepEvents(third.state, [], 120_000, cool).note, undefined);
});

Deno.test("a worse event does not wait for the cool-down of a lesser one", () => {
  const cool = { cooldownMs: 60_000 };
  const { state } = stepEvents(noEvents, [{ severity: "warning", text: "a" }], 0, cool);
  const equal = stepEvents(state, [{ severity: "warning", text: "b" }], 1_000, cool);
  assertEquals(equal.note, undefined);
  const worse = stepEvents(equal.state, [{ severity: "critical", text: "c" }], 2_000, cool);
  assertEquals(worse.note, { severity: "critical", text: "b\nc" });
});

Deno.test("every event is told in the end, at its severity or above, with cool-downs between", () =>
  fc.assert(fc.property(
    fc.array(
      fc.tuple(fc.nat({ max: 20_000 }), fc.array(fc.constantFrom(...alertSeverities), { maxLength: 4 })),
    ),
    fc.constantFrom(0, 15_000),
    (course, cooldownMs) => {
      let state = noEvents;
      let nowMs = 0;
      let last: { readonly atMs: number; readonly severity: "notice" | "warning" | "critical" } | undefined;
      let waiting: ("notice" | "warning" | "critical")[] = [];
      const step = (severities: readonly ("notice" | "warning" | "critical")[]): void => {
        waiting.push(...severities);
        const { state: after, note } = stepEvents(
          state,
          severities.map((severity) => ({ severity, text: severity })),
          nowMs,
          { cooldownMs },
        );
        state = after;
        assertEquals(after.held, note === undefined ? waiting.length : 0);
        if (note === undefined) return;
        assertEquals(note.severity, waiting.reduce(worseOf));
        assert(
          last === undefined || nowMs - last.atMs >= cooldownMs || !isAtLeast(last.severity, note.severity),
        );
        last = { atMs: nowMs, severity: note.severity };
        waiting = [];
      };
      for (const [laterMs, severities] of course) {
        nowMs += laterMs;
        step(severities);
      }
      nowMs += cooldownMs;
      step([]);
      assertEquals(waiting, []);
    },
  )));

const durations = [[0, "0 s"], [499, "0 s"], [59_600, "1 min"], [125_000, "2 min 5 s"], [3_600_000, "1 h"], [
  90_061_000,
  "1 d 1 h",
], [86_460_000, "1 d"]] as const;
for (const [durationMs, text] of durations) {
  Deno.test(`durationText() says ${text}`, () => assertEquals(durationText(durationMs), text));
}
