/**
 * Carries out what the engine decides: journal, requests to adapters, messages to plugins, notices. The engine itself
 * does no I/O; this is the only place where its outputs become acts.
 *
 * Invariant: a request that is marked `afterJournal` leaves only when everything journalled before it is durable.
 */
import type {
  EngineEvent,
  EngineOutput,
  NoticeCode,
  PluginNotice,
  ShutdownRemains,
} from "../engine/events.ts";
import type { EngineSurface } from "../engine/surface.ts";
import type { JournalWriter } from "../journal/writer.ts";
import type { Fill } from "../model/account.ts";
import type { Clock } from "../model/clock.ts";
import { type InstrumentId, parseInstrumentId, venueOf } from "../model/ids.ts";
import type { Facts, JournalBody, JournalEntry, PluginPosition } from "../model/journal_entry.ts";
import type { KillReport } from "../model/kill_report.ts";
import { isTriggerEnded } from "../model/trigger_order.ts";
import type { HostMessage } from "../protocol/messages.ts";
import { refusalText } from "../model/refusals.ts";
import type { SandboxProcess } from "../sandbox/sandbox.ts";
import { noticeText } from "./observers/notice_texts.ts";
import type { AdapterRequests, EngineDriver, HostLog, MarketTap } from "./ports.ts";

export interface EngineDriverOptions {
  readonly engine: EngineSurface;
  readonly clock: Clock;
  readonly journal: JournalWriter;
  readonly log: HostLog;
  readonly onNotice: (
    severity: "info" | "warning" | "critical",
    code: NoticeCode,
    text: string,
    facts: Facts,
  ) => void;
  readonly onKillReport?: (report: KillReport) => void;
  readonly onShutdownComplete: (remains: ShutdownRemains) => void;
  /** Called for each new order and each fill, for the counts of the display. */
  readonly onOrder: () => void;
  readonly onFill: (plugin: string, fill: Fill) => void;
  readonly onPosition: (position: PluginPosition) => void;
  /** Called for everything that is written down, after it was handed to the journal. */
  readonly onEntry?: (entry: JournalEntry) => void;
  /** The journal can't be written: nothing may be sent any more. */
  readonly onJournalLost: (error: unknown) => void;
}

const levels = { info: "info", warning: "warn", critical: "error" } as const;

export class Driver implements EngineDriver {
  readonly engine: EngineSurface;
  readonly clock: Clock;
  /** Whoever takes the market data down. */
  readonly taps: MarketTap[] = [];
  readonly #options: EngineDriverOptions;
  /** By subscriber number. */
  readonly #processes: (SandboxProcess | undefined)[] = [];
  readonly #byPlugin = new Map<string, SandboxProcess>();
  readonly #adapters = new Map<string, AdapterRequests>();
  /** One chain a venue: requests stay in order though some wait for the journal. */
  readonly #chains = new Map<string, Promise<void>>();

  constructor(options: EngineDriverOptions) {
    this.#options = options;
    this.engine = options.engine;
    this.clock = options.clock;
  }

  dispatch(event: EngineEvent): void {
    if (event.kind === "book") { for (const tap of this.taps) tap.book(event.update); }
    const outputs = this.engine.handle(event, this.clock.monotonicMs() * 1000);
    for (const output of outputs) this.#carryOut(output);
  }

  attachStrategy(plugin: string, subscriber: number, process: SandboxProcess | undefined): void {
    this.#processes[subscriber] = process;
    if (process === undefined) this.#byPlugin.delete(plugin);
    else this.#byPlugin.set(plugin, process);
  }

  attachAdapter(venue: string, sendRequest: AdapterRequests | undefined): void {
    if (sendRequest === undefined) this.#adapters.delete(venue);
    else this.#adapters.set(venue, sendRequest);
  }

  route(index: number, kind: "quotes" | "trades" | "marks", record: Uint8Array, at: number): void {
    const { taps } = this;
    if (taps.length > 0) { for (const tap of taps) tap.record(index, record, at); }
    for (const subscriber of this.engine.router.subscribers(index, kind)) {
      this.#processes[subscriber]?.push(index, record, at);
    }
  }

  /** Resolves when no request waits for the journal any more. */
  async settled(): Promise<void> {
    while (this.#chains.size > 0) await Promise.all(this.#chains.values());
  }

  #carryOut(output: EngineOutput): void {
    switch (output.kind) {
      case "journal":
        return this.#journal(output.entry);
      case "adapter_request":
        return this.#request(output);
      case "to_plugin": {
        const process = this.#byPlugin.get(output.plugin);
        process?.send(pluginMessage(output.message));
        return;
      }
      case "notice": {
        const text = noticeText(output.code, output.facts);
        this.#options.log.write(levels[output.severity], "engine", text, { code: output.code });
        return this.#options.onNotice(output.severity, output.code, text, output.facts);
      }
      case "kill_report":
        return this.#options.onKillReport?.(output.report);
      case "shutdown_complete":
        return this.#options.onShutdownComplete(output.remains);
      default:
        return output satisfies never;
    }
  }

