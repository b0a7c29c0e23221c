/**
 * Paper trading: the host's own venue in place of the real one's order entry. It gets the engine's requests and the
 * real market data of its venue, and answers as an adapter would. Nothing here can reach a venue.
 */
import type { PaperMarketFeed } from "../../execution/paper/paper_orders.ts";
import { PaperExchange } from "../../execution/paper/paper_exchange.ts";
import type { PaperLedgerState } from "../../execution/paper/paper_ledger.ts";
import type { VenueId } from "../../model/ids.ts";
import { moneyFromNumber } from "../../model/money.ts";
import type { AdapterRequests, EngineDriver } from "../ports.ts";

export interface PaperDeskOptions {
  readonly venue: VenueId;
  readonly driver: EngineDriver;
  /** What the paper account begins with, USD. */
  readonly depositUsd: number;
  /** Tells the ids of one run from those of another. */
  readonly runTag: string;
  /** Where an earlier run left it; undefined for a new account. */
  readonly earlier?: PaperLedgerState | undefined;
  /** Keeps where it stands for a later run, before the engine hears of it. @default nothing is kept */
  readonly keep?: (state: PaperLedgerState) => void;
}

/** What the paper venue can do. */
export const paperCapabilities = {
  amend: false,
  postOnly: true,
  reduceOnly: true,
  fillOrKill: true,
  cancelAll: true,
  deadMansSwitch: false,
  batchOrders: true,
  stopOrders: false,
  takeProfitOrders: false,
  leverage: false,
  isolatedMargin: false,
} as const;

const latencyMs = 20;
const advanceEveryMs = 5;
/** Venues settle in one of several dollars; a paper account counts in one. */
const asset = "USD";

export class PaperDesk {
  readonly #driver: EngineDriver;
  readonly #venue: VenueId;
  readonly #exchange: PaperExchange;
  readonly #keep: (state: PaperLedgerState) => void;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor({ venue, driver, depositUsd, runTag, earlier, keep }: PaperDeskOptions) {
    this.#driver = driver;
    this.#keep = keep ?? (() => undefined);
    this.#venue = venue;
    this.#exchange = new PaperExchange({
      venue,
      asset,
      startingBalance: moneyFromNumber(depositUsd),
      latencyMs,
      runTag,
    });
    if (earlier !== undefined) this.#exchange.restore(earlier);
  }

  /** Where the engine's requests go. */
  readonly request: AdapterRequests = (requestId, message) => {
    if (message.type !== "request") return;
    const { type: _type, requestId: _id, timeoutMs: _timeout, ...request } = message;
    this.#exchange.request(requestId, request, this.#driver.clock.epochUs());
  };

  onInstrument(index: number): void {
    const instrument = this.#driver.engine.instrument(index);
    if (instrument?.venue === this.#venue) this.#exchange.registerInstrument(index, instrument);
  }

  /** Takes the market data that orders are filled against. */
  get market(): PaperMarketFeed {
    return this.#exchange;
  }

  /** Answers by itself from now on, while time passes. */
  open(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.advance(), advanceEveryMs);
  }

  /** Its market data ended: the account and its orders stay, nothing is filled until there is data again. */
  close(): void {
    clearInterval(this.#timer);
    this.#exchange.forgetMarkets();
  }

  /** Tells the engine what has reached it by now. */
  advance(): void {
    const events = this.#exchange.advance(this.#driver.clock.epochUs());
    const state = this.#exchange.takeChangedState();
    if (state !== undefined) this.#keep(state);
    for (const event of events) this.#driver.dispatch(event);
  }

  /** When {@link advance} will next have something to tell. */
  nextDueUs(): number {
    return this.#exchange.nextDueUs();
  }
}

/** One desk a venue for the whole run: an adapter that is started anew finds account and orders as they were. */
export function paperDesks(
  options: Pick<PaperDeskOptions, "driver" | "depositUsd" | "runTag"> & {
    readonly earlier: (venue: VenueId) => PaperLedgerState | undefined;
    readonly keep: (venue: VenueId, state: PaperLedgerState) => void;
  },
): (venue: VenueId) => PaperDesk {
  const { earlier, keep } = options;
  const desks = new Map<VenueId, PaperDesk>();
  return (venue) => {
    const known = desks.get(venue);
    if (known !== undefined) return known;
    const desk = new PaperDesk({
      ...options,
      venue,
      earlier: earlier(venue),
      keep: (state) => keep(venue, state),
    });
    desks.set(venue, desk);
    return desk;
  };
}
