/**
 * OKX's public channels as quotes, trades, books, marks. The frequent ones (bbo-tbt, tickers, books5, trades) are read
 * by hand: a look at the fields that are used, a count of what does not fit, no schema in the way.
 */
import * as v from "valibot";
import type { BookLevel, Publish } from "@berth/sdk";
import { BookChecker } from "./book_rules.ts";
import {
  baseOfContract,
  type InstrumentBook,
  type OkxInstrument,
  parseContracts,
  parsePrice,
} from "./instruments.ts";
import { bookRowSchema, isRecord, numberOf } from "./wire.ts";

/** An instrument with what the hot path needs of it, in one place. */
interface Route {
  readonly one: OkxInstrument;
  readonly index: number;
  readonly contractBase: number;
  readonly book: BookChecker;
  markPrice: number;
  indexPrice: number;
  fundingRate: number;
  tsNextFundingMs: number;
}

export interface MarketDataCounts {
  updates: number;
  gaps: number;
  misfits: number;
}

export interface MarketDataOptions {
  readonly publish: Publish;
  readonly instruments: InstrumentBook;
  /** A book lost its sequence: subscribe anew. */
  readonly onBookGap: (instId: string) => void;
  readonly onLatency: (latencyMs: number) => void;
}

export class MarketDataReader {
  readonly #options: MarketDataOptions;
  readonly #routes = new Map<string, Route>();
  readonly #byIndexId = new Map<string, Route[]>();
  readonly counts: MarketDataCounts = { updates: 0, gaps: 0, misfits: 0 };

  constructor(options: MarketDataOptions) {
    this.#options = options;
  }

  add(one: OkxInstrument, index: number): void {
    const contractBase = baseOfContract(one);
    const unstated = { markPrice: NaN, indexPrice: NaN, fundingRate: NaN, tsNextFundingMs: NaN };
    const route: Route = { one, index, contractBase, book: new BookChecker(), ...unstated };
    this.#routes.set(one.instId, route);
    const indexId = indexIdOf(one);
    this.#byIndexId.set(indexId, [...(this.#byIndexId.get(indexId) ?? []), route]);
  }

