/** Log lines about trading: intents, refusals, orders and fills as they are written down, and others' trades. */
import type { EngineSurface } from "../../engine/surface.ts";
import type { JournalBody, JournalEntry } from "../../model/journal_entry.ts";
import { formatMoney } from "../../model/money.ts";
import type { OrderTerms } from "../../model/order.ts";
import { AmountTexts } from "./amount_texts.ts";
import { recordKindAt, recordKinds, recordOffsets } from "../../protocol/records.ts";
import type { HostLog, LogFields, MarketTap } from "../ports.ts";
import { RecordView } from "../record_view.ts";

export interface TradingLogOptions {
  readonly engine: Pick<EngineSurface, "instrument" | "indexOf">;
  readonly log: HostLog;
}

type Of<Kind extends JournalBody["kind"]> = Extract<JournalBody, { readonly kind: Kind }>;

/** Writes a line for each fill (module `fills`, info) and for what leads to it (module `orders`, debug). */
export class TradingLog {
  readonly #options: TradingLogOptions;
  readonly #amounts: AmountTexts;

  constructor(options: TradingLogOptions) {
    this.#options = options;
    this.#amounts = new AmountTexts(options.engine);
  }

  readonly onEntry = ({ body }: JournalEntry): void => {
    switch (body.kind) {
      case "fill":
        return this.#fill(body);
      case "order":
        return this.#order(body);
      case "intent":
        return this.#write("debug", "orders", "intent", {
          plugin: body.intent.plugin,
          ref: body.intent.ref,
          ...this.#terms(body.intent),
        });
      case "refusal":
        return this.#write("debug", "orders", "refused", {
          plugin: body.plugin,
          ref: body.ref,
          instrument: body.instrument,
          code: body.code,
          ...body.facts,
        });
    }
  };

  #fill({ plugin, fill }: Of<"fill">): void {
    const { instrument, side, fillId, liquidity, feeAsset, clientOrderId = "" } = fill;
    this.#write("info", "fills", "filled", {
      plugin,
      instrument,
      side,
      size: this.#amounts.size(instrument, fill.sizeLots),
      price: this.#amounts.price(instrument, fill.priceTicks),
      liquidity,
      fee: formatMoney(fill.fee),
      feeAsset,
      clientOrderId,
      fillId,
    });
  }

  #order({ order, event }: Of<"order">): void {
    const { plugin, clientOrderId, status, reason, venueText, instrument } = order;
    const level = status === "rejected" ? "info" : "debug";
    this.#write(level, "orders", `order ${event}`, {
      plugin,
      clientOrderId,
      status,
      ...this.#terms(order),
      filled: this.#amounts.size(instrument, order.filledLots),
      ...(reason === undefined ? {} : { reason }),
      ...(venueText === undefined ? {} : { venueText }),
    });
  }

  #terms({ instrument, side, sizeLots, reduceOnly, pricing }: OrderTerms): LogFields {
    const price = pricing.kind === "limit"
      ? { price: this.#amounts.price(instrument, pricing.limitPriceTicks), timeInForce: pricing.timeInForce }
      : { price: "market" };
    return { instrument, side, size: this.#amounts.size(instrument, sizeLots), ...price, reduceOnly };
  }

  #write(level: "debug" | "info", source: string, message: string, fields: LogFields): void {
    this.#options.log.write(level, source, message, fields);
  }
}

/** Writes a line for each trade of others (module `trades`, debug); only to be set where these lines are wanted. */
export class TradeLog implements MarketTap {
  readonly #options: TradingLogOptions;
  readonly #view = new RecordView();

  constructor(options: TradingLogOptions) {
    this.#options = options;
  }

  record(index: number, record: Uint8Array, at: number): void {
    const view = this.#view.of(record);
    if (recordKindAt(view, at) !== recordKinds.trade) return;
    const number = (offset: number): number => view.getFloat64(at + offset, true);
    this.#options.log.write("debug", "trades", "trade", {
      instrument: this.#options.engine.instrument(index)?.id ?? String(index),
      takerSide: view.getUint8(at + recordOffsets.flag) === 1 ? "sell" : "buy",
      price: number(recordOffsets.first),
      sizeBase: number(recordOffsets.second),
      tsVenueMs: number(recordOffsets.tsVenueMs),
    });
  }

  book(): void {
    // Only trades are written.
  }
}
