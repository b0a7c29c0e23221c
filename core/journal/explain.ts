/**
 * Why something happened: from a fill (or an order, a refusal, …) back through its causes to the quote it was decided
 * on, oldest first, and what came of it. Quotes are too frequent to be written down; the chain ends with their id, and
 * what the strategy saw stands in its intent.
 */
import { formatIncrements, type Increment } from "../model/ticks.ts";
import type { JournalReader, StoredRecord } from "./reader.ts";

export type ExplainedStep =
  | { readonly kind: "recorded"; readonly record: StoredRecord; readonly words: string }
  /** Named as a cause, not written down. */
  | { readonly kind: "unrecorded"; readonly id: string };

export interface Explanation {
  /** What was asked about. */
  readonly subject: StoredRecord;
  /** From the first cause to the subject. */
  readonly steps: readonly ExplainedStep[];
  /** What came of the subject, oldest first, at most 100. */
  readonly effects: readonly ExplainedStep[];
}

/**
 * Explains a record by its id, or an order by its client order id (then its last fill, or else its last record).
 *
 * @returns undefined when nothing has this id
 */
export function explain(reader: JournalReader, idOrClientOrderId: string): Explanation | undefined {
  const subject = reader.byId(idOrClientOrderId) ?? lastOfOrder(reader, idOrClientOrderId);
  if (subject === undefined) return undefined;
  const instruments = new InstrumentTable(reader);
  const asStep = (record: StoredRecord): ExplainedStep => ({
    kind: "recorded",
    record,
    words: describeRecord(record, (id) => instruments.find(id)),
  });
  const chain = reader.causesFrom(subject);
  const first = chain.at(-1) ?? subject;
  const origins: readonly ExplainedStep[] = unrecordedCausesOf(first).map((id) => ({
    kind: "unrecorded",
    id,
  }));
  return {
    subject,
    steps: [...origins, ...chain.toReversed().map(asStep)],
    effects: reader.effectsFrom(subject, 100).map(asStep),
  };
}

function lastOfOrder(reader: JournalReader, clientOrderId: string): StoredRecord | undefined {
  return reader.last(1, { clientOrderId, kinds: ["fill"] })[0] ?? reader.last(1, { clientOrderId })[0];
}

/** Causes of the oldest record that has any: its own, and those its intent lists. */
function unrecordedCausesOf(record: StoredRecord): readonly string[] {
  const listed = field(record.body, "intent", "causes");
  const causes = Array.isArray(listed) ? listed.filter((cause) => typeof cause === "string") : [];
  const own = record.causeId === undefined ? [] : [record.causeId];
  return [...new Set([...causes.toReversed(), ...own])];
}

/** A value deep in a body that was read back; undefined where the path ends early. */
function field(body: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => {
    if (typeof value !== "object" || value === null) return undefined;
    return Object.getOwnPropertyDescriptor(value, name)?.value;
  }, body);
}

interface Increments {
  readonly tick: Increment;
  readonly lot: Increment;
}

/** Tick and lot sizes as the journal recorded them; each instrument is looked up once. */
class InstrumentTable {
  readonly #reader: JournalReader;
  readonly #known = new Map<string, Increments | undefined>();

  constructor(reader: JournalReader) {
    this.#reader = reader;
  }

  find(instrument: string): Increments | undefined {
    if (!this.#known.has(instrument)) this.#known.set(instrument, this.#read(instrument));
    return this.#known.get(instrument);
  }

  #read(instrument: string): Increments | undefined {
    const body = this.#reader.last(1, { kinds: ["instrument"], instrument })[0]?.body;
    const tick = incrementOf(field(body, "instrument", "tick"));
    const lot = incrementOf(field(body, "instrument", "lot"));
    return tick === undefined || lot === undefined ? undefined : { tick, lot };
  }
}

function incrementOf(value: unknown): Increment | undefined {
  const [text, units, decimals] = ["text", "units", "decimals"].map((name) => field(value, name));
  return typeof text === "string" && typeof units === "number" && typeof decimals === "number"
    ? { text, units, decimals }
    : undefined;
}

const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "?";

/** Whole increments as decimal text; their count where the increment is not known. */
function amount(count: unknown, step: Increment | undefined, unit: string): string {
  if (typeof count !== "number" || !Number.isSafeInteger(count)) return "?";
  return step === undefined ? `${count} ${unit}` : formatIncrements(count, step);
}

const dollars = (value: unknown): string => typeof value === "number" ? `${value.toFixed(2)} USD` : "?";

