/**
 * The scalper: one signal a closed bar and symbol, one position a symbol, exits held by the host. A position is what
 * was filled, never an order that was sent.
 */
import {
  type ExitOptions,
  type FillView,
  type Instrument,
  type InstrumentId,
  type OrderView,
  type PanelOptions,
  type PositionView,
  type Strategy,
  type StrategyContext,
  type Trade,
  TradeRecord,
} from "@berth/sdk";
import { analystUrl, askAnalyst, type Opinion } from "./analyst.ts";
import { positionNotional, type Preflight, preflight, roePercent, roeToMoveBps } from "./economics.ts";
import { MarketWatch } from "./market_watch.ts";
import { planLine, readingsShown, SignalLog } from "./panel.ts";
import { type ScalperSettings, settings, signalSettings } from "./settings.ts";
import type { Signal, signalOf } from "./signal.ts";

type Context = StrategyContext<typeof settings>;

/** What may be replaced in a copy of this plugin. */
export interface ScalperHooks {
  /** Makes the signal of a closed bar. */
  readonly signal: typeof signalOf;
  /** Says how a new position is to end. */
  readonly exits: typeof exitsOf;
  /** Reaches the analyst. */
  readonly send: typeof fetch;
}

interface OpenTrade {
  readonly side: "buy" | "sell";
  readonly openedMs: number;
}

/** A position's sums when it was last flat: what came since belongs to the trade that is open. */
interface FlatSums {
  readonly realizedPnl: number;
  readonly feesPaid: number;
}

interface Watched {
  readonly id: InstrumentId;
  readonly watch: MarketWatch;
  /** Ref of the entry order that is working. */
  entry: string | undefined;
  isAsking: boolean;
  trade: OpenTrade | undefined;
  flat: FlatSums;
  blockedUntilMs: number;
}

const minuteMs = 60_000;
const beatMs = 1_000;
/** Room for the closing order, in bps beyond the best price. */
const exitCapBps = 20;

export class Scalper implements Strategy {
  readonly #ctx: Context;
  readonly #hooks: ScalperHooks;
  readonly #watched = new Map<InstrumentId, Watched>();
  readonly #record: TradeRecord;
  readonly #shown = new Map<string, number>();
  readonly #signals = new SignalLog();
  #ticks = 0;
  #isStopping = false;

  constructor(ctx: Context, hooks: ScalperHooks) {
    this.#ctx = ctx;
    this.#hooks = hooks;
    this.#record = new TradeRecord(ctx.state.saved() ?? undefined);
  }

  onStart(): void {
    this.#follow();
    this.#ctx.time.every(beatMs, () => this.#beat());
  }

  onTrade(trade: Trade): void {
    this.#watched.get(trade.instrument)?.watch.processTrade(trade);
  }

  onOrder(order: OrderView): void {
    if (!order.isDone) return;
    const watched = this.#watched.get(order.instrument);
    if (watched?.entry !== order.ref) return;
    watched.entry = undefined;
    if (order.status === "refused") {
      this.#ctx.log.warn("entry refused", { code: order.reason, why: order.text });
    }
  }