  /** The connection is gone: books that were whole are so no longer. */
  invalidateBooks(nowUs: number): void {
    for (const route of this.#routes.values()) {
      if (!route.book.isValid) continue;
      route.book.reset();
      const instrument = route.one.instrument.id;
      this.#options.publish.book({
        instrument,
        kind: "invalid",
        bids: [],
        asks: [],
        tsVenueMs: nowUs / 1000,
        tsRecvUs: nowUs,
      });
    }
  }

  /** One parsed frame with `arg` and `data`. */
  onFrame(frame: Readonly<Record<string, unknown>>, tsRecvUs: number): void {
    const { arg, data } = frame;
    if (!isRecord(arg) || !Array.isArray(data)) return this.#misfit();
    const { channel, instId } = arg;
    if (channel === "index-tickers") return this.#onIndex(instId, data[0], tsRecvUs);
    const route = typeof instId === "string" ? this.#routes.get(instId) : undefined;
    if (route === undefined) return this.#misfit();
    switch (channel) {
      case "tickers":
        for (const row of data) this.#onTicker(route, row, tsRecvUs);
        return;
      case "bbo-tbt":
      case "books5":
        for (const row of data) this.#onTop(route, row, tsRecvUs);
        return;
      case "trades":
        for (const row of data) this.#onTrade(route, row, tsRecvUs);
        return;
      case "books":
        for (const row of data) this.#onBook(route, frame["action"], row, tsRecvUs);
        return;
      case "mark-price":
      case "funding-rate":
        for (const row of data) this.#onMark(route, row, tsRecvUs);
        return;
      default:
        return this.#misfit();
    }
  }

  #misfit(): void {
    this.counts.misfits += 1;
  }

  #onTicker(route: Route, row: unknown, tsRecvUs: number): void {
    if (!isRecord(row)) return this.#misfit();
    this.#quote(
      route,
      numberOf(row["bidPx"]),
      numberOf(row["bidSz"]),
      numberOf(row["askPx"]),
      numberOf(row["askSz"]),
      numberOf(row["ts"]),
      tsRecvUs,
    );
  }

  #onTop(route: Route, row: unknown, tsRecvUs: number): void {
    if (!isRecord(row) || !Array.isArray(row["bids"]) || !Array.isArray(row["asks"])) return this.#misfit();
    const bid: unknown = row["bids"][0];
    const ask: unknown = row["asks"][0];
    const bidPrice = Array.isArray(bid) ? numberOf(bid[0]) : NaN;
    const bidContracts = Array.isArray(bid) ? numberOf(bid[1]) : NaN;
    const askPrice = Array.isArray(ask) ? numberOf(ask[0]) : NaN;
    const askContracts = Array.isArray(ask) ? numberOf(ask[1]) : NaN;
    this.#quote(route, bidPrice, bidContracts, askPrice, askContracts, numberOf(row["ts"]), tsRecvUs);
  }

  #quote(
    route: Route,
    bidPrice: number,
    bidContracts: number,
    askPrice: number,
    askContracts: number,
    tsVenueMs: number,
    tsRecvUs: number,
  ): void {
    if (!(tsVenueMs > 0)) return this.#misfit();
    this.counts.updates += 1;
    this.#options.onLatency(tsRecvUs / 1000 - tsVenueMs);
    const hasBid = bidPrice > 0 && bidContracts > 0;
    const hasAsk = askPrice > 0 && askContracts > 0;
    this.#options.publish.quote(
      route.index,
      hasBid ? bidPrice : NaN,
      hasBid ? bidContracts * route.contractBase : 0,
      hasAsk ? askPrice : NaN,
      hasAsk ? askContracts * route.contractBase : 0,
      tsVenueMs,
      tsRecvUs,
      "stream",
    );
  }

  #onTrade(route: Route, row: unknown, tsRecvUs: number): void {
    if (!isRecord(row)) return this.#misfit();
    const price = numberOf(row["px"]);
    const contracts = numberOf(row["sz"]);
    const tsVenueMs = numberOf(row["ts"]);
    const { side } = row;
    if (!(price > 0 && contracts > 0 && tsVenueMs > 0) || (side !== "buy" && side !== "sell")) {
      return this.#misfit();
    }
    this.counts.updates += 1;
    this.#options.publish.trade(
      route.index,
      side,
      price,
      contracts * route.contractBase,
      tsVenueMs,
      tsRecvUs,
    );
  }

  #onMark(route: Route, row: unknown, tsRecvUs: number): void {
    if (!isRecord(row)) return this.#misfit();
    if ("markPx" in row) route.markPrice = numberOf(row["markPx"]);
    if ("fundingRate" in row) {
      route.fundingRate = numberOf(row["fundingRate"]);
      route.tsNextFundingMs = numberOf(row["fundingTime"]);
    }
    this.#publishMark(route, numberOf(row["ts"]), tsRecvUs);
  }

  #onIndex(instId: unknown, row: unknown, tsRecvUs: number): void {
    if (!isRecord(row)) return this.#misfit();
    for (const route of this.#byIndexId.get(String(instId)) ?? []) {
      route.indexPrice = numberOf(row["idxPx"]);
      this.#publishMark(route, numberOf(row["ts"]), tsRecvUs);
    }
  }

  #publishMark(route: Route, tsVenueMs: number, tsRecvUs: number): void {
    if (!(tsVenueMs > 0)) return this.#misfit();
    const { index, markPrice, indexPrice, fundingRate, tsNextFundingMs } = route;
    this.#options.publish.mark(
      index,
      markPrice,
      indexPrice,
      fundingRate,
      tsNextFundingMs,
      tsVenueMs,
      tsRecvUs,
    );
  }

  #onBook(route: Route, action: unknown, row: unknown, tsRecvUs: number): void {
    const parsed = v.safeParse(bookRowSchema, row);
    if (!parsed.success) return this.#misfit();
    const verdict = route.book.take(action === "snapshot", parsed.output);
    if (verdict === "heartbeat" || verdict === "ignore") return;
    const instrument = route.one.instrument.id;
    const tsVenueMs = Number(parsed.output.ts);
    if (verdict === "gap") {
      this.counts.gaps += 1;
      this.#options.publish.book({ instrument, kind: "invalid", bids: [], asks: [], tsVenueMs, tsRecvUs });
      return this.#options.onBookGap(route.one.instId);
    }
    try {
      const levels = (side: readonly (readonly string[])[]): readonly BookLevel[] =>
        side.map(([price = "", size = ""]) => ({
          priceTicks: parsePrice(price, route.one),
          sizeLots: parseContracts(size, route.one),
        }));
      const { bids, asks } = parsed.output;
      this.#options.publish.book({
        instrument,
        kind: verdict,
        bids: levels(bids),
        asks: levels(asks),
        tsVenueMs,
        tsRecvUs,
      });
      this.counts.updates += 1;
    } catch {
      this.#misfit(); // a level off the tick: the instrument's metadata is older than the book
    }
  }
}

/** The index that a swap follows: `BTC-USDT`. */
export function indexIdOf(one: OkxInstrument): string {
  const [base = "", quote = ""] = one.instId.split("-");
  return `${base}-${quote}`;
}