function termsWords(terms: unknown, increments: Increments | undefined): string {
  const size = amount(field(terms, "sizeLots"), increments?.lot, "lots");
  const limitTicks = field(terms, "pricing", "limitPriceTicks");
  const price = limitTicks === undefined
    ? "at market"
    : `at ${amount(limitTicks, increments?.tick, "ticks")} ${text(field(terms, "pricing", "timeInForce"))}`;
  const flags = [
    field(terms, "reduceOnly") === true ? " reduce-only" : "",
    field(terms, "pricing", "postOnly") === true ? " post-only" : "",
  ].join("");
  return `${text(field(terms, "side"))} ${size} ${text(field(terms, "instrument"))} ${price}${flags}`;
}

function factsWords(facts: unknown): string {
  if (typeof facts !== "object" || facts === null) return "";
  return Object.entries(facts).map(([name, value]) => ` ${name}=${text(value)}`).join("");
}

/** One line about a record; kinds without words of their own get the start of their body. */
function describeRecord(record: StoredRecord, find: (instrument: string) => Increments | undefined): string {
  const { body } = record;
  const increments = record.instrument === undefined ? undefined : find(record.instrument);
  switch (record.kind) {
    case "intent":
      return `${text(record.plugin)} wants to ${termsWords(field(body, "intent"), increments)}`;
    case "refusal":
      return `refused: ${text(field(body, "code"))}${factsWords(field(body, "facts"))}`;
    case "order": {
      const order = field(body, "order");
      const filled = amount(field(order, "filledLots"), increments?.lot, "lots");
      const words = `order ${text(field(body, "event"))}, now ${text(field(order, "status"))}`;
      return `${words}: ${termsWords(order, increments)}, filled ${filled}`;
    }
    case "fill": {
      const fill = field(body, "fill");
      const size = amount(field(fill, "sizeLots"), increments?.lot, "lots");
      const price = amount(field(fill, "priceTicks"), increments?.tick, "ticks");
      const liquidity = text(field(fill, "liquidity"));
      return `filled ${text(field(fill, "side"))} ${size} at ${price} as ${liquidity}`;
    }
    case "position": {
      const position = field(body, "position");
      const held = amount(field(position, "positionLots"), increments?.lot, "lots");
      return `position of ${text(record.plugin)} in ${text(record.instrument)} is now ${held}`;
    }
    case "round_trip": {
      const trade = field(body, "trade");
      const [net, fees] = ["netPnlUsd", "feesUsd"].map((name) => dollars(field(trade, name)));
      return `flat again in ${text(field(trade, "instrument"))}: ${net} after fees of ${fees}`;
    }
    case "leg_group": {
      const phase = text(field(body, "group", "phase", "kind"));
      const legs = ["0", "1"].map((leg) => {
        const one = field(body, "group", "terms", "legs", leg);
        return `${text(field(one, "side"))} ${text(field(one, "instrument"))}`;
      });
      return `leg group ${text(field(body, "event"))}, ${phase}: ${legs.join(", ")}`;
    }
    case "exit_plan": {
      const phase = field(body, "plan", "phase");
      const trigger = field(phase, "trigger") ?? field(phase, "why");
      const words = trigger === undefined ? "" : ` by ${text(trigger)}`;
      return `exit plan ${text(field(body, "event"))}, ${text(field(phase, "kind"))}${words}`;
    }
    case "trigger_order": {
      const { trigger, phase } = {
        trigger: field(body, "order", "trigger"),
        phase: field(body, "order", "phase"),
      };
      const price = amount(field(trigger, "triggerPriceTicks"), increments?.tick, "ticks");
      return `${text(field(trigger, "kind"))} at ${price}, ${text(phase)}`;
    }
    default:
      return JSON.stringify(body).slice(0, 200);
  }
}

/** Lines for a person: time, kind, words, id. */
export function explanationLines(explanation: Explanation): readonly string[] {
  const started = explanation.steps.find((step) => step.kind === "recorded")?.record.tsUs ?? 0;
  const line = (step: ExplainedStep, mark: string): string => {
    if (step.kind === "unrecorded") return `${mark} ${"".padEnd(24)} ${"".padEnd(12)} ${step.id} (not kept)`;
    const { record, words } = step;
    const time = new Date(record.tsUs / 1000).toISOString();
    const after = `+${((record.tsUs - started) / 1000).toFixed(3)} ms`;
    return `${mark} ${time} ${after.padEnd(12)} ${record.kind.padEnd(9)} ${words}  [${record.id}]`;
  };
  return [
    ...explanation.steps.map((step, index) => line(step, index === explanation.steps.length - 1 ? "▶" : "│")),
    ...explanation.effects.map((step) => line(step, "└")),
  ];
}
