/**
 * Stop and take-profit orders of the simulated OKX (ordType `conditional`): kept beside the book until the mark or the
 * last price reaches them, then placed as an ordinary order that carries their ids.
 */
import type { SimulatedVenue } from "../../simulation/ports.ts";
import { listingOf, type OkxListing, parseContracts, parsePrice, timeText } from "./listing.ts";
import type { Fields, ItemAnswer, OrderEntry } from "./order_entry.ts";

export type AlgoState = "live" | "effective" | "canceled" | "order_failed";

interface Algo {
  readonly algoId: string;
  readonly algoClOrdId: string;
  readonly fields: Fields;
  readonly one: OkxListing;
  readonly isStop: boolean;
  readonly triggerPrice: number;
  readonly priceType: "mark" | "last" | "index";
  state: AlgoState;
  ordId: string;
  failCode: string;
  readonly tsCreatedMs: number;
  tsUpdatedMs: number;
}

export interface AlgoAnswer extends Pick<ItemAnswer, "sCode" | "sMsg"> {
  readonly algoId: string;
  readonly algoClOrdId: string;
  readonly clOrdId: string;
  readonly tag: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const maxKept = 2_000;

/** Client ids of orders that came of a trigger order; no client's own has such a sign in it. */
const spawnedId = (algoId: string, algoClOrdId: string): string => `~${algoId}~${algoClOrdId}`;
/** The trigger order that an order came of. */
export function spawnedBy(
  clientOrderId: string,
): { readonly algoId: string; readonly algoClOrdId: string } | undefined {
  if (!clientOrderId.startsWith("~")) return undefined;
  const [, algoId = "", algoClOrdId = ""] = clientOrderId.split("~");
  return { algoId, algoClOrdId };
}

export class AlgoOrders {
  readonly #venue: SimulatedVenue;
  readonly #entry: OrderEntry;
  readonly #algos = new Map<string, Algo>();
  readonly #listeners = new Set<(row: Readonly<Record<string, unknown>>) => void>();
  readonly #stop: () => void;
  #lastId = 0;