  #journal(entry: JournalEntry): void {
    const { journal } = this.#options;
    const { body } = entry;
    journal.append({
      id: entry.id,
      causeId: entry.cause,
      kind: body.kind,
      tsUs: entry.tsUs,
      ...columnsOf(body),
      body,
    });
    keepState(journal, body);
    if (body.kind === "order" && body.event === "created") this.#options.onOrder();
    if (body.kind === "fill") this.#options.onFill(body.plugin, body.fill);
    if (body.kind === "position") this.#options.onPosition(body.position);
    this.#options.onEntry?.(entry);
  }

  #request(output: Extract<EngineOutput, { readonly kind: "adapter_request" }>): void {
    const { venue, requestId, request, timeoutMs } = output;
    const send = (): void =>
      this.#adapters.get(venue)?.(requestId, { type: "request", requestId, timeoutMs, ...request });
    const waiting = this.#chains.get(venue);
    if (!output.afterJournal && waiting === undefined) return send();
    const durable = output.afterJournal ? this.#options.journal.durable() : Promise.resolve();
    const chain = Promise.all([waiting, durable]).then(send).catch((error: unknown) =>
      this.#options.onJournalLost(error)
    ).then(() => {
      if (this.#chains.get(venue) === chain) this.#chains.delete(venue);
    });
    this.#chains.set(venue, chain);
  }
}

/** The engine's word as the plugin's channel carries it; a refusal's text is made here, at the edge. */
export function pluginMessage(message: PluginNotice): HostMessage {
  return message.type === "refused" || message.type === "amend_refused"
    ? { ...message, text: refusalText(message.code, message.facts) }
    : message;
}

interface Columns {
  readonly plugin?: string;
  readonly venue?: string;
  readonly instrument?: string;
  readonly clientOrderId?: string;
}

const instrumentColumns = (instrument: InstrumentId): Columns => ({ instrument, venue: venueOf(instrument) });

/** What a record is found by. */
function columnsOf(body: JournalBody): Columns {
  switch (body.kind) {
    case "instrument":
      return instrumentColumns(body.instrument.id);
    case "plugin":
      return { plugin: body.plugin };
    case "intent":
      return { plugin: body.intent.plugin, ...instrumentColumns(body.intent.instrument) };
    case "leg_group":
      return { plugin: body.group.plugin };
    case "trigger_order":
      return { plugin: body.order.intent.plugin, ...instrumentColumns(body.order.intent.instrument) };
    case "exit_plan":
      return { plugin: body.plan.plugin, ...instrumentColumns(body.plan.instrument) };
    case "refusal":
      return { plugin: body.plugin, ...instrumentColumns(body.instrument) };
    case "order":
      return {
        plugin: body.order.plugin,
        clientOrderId: body.order.clientOrderId,
        ...instrumentColumns(body.order.instrument),
      };
    case "fill":
      return {
        plugin: body.plugin,
        ...(body.fill.clientOrderId === undefined ? {} : { clientOrderId: body.fill.clientOrderId }),
        ...instrumentColumns(body.fill.instrument),
      };
    case "offset":
      return instrumentColumns(body.instrument);
    case "foreign_fill":
      return instrumentColumns(body.fill.instrument);
    case "funding":
      return instrumentColumns(body.payment.instrument);
    case "position":
      return { plugin: body.position.plugin, ...instrumentColumns(body.position.instrument) };
    case "round_trip":
      return { plugin: body.plugin, ...instrumentColumns(parseInstrumentId(body.trade.instrument)) };
    case "foreign_order":
    case "take_over":
    case "request":
    case "repair":
      return { venue: body.venue };
    case "trading_state":
    case "limits":
    case "market_limits":
    case "kill_report":
    case "operator":
      return {};
    default:
      return body satisfies never;
  }
}

const doneStatuses: ReadonlySet<string> = new Set(["filled", "cancelled", "rejected", "expired"]);

/** Keeps beside the records what a restart needs without reading them all. */
function keepState(journal: JournalWriter, body: JournalBody): void {
  if (body.kind === "order") {
    const { order } = body;
    journal.keep("order", order.clientOrderId, doneStatuses.has(order.status) ? undefined : order);
    // The engine counts its own; the journal's counter follows, so that no number is used twice after a crash.
    if (body.event === "created") journal.nextCounter("order");
  }
  if (body.kind === "trigger_order") {
    const { order } = body;
    journal.keep("trigger_order", order.id, isTriggerEnded(order) ? undefined : order);
  }
  if (body.kind === "exit_plan") {
    const { plan } = body;
    journal.keep("exit_plan", plan.id, plan.phase.kind === "ended" ? undefined : plan);
  }
  if (body.kind === "leg_group") {
    const { group } = body;
    journal.keep("leg_group", group.id, group.phase.kind === "ended" ? undefined : group);
  }
  if (body.kind === "position") {
    journal.keep("position", `${body.position.plugin}/${body.position.instrument}`, body.position);
  }
  if (body.kind === "round_trip") {
    journal.keep("trades", body.plugin, { plugin: body.plugin, sums: body.sums });
  }
  if (body.kind === "take_over") journal.keep("take_over", body.tag, body.tag);
  if (body.kind === "market_limits") journal.keep("market_limits", "all", body);
  if (body.kind === "limits") journal.keep("limits", JSON.stringify(body.scope), body);
  if (body.kind === "trading_state") journal.keep("trading_state", JSON.stringify(body.scope), body);
}
