/**
 * Closes plugins' positions by reduce-only market orders in their names: when a plugin ends whose policy says so, and when
 * the operator asks. One order at a time per position, bounded attempts, through the same gate as every order.
 *
 * Where two plugins that are both being closed hold opposite positions on one account, as much of the two as is equal is
 * closed in their books alone, at the mark price and without a fee: at the venue it is nothing. Where the plugin on the
 * other side goes on, the position is closed by an order that leaves the account with what that plugin holds. So it is
 * where something foreign stands on the other side. Where that order may not be sent, as after the kill switch, the venue
 * has nothing of the position to close: it is closed in the books against what is foreign, at the mark price.
 */
import type { CauseId, PluginId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import { isFinalStatus, isResidentStop, type OrderIntent } from "../model/order.ts";
import { priceTicks, sizeLots } from "../model/ticks.ts";
import type { Booked } from "../portfolio/portfolio.ts";
import type { InstrumentIndex } from "./events.ts";
import type { Rooms } from "./rooms.ts";

export interface FlatteningPort {
  /** Sends one order of the host through the gate; what refused it, if anything. */
  submit(intent: OrderIntent): { readonly refusedBy: string | undefined };
  /** A position that changed without a fill. */
  booked(booked: Booked, cause: CauseId): void;
}

interface Job {
  readonly plugin: PluginId;
  readonly index: InstrumentIndex;
  readonly cause: CauseId;
  /** Attempts since the position last became smaller. */
  attempts: number;
  lastLots: number;
  nextUs: number;
  serial: number;
  refusedBy: string | undefined;
}

export class Flattening {
  readonly #rooms: () => Rooms;
  readonly #port: FlatteningPort;
  readonly #jobs = new Map<string, Job>();

  constructor(rooms: () => Rooms, port: FlatteningPort) {
    this.#rooms = rooms;
    this.#port = port;
  }

  get isBusy(): boolean {
    return this.#jobs.size > 0;
  }

  /** Whether a plugin's position is being closed: on one instrument, or on any. */
  isFlattening(plugin: PluginId, index?: InstrumentIndex): boolean {
    if (index !== undefined) return this.#jobs.has(`${plugin}/${index}`);
    return [...this.#jobs.values()].some((job) => job.plugin === plugin);
  }

  /** Starts to close a plugin's position on an instrument; nothing to do when it is flat or being closed. */
  add(plugin: PluginId, index: InstrumentIndex, cause: CauseId): void {
    const { portfolio, time, outbox, instruments } = this.#rooms();
    const key = `${plugin}/${index}`;
    const positionLots = portfolio.positionLots(plugin, index);
    if (positionLots === 0 || this.#jobs.has(key)) return;
    const job: Job = {
      plugin,
      index,
      cause,
      attempts: 0,
      lastLots: positionLots,
      nextUs: time.nowUs,
      serial: 0,
      refusedBy: undefined,
    };
    this.#jobs.set(key, job);
    const instrument = instruments.get(index)?.id ?? "?";
    outbox.notice("FLATTEN_STARTED", { plugin, instrument, positionLots });
    this.#journal(job, "flattening", `${instrument} ${positionLots} lots`);
  }

  tick(): void {
    this.#offset();
    for (const [key, job] of [...this.#jobs]) {
      const end = this.#step(job);
      if (end === undefined) continue;
      this.#jobs.delete(key);
      this.#finish(job, end);
    }
  }

  /** Books that cancel each other out at the venue need no order. */
  #offset(): void {
    const quiet = [...this.#jobs.values()].filter((job) => !this.#hasWorking(job));
    for (const long of quiet) {
      for (const short of quiet) {
        if (long.index === short.index) this.#offsetPair(long, short);
      }
    }
  }

  #offsetPair(long: Job, short: Job): void {
    const { portfolio, instruments, outbox, time } = this.#rooms();
    const { index, cause } = long;
    const lots = Math.min(
      portfolio.positionLots(long.plugin, index),
      -portfolio.positionLots(short.plugin, index),
    );
    const instrument = instruments.get(index)?.id;
    // Nothing is wanted of the price but that it is the same for both: a mark of any age will do.
    const ticks = Math.round(instruments.lastTicks(index));
    if (instrument === undefined || !(lots > 0 && ticks >= 1)) return;
    const [size, price] = [sizeLots(lots), priceTicks(ticks)];
    const plugins = { long: long.plugin, short: short.plugin };
    const id = outbox.nextId("offset");
    outbox.journal(id, cause, time.nowUs, {
      kind: "offset",
      instrument,
      ...plugins,
      sizeLots: size,
      priceTicks: price,
    });
    outbox.notice("POSITIONS_OFFSET", { instrument, ...plugins, sizeLots: size, priceTicks: price });
    for (const booked of portfolio.offset(index, long.plugin, short.plugin, size, price, time.nowUs)) {
      this.#port.booked(booked, id);
    }
  }

  #hasWorking({ plugin, index }: Job): boolean {
    const { orders, instruments } = this.#rooms();
    const instrument = instruments.get(index)?.id;
    return orders.working().some((order) =>
      order.plugin === plugin && order.instrument === instrument && !isFinalStatus(order.status) &&
      !isResidentStop(order) // it stands until the position is gone
    );
  }

  #step(job: Job): "done" | "failed" | undefined {
    const { portfolio, instruments, time, settings } = this.#rooms();
    const instrument = instruments.get(job.index);
    const lots = portfolio.positionLots(job.plugin, job.index);
    if (lots === 0 || instrument === undefined) return "done";
    if (Math.abs(lots) < Math.abs(job.lastLots)) job.attempts = 0;
    job.lastLots = lots;
    if (this.#hasWorking(job) || time.nowUs < job.nextUs) return undefined;
    if (job.attempts >= settings.timing.flattenAttempts) {
      if (!this.#offsetForeign(job, instrument, lots)) return "failed";
      return portfolio.positionLots(job.plugin, job.index) === 0 ? "done" : undefined;
    }
    job.attempts += 1;
    job.serial += 1;
    job.nextUs = time.nowUs + settings.timing.flattenRetryMs * 1000;
    job.refusedBy = this.#port.submit(this.#intent(job, instrument, lots)).refusedBy;
    return undefined;
  }

  /** As much as the account does not hold because of something foreign. */
  #offsetForeign({ plugin, index, cause }: Job, instrument: Instrument, lots: number): boolean {
    const { portfolio, instruments, outbox, accounts, time } = this.#rooms();
    const sign = Math.sign(lots);
    const heldLots = Math.max(0, sign * portfolio.accountPositionLots(index));
    const offsetLots = Math.min(Math.abs(lots) - heldLots, -sign * portfolio.foreignLots(index));
    const ticks = Math.round(instruments.lastTicks(index));
    if (!(offsetLots > 0 && ticks >= 1)) return false;
    const price = priceTicks(ticks);
    const booked = portfolio.offsetForeign(index, plugin, sign * offsetLots, price, time.nowUs);
    if (booked === undefined) return false;
    const { venue, id } = instrument;
    const kind = "position_offset" as const;
    const repair = { kind, instrument: id, plugin, lots: sizeLots(sign * offsetLots), priceTicks: price };
    accounts.get(venue)?.countRepair(kind);
    const entry = outbox.nextId("repair");
    outbox.journal(entry, cause, time.nowUs, { kind: "repair", venue, repair });
    outbox.notice("RECONCILIATION_REPAIR", {
      venue,
      repair: kind,
      instrument: id,
      plugin,
      lots: repair.lots,
    });
    this.#port.booked(booked, entry);
    return true;
  }

  #intent(job: Job, instrument: Instrument, lots: number): OrderIntent {
    const { portfolio, time } = this.#rooms();
    const account = portfolio.accountPositionLots(job.index);
    const reducible = lots > 0 ? account : -account;
    const size = reducible > 0 ? Math.min(Math.abs(lots), reducible) : Math.abs(lots);
    return {
      plugin: job.plugin,
      ref: `flatten_${job.index}_${job.serial}_${time.nowUs}`,
      instrument: instrument.id,
      side: lots > 0 ? "sell" : "buy",
      sizeLots: sizeLots(instrument.maxSizeLots > 0 ? Math.min(size, instrument.maxSizeLots) : size),
      reduceOnly: true,
      pricing: { kind: "market", worstPriceTicks: undefined },
      causes: [job.cause],
    };
  }

  #finish(job: Job, end: "done" | "failed"): void {
    const { portfolio, instruments, outbox } = this.#rooms();
    const instrument = instruments.get(job.index)?.id ?? "?";
    const positionLots = portfolio.positionLots(job.plugin, job.index);
    const facts = { plugin: job.plugin, instrument, positionLots, refusedBy: job.refusedBy ?? "" };
    outbox.notice(end === "done" ? "FLATTEN_DONE" : "FLATTEN_FAILED", facts);
    this.#journal(
      job,
      end === "done" ? "flattened" : "flatten_failed",
      `${instrument} ${positionLots} lots left`,
    );
  }

  #journal(job: Job, change: "flattening" | "flattened" | "flatten_failed", details: string): void {
    const { outbox, time } = this.#rooms();
    const body = { kind: "plugin" as const, plugin: job.plugin, change, details };
    outbox.journal(outbox.nextId("flatten"), job.cause, time.nowUs, body);
  }
}