  constructor(venue: SimulatedVenue, entry: OrderEntry) {
    this.#venue = venue;
    this.#entry = entry;
    this.#stop = venue.subscribe((event) => {
      if (event.kind === "mark") {
        this.#look(event.mark.symbol, "mark", event.mark.markPrice);
        this.#look(event.mark.symbol, "index", event.mark.indexPrice);
      }
      if (event.kind === "trade") {
        const one = this.#listing(event.trade.symbol);
        if (one !== undefined) {
          this.#look(event.trade.symbol, "last", event.trade.priceTicks * Number(one.tick.text));
        }
      }
    });
  }

  stop(): void {
    this.#stop();
  }

  /** Rows as they change. */
  subscribe(listener: (row: Readonly<Record<string, unknown>>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  place(fields: Fields): AlgoAnswer {
    const algoClOrdId = text(fields["algoClOrdId"]);
    const refuse = (sCode: string, sMsg: string): AlgoAnswer => ({
      algoId: "",
      algoClOrdId,
      clOrdId: "",
      tag: "",
      sCode,
      sMsg,
    });
    const one = listingOf(text(fields["instId"]));
    if (one === undefined) return refuse("51001", "Instrument ID doesn't exist.");
    if (!/^[A-Za-z0-9]{0,32}$/.test(algoClOrdId)) return refuse("51000", "Parameter algoClOrdId error");
    if (algoClOrdId !== "" && [...this.#algos.values()].some((algo) => algo.algoClOrdId === algoClOrdId)) {
      return refuse("51065", "algoClOrdId already exists.");
    }
    if (fields["ordType"] !== "conditional") return refuse("51000", "Parameter ordType error");
    const isStop = text(fields["slTriggerPx"]) !== "";
    const prefix = isStop ? "sl" : "tp";
    const triggerPx = text(fields[`${prefix}TriggerPx`]);
    const ordPx = text(fields[`${prefix}OrdPx`]);
    const priceType = text(fields[`${prefix}TriggerPxType`]) || "last";
    if (priceType !== "mark" && priceType !== "last" && priceType !== "index") {
      return refuse("51000", `Parameter ${prefix}TriggerPxType error`);
    }
    try {
      if (!(parsePrice(triggerPx, one) > 0)) return refuse("51000", `Parameter ${prefix}TriggerPx error`);
      if (ordPx !== "-1" && !(parsePrice(ordPx, one) > 0)) {
        return refuse("51000", `Parameter ${prefix}OrdPx error`);
      }
    } catch {
      return refuse("51000", `Parameter ${prefix}TriggerPx error`); // off the tick
    }
    try {
      if (!(parseContracts(text(fields["sz"]), one) > 0)) return refuse("51020", "sz is below the minimum");
    } catch {
      return refuse("51121", "Order quantity must be a multiple of the lot size.");
    }
    const fault = this.#entry.faultOf(this.#ordinary(fields, one, ordPx, ""), one);
    if (fault !== undefined) return refuse(fault.code, fault.msg);
    const nowMs = this.#venue.clock.nowMs();
    const algo: Algo = {
      algoId: String(nowMs * 1_000 + ++this.#lastId).split(".")[0] ?? "",
      algoClOrdId,
      fields,
      one,
      isStop,
      triggerPrice: Number(triggerPx),
      priceType,
      state: "live",
      ordId: "",
      failCode: "",
      tsCreatedMs: nowMs,
      tsUpdatedMs: nowMs,
    };
    this.#algos.set(algo.algoId, algo);
    for (const [id, { state }] of this.#algos) {
      if (this.#algos.size <= maxKept) break;
      if (state !== "live") this.#algos.delete(id);
    }
    this.#tell(algo);
    return { algoId: algo.algoId, algoClOrdId, clOrdId: "", tag: "", sCode: "0", sMsg: "" };
  }

  cancel(fields: Fields): AlgoAnswer {
    const algo = this.#find(fields);
    const algoClOrdId = text(fields["algoClOrdId"]);
    if (algo === undefined || algo.state !== "live") {
      const sMsg = "Cancellation failed as the order doesn't exist.";
      return { algoId: algo?.algoId ?? "", algoClOrdId, clOrdId: "", tag: "", sCode: "51400", sMsg };
    }
    this.#change(algo, "canceled");
    return { algoId: algo.algoId, algoClOrdId: algo.algoClOrdId, clOrdId: "", tag: "", sCode: "0", sMsg: "" };
  }

  /** Rows that wait, newest first. */
  pending(query: URLSearchParams): readonly Readonly<Record<string, unknown>>[] {
    const instId = query.get("instId");
    const after = Number(query.get("after") ?? Infinity);
    return [...this.#algos.values()]
      .filter((algo) => algo.state === "live" && (instId === null || algo.one.instId === instId))
      .filter((algo) => Number(algo.algoId) < after).toReversed().map(rowOf);
  }

  /** Client ids of those that wait. */
  waiting(): readonly string[] {
    return [...this.#algos.values()].filter(({ state }) => state === "live").map(({ algoClOrdId }) =>
      algoClOrdId
    );
  }

  row(fields: Fields): Readonly<Record<string, unknown>> | undefined {
    const algo = this.#find(fields);
    return algo === undefined ? undefined : rowOf(algo);
  }

  #find(fields: Fields): Algo | undefined {
    const algoId = text(fields["algoId"]);
    if (algoId !== "") return this.#algos.get(algoId);
    const algoClOrdId = text(fields["algoClOrdId"]);
    return [...this.#algos.values()].find((algo) => algoClOrdId !== "" && algo.algoClOrdId === algoClOrdId);
  }

  #listing(symbol: string): OkxListing | undefined {
    const instrument = this.#venue.instrument(symbol);
    return instrument === undefined ? undefined : listingOf(instrument.venueSymbol);
  }

  /** A stop sells below its price and buys above it, a take-profit the other way round. */
  #look(symbol: string, priceType: Algo["priceType"], price: number): void {
    for (const algo of this.#algos.values()) {
      if (algo.state !== "live" || algo.priceType !== priceType || algo.one.simulated.symbol !== symbol) {
        continue;
      }
      const isBelow = (algo.fields["side"] === "sell") === algo.isStop;
      if (isBelow ? price <= algo.triggerPrice : price >= algo.triggerPrice) this.#trigger(algo);
    }
  }

  #trigger(algo: Algo): void {
    // What is in the middle of a match is placed after it.
    algo.state = "effective";
    this.#venue.clock.schedule(0, () => {
      const ordPx = text(algo.fields[algo.isStop ? "slOrdPx" : "tpOrdPx"]);
      const id = spawnedId(algo.algoId, algo.algoClOrdId);
      const answer = this.#entry.placeSpawned(this.#ordinary(algo.fields, algo.one, ordPx, ""), id);
      algo.ordId = answer.ordId;
      algo.failCode = answer.sCode === "0" ? "" : answer.sCode;
      this.#change(algo, answer.sCode === "0" ? "effective" : "order_failed");
    });
  }

  #ordinary(fields: Fields, one: OkxListing, ordPx: string, clOrdId: string): Fields {
    return {
      instId: one.instId,
      tdMode: fields["tdMode"],
      side: fields["side"],
      posSide: fields["posSide"],
      reduceOnly: fields["reduceOnly"],
      sz: fields["sz"],
      clOrdId,
      ...(ordPx === "-1" ? { ordType: "market" } : { ordType: "limit", px: ordPx }),
    };
  }

  #change(algo: Algo, state: AlgoState): void {
    algo.state = state;
    algo.tsUpdatedMs = this.#venue.clock.nowMs();
    this.#tell(algo);
  }

  #tell(algo: Algo): void {
    const row = rowOf(algo);
    for (const listener of this.#listeners) listener(row);
  }
}

function rowOf(algo: Algo): Readonly<Record<string, unknown>> {
  const { fields } = algo;
  return {
    instType: "SWAP",
    instId: algo.one.instId,
    ordType: "conditional",
    algoId: algo.algoId,
    algoClOrdId: algo.algoClOrdId,
    clOrdId: "",
    ordId: algo.ordId,
    ordIdList: algo.ordId === "" ? [] : [algo.ordId],
    side: fields["side"],
    posSide: text(fields["posSide"]) || "net",
    tdMode: fields["tdMode"],
    sz: fields["sz"],
    state: algo.state,
    reduceOnly: String(fields["reduceOnly"] === true || fields["reduceOnly"] === "true"),
    slTriggerPx: text(fields["slTriggerPx"]),
    slTriggerPxType: text(fields["slTriggerPxType"]),
    slOrdPx: text(fields["slOrdPx"]),
    tpTriggerPx: text(fields["tpTriggerPx"]),
    tpTriggerPxType: text(fields["tpTriggerPxType"]),
    tpOrdPx: text(fields["tpOrdPx"]),
    triggerPx: "",
    ordPx: "",
    actualSide: algo.state === "effective" ? (algo.isStop ? "sl" : "tp") : "",
    failCode: algo.failCode,
    cTime: timeText(algo.tsCreatedMs),
    uTime: timeText(algo.tsUpdatedMs),
  };
}
