/**
 * Runs a strategy in a test: its own callbacks and context, on time that the test moves, with orders that the test
 * fills. No process, no host and no risk gate: `berth plugin check` and the simulated venues are for those.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { testStrategy } from "@berth/sdk/testing";
 * import strategy from "./mod.ts";
 *
 * Deno.test("it bids below the market", async () => {
 *   const test = await testStrategy(strategy);
 *   test.quote("okx:BTC-PERP", 50_000, 50_001);
 *   equal(test.orders[0]?.limitPrice, 49_990);
 * });
 * ```
 */
import {
  causeId,
  clientOrderId,
  fillId,
  instrumentId,
  parseInstrumentId,
  pluginId,
  venueId,
  venueOrderId,
} from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import { money, tickLotMoney, zeroMoney } from "../model/money.ts";
import { isFinalStatus, type Order, type OrderStatus, type OrderTerms, type Side } from "../model/order.ts";
import type { Panel } from "../model/panel.ts";
import { increment, incrementsToNumber, priceTicks, roundToIncrements, sizeLots } from "../model/ticks.ts";
import { type PluginMessage, protocolVersion } from "../protocol/messages.ts";
import { recordBytes, type RecordKind, recordKinds, writeRecord } from "../protocol/records.ts";
import type { SettingsShape, SettingValues } from "./settings.ts";
import type { LogFields, StrategyModule } from "./strategy.ts";
import { StrategyRuntime } from "./strategy_context.ts";

/** An instrument of a test: tick 0.1, lot 0.001, taker fee 5 bps. Any field may be replaced. */
export function testInstrument(id: string, changes: Partial<Instrument> = {}): Instrument {
  const [venue = "", symbol = ""] = id.split(":");
  return {
    id: instrumentId(venue, symbol),
    venue: venueId(venue),
    symbol,
    venueSymbol: symbol,
    kind: "perpetual",
    settlement: "linear",
    baseAsset: symbol.split("-")[0] ?? symbol,
    quoteAsset: "USD",
    settlementAsset: "USDC",
    tick: increment("0.1"),
    lot: increment("0.001"),
    contractMultiplier: "1",
    minSizeLots: 1,
    maxSizeLots: 1_000_000_000,
    minNotional: 0,
    makerFeeBps: 2,
    takerFeeBps: 5,
    maxLeverage: 10,
    status: "trading",
    ...changes,
  };
}

export interface StrategyTestOptions<Shape extends SettingsShape> {
  /** @default `okx:BTC-PERP` and `paradex:BTC-PERP` */
  readonly instruments?: readonly Instrument[];
  /** Over the declared defaults. */
  readonly settings?: Partial<SettingValues<Shape>>;
  /** What an earlier run saved. */
  readonly savedState?: unknown;
  /** What `ctx.secret` gives; made-up values. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** @default 1 */
  readonly seed?: number;
  /** Where time begins, milliseconds since the epoch. @default 2026-01-01 */
  readonly startMs?: number;
}

/** An order as the strategy placed it. */
export interface TestOrder {
  readonly ref: string;
  readonly instrument: string;
  readonly side: Side;
  readonly sizeBase: number;
  /** Undefined for a market order. */
  readonly limitPrice: number | undefined;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  readonly status: OrderStatus;
  readonly filledBase: number;
}

export interface TestLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
}

interface Holding {
  lots: number;
  costTicksLots: bigint;
  realizedTicksLots: bigint;
}

/** Starts a strategy and returns the levers of its world. @throws what its factory or `onStart` throws */
export async function testStrategy<Shape extends SettingsShape>(
  module: StrategyModule<Shape>,
  options: StrategyTestOptions<Shape> = {},
): Promise<StrategyTest<Shape>> {
  const test = new StrategyTest(module, options);
  await test.start();
  return test;
}

