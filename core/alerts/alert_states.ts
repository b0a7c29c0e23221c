/**
 * When people are told: one small state for each rule and subject, moved by what is found now. Pure; durations are of a
 * clock that never goes back.
 *
 * Of a condition:
 * 1. It is told once it has lasted `afterMs`, once, and again only when it gets worse or comes back.
 * 2. Between two notes that it is there lie `cooldownMs`, unless the later one is worse; what comes back sooner is told
 *    when that time is over, if it is still there.
 * 3. Its end is told if, and only if, its beginning was.
 */
import { type AlertSeverity, durationText, isAtLeast, worseOf } from "./alert.ts";
import type { Finding } from "./conditions.ts";
import type { RuleTiming } from "./settings.ts";

export type ConditionState =
  | { readonly kind: "quiet"; readonly last: LastTold }
  /** It is there, but not for long enough. */
  | { readonly kind: "pending"; readonly sinceMs: number; readonly last: LastTold }
  | {
    readonly kind: "active";
    readonly sinceMs: number;
    readonly severity: AlertSeverity;
    readonly text: string;
    /** The worst that was told since it is there; undefined while a cool-down holds it back. */
    readonly worstTold: AlertSeverity | undefined;
    readonly last: LastTold;
  };

/** The last note that it is there, of this time or an earlier one. */
interface LastTold {
  readonly atMs: number;
  readonly severity: AlertSeverity;
}

export const quiet: ConditionState = { kind: "quiet", last: { atMs: -Infinity, severity: "notice" } };

export interface ConditionNote {
  readonly kind: "raised" | "resolved";
  readonly severity: AlertSeverity;
  readonly text: string;
  readonly lastedMs: number | undefined;
}

export interface ConditionStep {
  readonly state: ConditionState;
  readonly note: ConditionNote | undefined;
}

type Bad = Extract<Finding, { readonly kind: "bad" }>;
type Timing = Pick<RuleTiming, "afterMs" | "cooldownMs">;

export function stepCondition(
  state: ConditionState,
  finding: Finding,
  nowMs: number,
  timing: Timing,
): ConditionStep {
  switch (finding.kind) {
    case "unknown":
      return { state, note: undefined };
    case "good":
      return ended(state, nowMs);
    case "bad":
      return found(state, finding, nowMs, timing);
    default:
      return finding satisfies never;
  }
}

function found(state: ConditionState, { severity, text }: Bad, nowMs: number, timing: Timing): ConditionStep {
  const sinceMs = state.kind === "quiet" ? nowMs : state.sinceMs;
  const { last } = state;
  if (state.kind !== "active" && nowMs - sinceMs < timing.afterMs) {
    return { state: { kind: "pending", sinceMs, last }, note: undefined };
  }
  const worstTold = state.kind === "active" ? state.worstTold : undefined;
  const isNew = worstTold === undefined || severity !== last.severity;
  const isCool = nowMs - last.atMs >= timing.cooldownMs;
  if (!isNew || !(isCool || !isAtLeast(last.severity, severity))) {
    return { state: { kind: "active", sinceMs, severity, text, worstTold, last }, note: undefined };
  }
  return {
    state: {
      kind: "active",
      sinceMs,
      severity,
      text,
      worstTold: worseOf(worstTold ?? severity, severity),
      last: { atMs: nowMs, severity },
    },
    note: { kind: "raised", severity, text, lastedMs: undefined },
  };
}

/** The end is as important as the worst that was told: whoever heard of that hears of this. */
function ended(state: ConditionState, nowMs: number): ConditionStep {
  const after: ConditionState = { kind: "quiet", last: state.last };
  if (state.kind !== "active" || state.worstTold === undefined) return { state: after, note: undefined };
  const lastedMs = nowMs - state.sinceMs;
  const text = `resolved after ${durationText(lastedMs)}: ${state.text}`;
  return { state: after, note: { kind: "resolved", severity: state.worstTold, text, lastedMs } };
}

/** What happened about one subject and is not told yet. */
export interface EventState {
  readonly toldMs: number;
  readonly toldSeverity: AlertSeverity;
  readonly held: number;
  readonly heldSeverity: AlertSeverity;
  /** The newest of them, oldest first. */
  readonly texts: readonly string[];
}

export const noEvents: EventState = {
  toldMs: -Infinity,
  toldSeverity: "notice",
  held: 0,
  heldSeverity: "notice",
  texts: [],
};

export interface FoundEvent {
  readonly severity: AlertSeverity;
  readonly text: string;
}

export interface EventStep {
  readonly state: EventState;
  readonly note: FoundEvent | undefined;
}

/** Texts of one note; the rest is a count. */
const maxTexts = 5;

/** Told at once, unless something as bad was told less than `cooldownMs` ago: then with all else when that is over. */
export function stepEvents(
  state: EventState,
  events: readonly FoundEvent[],
  nowMs: number,
  { cooldownMs }: Pick<RuleTiming, "cooldownMs">,
): EventStep {
  const held = state.held + events.length;
  const heldSeverity = events.reduce((worst, { severity }) => worseOf(worst, severity), state.heldSeverity);
  const texts = [...state.texts, ...events.map(({ text }) => text)].slice(-maxTexts);
  const isCool = nowMs - state.toldMs >= cooldownMs;
  if (held === 0 || (!isCool && isAtLeast(state.toldSeverity, heldSeverity))) {
    return { state: { ...state, held, heldSeverity, texts }, note: undefined };
  }
  const more = held > texts.length ? [`and ${held - texts.length} more before`] : [];
  return {
    state: { ...noEvents, toldMs: nowMs, toldSeverity: heldSeverity },
    note: { severity: heldSeverity, text: [...texts, ...more].join("\n") },
  };
}