  onFill(fill: FillView): void {
    this.#ctx.log.info("fill", {
      instrument: fill.instrument,
      side: fill.side,
      price: fill.price,
      size: fill.sizeBase,
    });
  }

  onPosition(position: PositionView): void {
    const watched = this.#watched.get(position.instrument);
    if (watched === undefined) return;
    const { sizeBase } = position;
    if (sizeBase !== 0) {
      watched.trade ??= { side: sizeBase > 0 ? "buy" : "sell", openedMs: this.#ctx.time.epochMs() };
      return;
    }
    if (watched.trade !== undefined) this.#closed(watched, watched.trade, position);
    watched.flat = position;
  }

  onSettings(): void {
    this.#ctx.log.info("settings changed", { interval: this.#ctx.settings.interval });
    this.#watched.clear();
    this.#follow();
  }

  onStop(): void {
    this.#isStopping = true;
    for (const { entry } of this.#watched.values()) if (entry !== undefined) this.#ctx.orders.cancel(entry);
  }

  /** Begins with every listed symbol: bars of the past, and what the settings mean there. */
  #follow(): void {
    const { settings: values, instruments } = this.#ctx;
    for (const symbol of values.symbols) {
      for (const instrument of instruments.bySymbol(symbol)) {
        if (this.#watched.has(instrument.id)) continue;
        const watched: Watched = {
          id: instrument.id,
          watch: new MarketWatch(values),
          entry: undefined,
          isAsking: false,
          trade: undefined,
          flat: { realizedPnl: 0, feesPaid: 0 },
          blockedUntilMs: 0,
        };
        // What an earlier run left: a position that is open goes on, and counts as opened now.
        const held = this.#ctx.positions.get(instrument.id);
        if (held.sizeBase === 0) watched.flat = held;
        else {
          watched.flat = { realizedPnl: held.realizedPnl, feesPaid: held.feesPaid };
          watched.trade = { side: held.sizeBase > 0 ? "buy" : "sell", openedMs: this.#ctx.time.epochMs() };
        }
        this.#watched.set(instrument.id, watched);
        this.#explain(instrument);
        this.#seed(watched);
      }
    }
  }

  #seed(watched: Watched): void {
    const { history, time, log } = this.#ctx;
    watched.watch.seed(history, watched.id, () => time.epochMs()).then(
      () => log.info("bars of the past are in", { instrument: watched.id, bars: watched.watch.closedBars }),
      (error: unknown) =>
        log.info("no bars of the past: they are built from trades", {
          instrument: watched.id,
          why: error instanceof Error ? error.message : String(error),
        }),
    );
  }

  /** The signal's bars' average true range in bps of the price; NaN before there are enough bars. */
  #atrBps(id: InstrumentId): number {
    const readings = this.#watched.get(id)?.watch.readings;
    return readings === undefined ? NaN : (readings.atr / readings.close) * 10_000;
  }

  #preflight(instrument: Instrument): Preflight {
    const values = this.#ctx.settings;
    const entryFeeBps = values.entryOrder === "limit" ? instrument.makerFeeBps : instrument.takerFeeBps;
    const exits = this.#hooks.exits(values, this.#atrBps(instrument.id));
    const roeOf = (bps: number | undefined): number => ((bps ?? NaN) * values.leverage) / 100;
    const terms = {
      leverage: values.leverage,
      takeProfitRoePercent: roeOf(exits.takeProfitBps),
      stopLossRoePercent: -roeOf(exits.stopLossBps),
      entryFeeBps,
      exitFeeBps: instrument.takerFeeBps,
      spreadBps: 0,
    };
    return preflight(terms, this.#notionalUsd() ?? 0);
  }

  /** What the settings come to in money and basis points, and where they can't earn. */
  #explain(instrument: Instrument): void {
    const found = this.#preflight(instrument);
    const notionalUsd = this.#notionalUsd();
    this.#ctx.log.info("what the settings mean", {
      instrument: instrument.id,
      notionalUsd,
      targetBps: found.targetMoveBps,
      stopBps: found.stopMoveBps,
      roundTripCostBps: found.roundTripCostBps,
      targetNetUsd: found.targetNetUsd,
      stopNetUsd: found.stopNetUsd,
      breakEvenWinRatePercent: found.breakEvenWinRate === undefined
        ? undefined
        : 100 * found.breakEvenWinRate,
    });
    for (const warning of found.warnings) this.#ctx.log.warn(warning, { instrument: instrument.id });
  }

  #beat(): void {
    const nowMs = this.#ctx.time.epochMs();
    this.#ticks++;
    if (this.#watched.size < this.#ctx.settings.symbols.length) this.#follow();
    for (const watched of this.#watched.values()) {
      if (watched.watch.advanceTo(nowMs)) this.#judge(watched);
    }
    this.#show(nowMs);
  }

  /** A bar has closed: is there anything to do? */
  #judge(watched: Watched): void {
    const { readings } = watched.watch;
    if (readings === undefined || this.#isStopping) return;
    const values = this.#ctx.settings;
    const trend = values.useTrendFilter ? watched.watch.trend : "flat";
    const signal = this.#hooks.signal(readings, watched.watch.patterns, trend, signalSettings(values));
    if (signal === undefined) return;
    const rejections = [...signal.rejections, ...this.#obstacles(watched)];
    if (rejections.length > 0) {
      this.#signals.add(watched.id, signal, rejections, this.#ctx.time.epochMs());
      return this.#ctx.log.debug("signal rejected", {
        ...outline(watched.id, signal),
        why: rejections.join("; "),
      });
    }
    if (analystUrl === "") return this.#take(watched, signal, 1);
    this.#consult(watched, signal);
  }

  #consult(watched: Watched, signal: Signal): void {
    const { analystTimeoutMs: timeoutMs, analystOnSilence: onSilence } = this.#ctx.settings;
    watched.isAsking = true;
    const question = { url: analystUrl, instrument: watched.id, signal, timeoutMs, onSilence };
    askAnalyst(question, this.#hooks.send).then((opinion: Opinion) => {
      watched.isAsking = false;
      const veto = opinion.decision === "veto" ? [`analyst: ${opinion.reason}`] : [];
      const rejections = [...veto, ...this.#obstacles(watched)];
      if (rejections.length > 0) {
        this.#signals.add(watched.id, signal, rejections, this.#ctx.time.epochMs());
        const fields = { ...outline(watched.id, signal), why: rejections.join("; ") };
        return this.#ctx.log.info("signal rejected", fields);
      }
      this.#take(watched, signal, opinion.scale);
    });
  }

  /** Why the strategy itself has no room for a new position on an instrument. */
  #obstacles(watched: Watched): readonly string[] {
    const { settings: values, time, positions } = this.#ctx;
    const found: string[] = [];
    const isOpen = (one: Watched): boolean => one.entry !== undefined || positions.get(one.id).sizeBase !== 0;
    if (isOpen(watched)) found.push("there is a position or an entry order already");
    if (watched.isAsking) found.push("the analyst is being asked");
    if ([...this.#watched.values()].filter(isOpen).length >= values.maxPositions) {
      found.push("maxPositions are open");
    }
    if (time.epochMs() < watched.blockedUntilMs) found.push("cooling down after a loss");
    const equityUsd = this.#equityUsd();
    if (equityUsd === undefined) return [...found, "the account's equity is not known yet"];
    const dayUsd = this.#record.statistics(time.epochMs()).dayNetUsd + this.#unrealizedUsd();
    if (dayUsd <= (-values.dailyLossPercent / 100) * equityUsd) found.push("the daily loss limit is reached");
    return found;
  }

  #take(watched: Watched, signal: Signal, scale: number): void {
    const { settings: values, instruments, quotes, orders, time } = this.#ctx;
    const instrument = instruments.get(watched.id);
    const quote = quotes.get(watched.id);
    if (instrument === undefined || quote === undefined) return;
    const touch = signal.side === "buy" ? quote.askPrice : quote.bidPrice;
    const sizeBase = ((this.#notionalUsd() ?? 0) * scale) / touch;
    if (!(sizeBase * touch >= instrument.minNotional) || !(sizeBase > 0)) {
      this.#signals.add(watched.id, signal, ["smaller than the venue takes"], time.epochMs());
      return this.#ctx.log.warn(
        "the position would be smaller than the venue takes",
        outline(watched.id, signal),
      );
    }
    const order = {
      instrument: watched.id,
      side: signal.side,
      sizeBase,
      because: [quote],
      exits: this.#hooks.exits(values, this.#atrBps(watched.id)),
    };
    const isLimit = values.entryOrder === "limit";
    const limitPrice = signal.side === "buy" ? quote.bidPrice : quote.askPrice;
    const ref = orders.submit(isLimit ? { ...order, limitPrice, postOnly: true } : order);
    watched.entry = ref;
    this.#signals.add(watched.id, signal, [], time.epochMs());
    this.#ctx.log.info("signal taken", {
      ...outline(watched.id, signal),
      reasons: signal.reasons.join("; "),
    });
    if (isLimit) time.after(values.limitTimeoutMs, () => watched.entry === ref && orders.cancel(ref));
  }

  #closed(watched: Watched, trade: OpenTrade, position: PositionView): void {
    watched.trade = undefined;
    const nowMs = this.#ctx.time.epochMs();
    const feesUsd = position.feesPaid - watched.flat.feesPaid;
    const netPnlUsd = position.realizedPnl - watched.flat.realizedPnl - feesUsd;
    const closed = { instrument: watched.id, side: trade.side, netPnlUsd, feesUsd };
    this.#record.add({ ...closed, openedMs: trade.openedMs, closedMs: nowMs });
    this.#ctx.state.save(this.#record.save());
    if (netPnlUsd < 0) watched.blockedUntilMs = nowMs + this.#ctx.settings.lossCooldownMinutes * minuteMs;
    this.#ctx.log.info("trade closed", { ...closed, heldMs: nowMs - trade.openedMs });
  }

  #unrealizedUsd(): number {
    return [...this.#watched.keys()].reduce((sum, id) => sum + this.#ctx.positions.get(id).unrealizedPnl, 0);
  }

  /** All that its positions have made, the open ones included, after fees. */
  #madeUsd(): number {
    return [...this.#watched.keys()].map((id) => this.#ctx.positions.get(id)).reduce(
      (sum, { realizedPnl, unrealizedPnl, feesPaid }) => sum + realizedPnl + unrealizedPnl - feesPaid,
      0,
    );
  }

  /** What positions are sized by: the account's equity, at most the capital that was given to it and what that has made. */
  #equityUsd(): number | undefined {
    const { capitalUsd } = this.#ctx.settings;
    const givenUsd = capitalUsd > 0 ? capitalUsd + this.#madeUsd() : undefined;
    const equities = this.#ctx.venues().flatMap((venue) => this.#ctx.account(venue)?.equityUsd ?? []);
    if (equities.length === 0) return givenUsd;
    return Math.min(givenUsd ?? Infinity, equities.reduce((sum, one) => sum + one, 0));
  }

  /** Value of a new position; undefined while the equity is not known. */
  #notionalUsd(): number | undefined {
    const { positionPercent, maxPositionUsd } = this.#ctx.settings;
    const equityUsd = this.#equityUsd();
    return equityUsd === undefined
      ? undefined
      : Math.min(positionNotional(equityUsd, positionPercent), maxPositionUsd);
  }

  /** For the display and the metrics. */
  #show(nowMs: number): void {
    const { positions, quotes, settings: values } = this.#ctx;
    const found = this.#record.statistics(nowMs);
    this.#ctx.panel(() => this.#panel());
    this.#gauge("equity_usd", this.#equityUsd() ?? 0);
    this.#gauge("daily_pnl_usd", found.dayNetUsd + this.#unrealizedUsd());
    this.#gauge("total_pnl_usd", this.#madeUsd());
    this.#gauge("trades", found.trades);
    this.#gauge("wins", found.wins);
    this.#gauge("win_rate_percent", found.winRatePercent ?? 0);
    this.#gauge("profit_factor", found.profitFactor ?? 0);
    this.#gauge("average_hold_s", (found.averageHoldMs ?? 0) / 1000);
    this.#gauge("signals_taken", this.#signals.taken);
    this.#gauge("signals_rejected", this.#signals.rejected);
    this.#gauge("klines", [...this.#watched.values()].reduce((sum, { watch }) => sum + watch.builtBars, 0));
    for (const { id, trade, flat } of this.#watched.values()) {
      const { sizeBase, averageEntryPrice: entryPrice, feesPaid } = positions.get(id);
      const quote = quotes.get(id);
      if (trade === undefined || entryPrice === undefined || quote === undefined) continue;
      const { side } = trade;
      const price = side === "buy" ? quote.bidPrice : quote.askPrice;
      const position = { side, sizeBase: Math.abs(sizeBase), entryPrice, leverage: values.leverage };
      this.#gauge(`roe_percent.${gaugeName(id)}`, roePercent(position, price, feesPaid - flat.feesPaid));
    }
  }

  #panel(): PanelOptions {
    const { settings: values, instruments } = this.#ctx;
    const all = [...this.#watched.values()];
    const plans = all.flatMap(({ id, watch }) => {
      const instrument = instruments.get(id);
      return instrument === undefined
        ? []
        : [planLine(instrument.symbol, watch.trend, this.#preflight(instrument))];
    });
    const { taken, rejected, latest } = this.#signals;
    return {
      status: this.#status(all),
      leverage: values.leverage,
      lines: [
        { name: "tick", value: String(this.#ticks) },
        { name: "signals", value: `${taken} taken, ${rejected} rejected` },
        ...plans,
      ],
      readings: all.flatMap(({ id, watch: { readings } }) =>
        readings === undefined ? [] : [{ instrument: id, readings: readingsShown(readings) }]
      ),
      signals: latest,
    };
  }

  #status(all: readonly Watched[]): string {
    if (this.#isStopping) return "stopping";
    if (all.length === 0) return "no symbol is listed yet";
    const nowMs = this.#ctx.time.epochMs();
    const open = all.filter(({ trade }) => trade !== undefined).length;
    const entering = all.filter(({ entry }) => entry !== undefined).length;
    const cooling = all.filter(({ blockedUntilMs }) => nowMs < blockedUntilMs).length;
    const learning = all.filter(({ watch: { readings } }) => readings === undefined).length;
    const parts = [
      open > 0 ? `${open} open` : "",
      entering > 0 ? `${entering} entering` : "",
      cooling > 0 ? `${cooling} cooling down` : "",
      learning > 0 ? `${learning} of ${all.length} symbols wait for bars` : "",
    ].filter((part) => part !== "");
    return parts.length === 0 ? `${all.length} symbols, looking for a signal` : parts.join(", ");
  }

  /** Tells what has changed. */
  #gauge(name: string, value: number): void {
    if (this.#shown.get(name) === value) return;
    this.#shown.set(name, value);
    this.#ctx.gauge(name, value);
  }
}

/**
 * Targets and stops of the settings as the host's exit plan: distances from the entry in bps. Where a multiple of the ATR is
 * set, that is the distance: 1.5 ATRs of 12 bps are 18 bps.
 *
 * @param atrBps the average true range of the signal's bars in bps of the price; NaN where it is not known
 */
export function exitsOf(
  values: Pick<
    ScalperSettings,
    | "leverage"
    | "takeProfitRoePercent"
    | "stopLossRoePercent"
    | "trailingActivationRoePercent"
    | "trailingDistanceRoePercent"
    | "stopAtrMultiple"
    | "takeProfitAtrMultiple"
    | "maxHoldMinutes"
  >,
  atrBps: number = NaN,
): ExitOptions {
  const bpsOf = (roe: number): number => Math.abs(roeToMoveBps(roe, values.leverage));
  const distanceOf = (atrs: number, roe: number): number =>
    atrs > 0 && atrBps > 0 ? atrs * atrBps : bpsOf(roe);
  const { trailingActivationRoePercent: activation, trailingDistanceRoePercent: distance } = values;
  return {
    takeProfitBps: distanceOf(values.takeProfitAtrMultiple, values.takeProfitRoePercent),
    stopLossBps: distanceOf(values.stopAtrMultiple, values.stopLossRoePercent),
    ...(activation > 0
      ? { trailing: { activationBps: bpsOf(activation), distanceBps: bpsOf(distance) } }
      : {}),
    maxHoldMs: values.maxHoldMinutes * minuteMs,
    exitCapBps,
  };
}

const gaugeName = (id: string): string => id.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");

const outline = (instrument: string, { side, score, confidence, price }: Signal) => ({
  instrument,
  side,
  score: Math.round(score),
  confidence: Math.round(confidence),
  price,
});