export class StrategyTest<Shape extends SettingsShape> {
  readonly log: TestLine[] = [];
  readonly gauges = new Map<string, number>();
  /** What it shows of itself. */
  panel: Panel | undefined;
  readonly #runtime: StrategyRuntime<Shape>;
  readonly #instruments: readonly Instrument[];
  readonly #orders: Order[] = [];
  readonly #holdings = new Map<string, Holding>();
  /** What the host would send next: delivered when the callback that caused it is over. */
  readonly #pending: (() => void)[] = [];
  readonly #errors: string[] = [];
  #state: unknown;
  #refusal: string | undefined;
  #sequence = 0;
  #fills = 0;

  constructor(module: StrategyModule<Shape>, options: StrategyTestOptions<Shape>) {
    const { manifest } = module;
    const defaults = Object.fromEntries(
      Object.entries(manifest.settings).map(([name, setting]) => [name, setting.default]),
    );
    this.#instruments = options.instruments ?? [
      testInstrument("okx:BTC-PERP"),
      testInstrument("paradex:BTC-PERP"),
    ];
    this.#state = options.savedState ?? null;
    this.#runtime = new StrategyRuntime({
      hello: {
        type: "hello",
        role: "strategy",
        protocolVersion,
        pluginId: pluginId(manifest.id),
        environment: "sim",
        settings: { ...defaults, ...options.settings },
        secrets: options.secrets ?? {},
        savedState: this.#state,
        seed: options.seed ?? 1,
        heartbeatEveryMs: 50,
        timeMode: "virtual",
        epochUs: (options.startMs ?? Date.UTC(2026, 0, 1)) * 1000,
        instruments: this.#instruments.map((instrument, index) => ({ index, instrument })),
      },
      module,
      isWatched: true,
      send: (message) => this.#onMessage(message),
      platform: virtualPlatform(options.startMs ?? Date.UTC(2026, 0, 1)),
      onGiveUp: (details) => void this.#errors.push(details),
    });
  }

  /** All orders, oldest first. */
  get orders(): readonly TestOrder[] {
    return this.#orders.map((order) => this.#view(order));
  }

  /** What it saved last. */
  get state(): unknown {
    return this.#state;
  }

  async start(): Promise<void> {
    await this.#runtime.start();
    this.#settle();
  }

  async stop(reason = "test"): Promise<void> {
    await this.#runtime.stop(reason);
    this.#settle();
  }

  /** A new best bid and ask. @param sizeBase on both sides */
  quote(instrument: string, bidPrice: number, askPrice: number, sizeBase = 1): void {
    this.#record(recordKinds.quote, instrument, [bidPrice, sizeBase, askPrice, sizeBase]);
  }

  trade(instrument: string, takerSide: Side, price: number, sizeBase: number): void {
    this.#record(recordKinds.trade, instrument, [price, sizeBase, 0, 0], takerSide === "sell" ? 1 : 0);
  }

  /** @param fundingRate of one funding interval, as a share */
  mark(instrument: string, markPrice: number, indexPrice = NaN, fundingRate = NaN): void {
    this.#record(recordKinds.mark, instrument, [markPrice, indexPrice, fundingRate, NaN]);
  }

  /** The venue tells what the account holds in USD, all of it free. */
  account(venue: string, walletUsd: number): void {
    this.#runtime.onMessage({
      type: "account",
      account: {
        venue: venueId(venue),
        walletUsd,
        availableUsd: walletUsd,
        othersUnrealizedUsd: 0,
        positions: [],
      },
    });
    this.#settle();
  }

  /** Lets time pass; timers that fall due run. */
  advance(byMs: number): void {
    this.#runtime.time.advance(this.#runtime.time.epochUs() + byMs * 1000);
    this.#settle();
  }

  /** Fills an order, or a part of it, at its limit or at a price. */
  fill(ref: string, at: { readonly sizeBase?: number; readonly price?: number } = {}): void {
    const order = this.#order(ref);
    const instrument = this.#instrument(order.instrument);
    const openLots = order.sizeLots - order.filledLots;
    const lots = at.sizeBase === undefined
      ? openLots
      : roundToIncrements(at.sizeBase, instrument.lot, "down");
    const limitTicks = order.pricing.kind === "limit" ? order.pricing.limitPriceTicks : undefined;
    const ticks = at.price === undefined ? limitTicks : roundToIncrements(at.price, instrument.tick, "down");
    if (ticks === undefined) throw new Error(`${ref} is a market order: say at which price it fills`);
    if (!(lots > 0 && lots <= openLots) || isFinalStatus(order.status)) {
      throw new Error(`${ref} can't fill ${lots} lots: it is ${order.status} with ${openLots} open`);
    }
    const filledLots = order.filledLots + lots;
    const tsUs = this.#runtime.time.epochUs();
    const fill = {
      instrument: instrument.id,
      fillId: fillId(`f${++this.#fills}`),
      venueOrderId: venueOrderId(`v${ref}`),
      clientOrderId: order.clientOrderId,
      side: order.side,
      priceTicks: priceTicks(ticks),
      sizeLots: sizeLots(lots),
      liquidity: limitTicks === undefined ? "taker" : "maker",
      fee: zeroMoney,
      feeAsset: instrument.settlementAsset,
      tsVenueMs: tsUs / 1000,
      tsRecvUs: tsUs,
    } as const;
    this.#change(ref, {
      status: filledLots === order.sizeLots ? "filled" : "partially_filled",
      filledLots: sizeLots(filledLots),
      filledTicksLots: order.filledTicksLots + BigInt(ticks) * BigInt(lots),
    });
    this.#pending.push(() => this.#runtime.onMessage({ type: "fill", ref, fill }));
    this.#book(instrument, order.side === "buy" ? lots : -lots, ticks);
    this.#settle();
  }

  /** From now on the risk gate says no with this code; undefined ends that. */
  refuseOrders(code: string | undefined): void {
    this.#refusal = code;
  }

  #instrument(id: string): Instrument {
    const found = this.#instruments.find((one) => one.id === parseInstrumentId(id));
    if (found === undefined) throw new Error(`the test has no instrument ${id}`);
    return found;
  }

  #order(ref: string): Order {
    const found = this.#orders.find((order) => order.ref === ref);
    if (found === undefined) throw new Error(`there is no order ${ref}`);
    return found;
  }

  #view(order: Order): TestOrder {
    const { tick, lot } = this.#instrument(order.instrument);
    const { pricing } = order;
    return {
      ref: order.ref,
      instrument: order.instrument,
      side: order.side,
      sizeBase: incrementsToNumber(order.sizeLots, lot),
      limitPrice: pricing.kind === "limit" ? incrementsToNumber(pricing.limitPriceTicks, tick) : undefined,
      postOnly: pricing.kind === "limit" && pricing.postOnly,
      reduceOnly: order.reduceOnly,
      status: order.status,
      filledBase: incrementsToNumber(order.filledLots, lot),
    };
  }

  #record(
    kind: RecordKind,
    id: string,
    [first, second, third, fourth]: readonly [number, number, number, number],
    flag: 0 | 1 = 0,
  ): void {
    const index = this.#instruments.indexOf(this.#instrument(id));
    const payload = new Uint8Array(recordBytes);
    const tsUs = this.#runtime.time.epochUs();
    const view = new DataView(payload.buffer);
    const sequence = ++this.#sequence;
    writeRecord(view, 0, kind, flag, index, sequence, tsUs / 1000, tsUs, first, second, third, fourth);
    this.#runtime.onRecords(payload);
    this.#settle();
  }

  #onMessage(message: PluginMessage): void {
    switch (message.type) {
      case "submit":
        return this.#submitted(message.ref, message.terms);
      case "cancel":
        return this.#cancelled((order) => order.ref === message.ref);
      case "cancel_all":
        return this.#cancelled((order) =>
          message.instrument === undefined || order.instrument === message.instrument
        );
      case "save_state":
        this.#state = JSON.parse(message.json);
        return;
      case "log":
        this.log.push({ level: message.level, message: message.message, fields: message.fields });
        return;
      case "gauge":
        this.gauges.set(message.name, message.value);
        return;
      case "panel":
        this.panel = message.panel;
        return;
      case "callback_error":
        this.#errors.push(`${message.callback} threw: ${message.details}`);
        return;
      default:
        return; // opportunities, groups and what only a host needs
    }
  }

  #submitted(ref: string, terms: OrderTerms): void {
    const code = this.#refusal;
    if (code !== undefined) {
      const refused = { type: "refused", ref, code, text: "refused by the test", facts: {} } as const;
      this.#pending.push(() => this.#runtime.onMessage(refused));
      return;
    }
    const tsUs = this.#runtime.time.epochUs();
    this.#orders.push({
      ...terms,
      clientOrderId: clientOrderId(`test${this.#orders.length + 1}`),
      plugin: pluginId("tested"),
      ref,
      venueOrderId: undefined,
      status: "pending_new",
      filledLots: sizeLots(0),
      filledTicksLots: 0n,
      reason: undefined,
      venueText: undefined,
      cause: causeId("test/order"),
      tsCreatedUs: tsUs,
      tsUpdatedUs: tsUs,
    });
    this.#change(ref, { status: "accepted" });
  }

  #cancelled(isMeant: (order: Order) => boolean): void {
    for (const { ref, status } of this.#orders.filter(isMeant)) {
      if (!isFinalStatus(status)) this.#change(ref, { status: "cancelled" });
    }
  }

  #change(ref: string, changes: Partial<Order>): void {
    const at = this.#orders.indexOf(this.#order(ref));
    const order: Order = { ...this.#order(ref), ...changes, tsUpdatedUs: this.#runtime.time.epochUs() };
    this.#orders[at] = order;
    this.#pending.push(() => this.#runtime.onMessage({ type: "order", ref, order }));
  }

  /** Average cost: what is closed takes its share of the cost with it. */
  #book(instrument: Instrument, lots: number, ticks: number): void {
    const held = this.#holdings.get(instrument.id) ?? { lots: 0, costTicksLots: 0n, realizedTicksLots: 0n };
    this.#holdings.set(instrument.id, held);
    const isClosing = held.lots !== 0 && Math.sign(held.lots) !== Math.sign(lots);
    const closed = isClosing ? Math.sign(lots) * Math.min(Math.abs(lots), Math.abs(held.lots)) : 0;
    if (closed !== 0) {
      const share = (held.costTicksLots * BigInt(-closed)) / BigInt(held.lots);
      held.realizedTicksLots += BigInt(-closed) * BigInt(ticks) - share;
      held.costTicksLots -= share;
      held.lots += closed;
    }
    held.costTicksLots += BigInt(lots - closed) * BigInt(ticks);
    held.lots += lots - closed;
    const { lots: positionLots, costTicksLots, realizedTicksLots } = held;
    this.#pending.push(() =>
      this.#runtime.onMessage({
        type: "position",
        instrument: instrument.id,
        positionLots: sizeLots(positionLots),
        costTicksLots,
        realizedPnl: money(realizedTicksLots * tickLotMoney(instrument)),
        feesPaid: zeroMoney,
      })
    );
  }

  /** Delivers what the host would have sent, and fails the test for what a callback threw. */
  #settle(): void {
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) next();
    const error = this.#errors.shift();
    if (error !== undefined) throw new Error(error);
  }
}

const virtualPlatform = (startMs: number) => ({
  epochMs: () => startMs,
  epochUs: () => startMs * 1000,
  monotonicMs: () => 0,
  after: () => () => undefined,
  nextTurn: (task: () => void) => task(),
  heapUsedBytes: () => 0,
  /** mulberry32, as in the host. */
  seededRandom(seed: number): () => number {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    };
  },
});
