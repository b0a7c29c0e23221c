/** Holds the state of every rule and subject: an observation goes in, the notes that people are to be told come out. */
import {
  type AlertNote,
  type AlertRule,
  type AlertSeverity,
  type ConditionRule,
  type EventRule,
} from "./alert.ts";
import {
  type ConditionState,
  type EventState,
  type FoundEvent,
  noEvents,
  quiet,
  stepCondition,
  stepEvents,
} from "./alert_states.ts";
import { conditionsOf, type FailingChannel, type Finding } from "./conditions.ts";
import {
  type DailyTotals,
  type DayCursor,
  emptyDay,
  gatherDay,
  isSummaryDue,
  newCursor,
  summaryText,
} from "./daily_summary.ts";
import { eventsOf, type SubjectEvent } from "./happenings.ts";
import type { Observation } from "./observation.ts";
import { type AlertSettings, severityOf } from "./settings.ts";

/** What is wrong now. */
export interface ActiveAlert {
  readonly rule: ConditionRule;
  readonly subject: string;
  readonly severity: AlertSeverity;
  readonly text: string;
  readonly sinceMs: number;
  /** False while a cool-down holds the note back. */
  readonly isTold: boolean;
}

export interface AlertBookOptions {
  readonly settings: AlertSettings;
  /** Of the run: the first part of every note's id. */
  readonly runId: string;
  /** As the run before left it. */
  readonly day: DailyTotals | undefined;
}

/** Subjects that are remembered for their cool-down alone are forgotten beyond this many. */
const maxQuiet = 2_000;

export class AlertBook {
  #settings: AlertSettings;
  readonly #runId: string;
  /** By `rule subject`. */
  readonly #conditions = new Map<string, Subject<ConditionRule, ConditionState>>();
  readonly #events = new Map<string, Subject<EventRule, EventState>>();
  #day: DailyTotals | undefined;
  #cursor: DayCursor = newCursor;
  #serial = 0;
  /** Wall clock less steady clock at the newest observation. */
  #epochLessMonotonicMs = 0;

  constructor({ settings, runId, day }: AlertBookOptions) {
    this.#settings = settings;
    this.#runId = runId;
    this.#day = day;
  }

  /** Notes of what began, ended and happened by this observation, and of what a cool-down held back until now. */
  observe(observation: Observation, failingChannels: readonly FailingChannel[]): readonly AlertNote[] {
    this.#epochLessMonotonicMs = observation.tsMs - observation.monotonicMs;
    return [
      ...this.#observeConditions(observation, failingChannels),
      ...this.#observeEvents(observation),
    ];
  }

  /** From the next observation on. What is raised by rules that are off now is forgotten, and nobody is told of its end. */
  change(settings: AlertSettings): void {
    this.#settings = settings;
    for (const subjects of [this.#conditions, this.#events]) {
      for (const [key, { rule }] of subjects) if (!settings.rules[rule].isEnabled) subjects.delete(key);
    }
  }

  /** As it is to be kept for the next run; undefined before the first observation. */
  get day(): DailyTotals | undefined {
    return this.#day;
  }

  active(): readonly ActiveAlert[] {
    return [...this.#conditions.values()].flatMap(({ rule, subject, value: state }) =>
      state.kind !== "active" ? [] : [{
        rule,
        subject,
        severity: state.severity,
        text: state.text,
        sinceMs: Math.round(state.sinceMs + this.#epochLessMonotonicMs),
        isTold: state.worstTold !== undefined,
      }]
    );
  }

  #observeConditions(
    observation: Observation,
    failingChannels: readonly FailingChannel[],
  ): readonly AlertNote[] {
    const { thresholds, rules } = this.#settings;
    const findings = new Map<string, Subject<ConditionRule, Finding>>();
    for (const { rule, subject, finding } of conditionsOf(observation, thresholds, failingChannels)) {
      if (rules[rule].isEnabled) findings.set(`${rule} ${subject}`, { rule, subject, value: finding });
    }
    // What was there and is not named any more is over.
    for (const [key, { rule, subject }] of this.#conditions) {
      if (!findings.has(key)) findings.set(key, { rule, subject, value: { kind: "good" } });
    }
    const notes: AlertNote[] = [];
    for (const [key, { rule, subject, value: finding }] of findings) {
      const before = this.#conditions.get(key);
      if (before === undefined && finding.kind !== "bad") continue;
      const weighed = finding.kind === "bad"
        ? { ...finding, severity: severityOf(this.#settings, rule, finding.severity) }
        : finding;
      const { state, note } = stepCondition(
        before?.value ?? quiet,
        weighed,
        observation.monotonicMs,
        rules[rule],
      );
      this.#conditions.set(key, { rule, subject, value: state });
      if (note !== undefined) notes.push(this.#note({ rule, subject, tsMs: observation.tsMs, ...note }));
    }
    this.#forgetQuiet();
    return notes;
  }

  #observeEvents(observation: Observation): readonly AlertNote[] {
    const { thresholds, rules } = this.#settings;
    const found = new Map<string, Subject<EventRule, FoundEvent[]>>();
    const events = [...eventsOf(observation, thresholds), ...this.#observeDay(observation)];
    for (const { rule, subject, text, severity } of events) {
      if (!rules[rule].isEnabled) continue;
      const key = `${rule} ${subject}`;
      const weighed = { severity: severityOf(this.#settings, rule, severity), text };
      const known = found.get(key);
      if (known === undefined) found.set(key, { rule, subject, value: [weighed] });
      else known.value.push(weighed);
    }
    for (const [key, { rule, subject }] of this.#events) {
      if (!found.has(key)) found.set(key, { rule, subject, value: [] });
    }
    const notes: AlertNote[] = [];
    for (const [key, { rule, subject, value: now }] of found) {
      const before = this.#events.get(key)?.value ?? noEvents;
      const { state, note } = stepEvents(before, now, observation.monotonicMs, rules[rule]);
      if (state.held === 0 && observation.monotonicMs - state.toldMs >= rules[rule].cooldownMs) {
        this.#events.delete(key);
      } else this.#events.set(key, { rule, subject, value: state });
      if (note === undefined) continue;
      const tsMs = observation.tsMs;
      notes.push(this.#note({ kind: "event", rule, subject, tsMs, lastedMs: undefined, ...note }));
    }
    return notes;
  }

  /** The summary, when it is due; a new day begins with it. */
  #observeDay(observation: Observation): readonly SubjectEvent[] {
    const { tsMs } = observation;
    const { day, cursor } = gatherDay(this.#day ?? emptyDay(tsMs), this.#cursor, observation);
    this.#cursor = cursor;
    this.#day = day;
    if (!isSummaryDue(day.sinceMs, tsMs, this.#settings.thresholds.summaryMinuteUtc)) return [];
    this.#day = emptyDay(tsMs);
    return [{ rule: "daily_summary", subject: "host", severity: "notice", text: summaryText(day, tsMs) }];
  }

  #note(note: Omit<AlertNote, "id"> & { readonly rule: AlertRule }): AlertNote {
    this.#serial += 1;
    return { id: `${this.#runId}-${this.#serial}`, ...note };
  }

  #forgetQuiet(): void {
    if (this.#conditions.size <= maxQuiet) return;
    for (const [key, { value }] of this.#conditions) {
      if (value.kind === "quiet") this.#conditions.delete(key);
      if (this.#conditions.size <= maxQuiet) return;
    }
  }
}

/** A value of one rule about one subject. */
interface Subject<Rule extends AlertRule, Value> {
  readonly rule: Rule;
  readonly subject: string;
  readonly value: Value;
}
