/** `POST /info`: questions that anyone may ask about anyone. */
import * as v from "valibot";
import type { SimulatedOrder, SimulatedVenue } from "../../simulation/ports.ts";
import type { AddressBudget, Agents } from "./accounts.ts";
import type { AccountLog } from "./account_log.ts";
import { addressSchema } from "./actions.ts";
import type { ExchangeDesk } from "./exchange_desk.ts";
import { unreadable } from "./gateway.ts";
import { isCoin, isTraded, listingByCoin, listings, metaRow, priceText, sizeText } from "./listing.ts";
import {
  accountRow,
  bookRow,
  contextRow,
  fillRow,
  frontendOrderRow,
  openOrderRow,
  type Row,
  statusOf,
  triggerRow,
  wholeMs,
} from "./rows.ts";

export interface InfoOptions {
  readonly venue: SimulatedVenue;
  readonly accountId: string;
  readonly master: string;
  readonly desk: ExchangeDesk;
  readonly log: AccountLog;
  readonly agents: Agents;
  readonly budget: AddressBudget;
}

export type InfoReply =
  | { readonly kind: "data"; readonly data: unknown }
  | { readonly kind: "refused"; readonly status: number; readonly text: string };

const ms = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const span = { startTime: ms, endTime: v.nullish(ms) };
const user = addressSchema;
const oid = v.union([
  ms,
  v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{32}$/), v.transform((text) => text.toLowerCase())),
]);
const intervals: Readonly<Record<string, number>> = {
  "1m": 1,
  "3m": 3,
  "5m": 5,
  "15m": 15,
  "30m": 30,
  "1h": 60,
  "2h": 120,
  "4h": 240,
  "8h": 480,
  "12h": 720,
  "1d": 1_440,
  "3d": 4_320,
  "1w": 10_080,
  "1M": 43_200,
};

const plain = <const Type extends string>(type: Type) => v.object({ type: v.literal(type) });
const ofUser = <const Type extends string>(type: Type) => v.object({ type: v.literal(type), user });
const ofCoin = <const Type extends string>(type: Type) =>
  v.object({ type: v.literal(type), coin: v.string() });

const questionSchema = v.variant("type", [
  plain("meta"),
  plain("metaAndAssetCtxs"),
  plain("perpDexs"),
  plain("allMids"),
  plain("exchangeStatus"),
  ofCoin("l2Book"),
  ofCoin("recentTrades"),
  v.object({
    type: v.literal("candleSnapshot"),
    req: v.object({ coin: v.string(), interval: v.picklist(Object.keys(intervals)), ...span }),
  }),
  v.object({ type: v.literal("fundingHistory"), coin: v.string(), ...span }),
  ofUser("clearinghouseState"),
  ofUser("spotClearinghouseState"),
  ofUser("openOrders"),
  ofUser("frontendOpenOrders"),
  v.object({ type: v.literal("orderStatus"), user, oid }),
  ofUser("historicalOrders"),
  ofUser("userFills"),
  v.object({ type: v.literal("userFillsByTime"), user, ...span, reversed: v.optional(v.boolean()) }),
  v.object({ type: v.literal("userFunding"), user, startTime: v.nullish(ms), endTime: v.nullish(ms) }),
  ofUser("userFees"),
  ofUser("userRateLimit"),
  ofUser("userRole"),
  ofUser("extraAgents"),
]);
type Question = v.InferOutput<typeof questionSchema>;

const cheap: readonly string[] = [
  "l2Book",
  "allMids",
  "clearinghouseState",
  "spotClearinghouseState",
  "orderStatus",
  "exchangeStatus",
];
const maxFills = 2_000;
const maxFundings = 500;
const maxCandles = 5_000;

/** Request weight of a question, from the rows of its answer where they count. */
export function weightOfInfo(body: unknown, answer: InfoReply): number {
  const type = typeof body === "object" && body !== null ? Reflect.get(body, "type") : undefined;
  const rows = answer.kind === "data" && Array.isArray(answer.data) ? answer.data.length : 0;
  if (cheap.includes(String(type))) return 2;
  if (type === "userRole") return 60;
  if (type === "candleSnapshot") return 20 + Math.floor(rows / 60);
  const perTwenty = [
    "recentTrades",
    "historicalOrders",
    "userFills",
    "userFillsByTime",
    "fundingHistory",
    "userFunding",
  ];
  return 20 + (perTwenty.includes(String(type)) ? Math.floor(rows / 20) : 0);
}

const data = (value: unknown): InfoReply => ({ kind: "data", data: value });
/** What the venue answers to a coin that it does not know: not a passing failure, though it looks like one. */
const unknownCoin: InfoReply = { kind: "refused", status: 500, text: "null" };

const within = (
  time: number,
  question: { readonly startTime?: number | null | undefined; readonly endTime?: number | null | undefined },
) => time >= (question.startTime ?? 0) && time <= (question.endTime ?? Infinity);

export class InfoDesk {
  readonly #options: InfoOptions;

  constructor(options: InfoOptions) {
    this.#options = options;
  }

  answer(body: unknown): InfoReply {
    const parsed = v.safeParse(questionSchema, body);
    if (!parsed.success) return { kind: "refused", status: 422, text: unreadable };
    const question = parsed.output;
    return "user" in question ? this.#ofUser(question) : this.#open(question);
  }

  /** A whole state of the account, for the channel of the same name. */
  accountState(address: string): Row {
    const { accountId, desk, master, venue } = this.#options;
    const id = address === master ? accountId : `nobody/${address}`;
    const positions = address === master ? venue.positions(accountId) : [];
    return accountRow(venue.account(id), positions, venue, (symbol) => desk.modeOf(symbol));
  }

  #open(question: Exclude<Question, { readonly user: string }>): InfoReply {
    const { venue } = this.#options;
    switch (question.type) {
      case "meta":
        return data(metaRow(venue));
      case "metaAndAssetCtxs":
        return data([metaRow(venue), this.#contexts()]);
      case "perpDexs":
        return data([null]);
      case "allMids":
        return data(this.mids());
      case "exchangeStatus":
        return data({ time: wholeMs(venue.clock.nowMs()), specialStatuses: null });
      case "l2Book": {
        const one = listingByCoin(question.coin);
        return data(one === undefined || !isTraded(one, venue) ? null : bookRow(one, venue, 20));
      }
      case "recentTrades":
        return this.#trades(question.coin);
      case "candleSnapshot":
        return this.#candles(question.req);
      case "fundingHistory":
        if (!isCoin(question.coin)) return unknownCoin;
        return data(
          this.#options.log.fundingHistory(question.coin).filter((row) =>
            within(Number(row["time"]), question)
          )
            .slice(0, maxFundings),
        );
      default:
        return question satisfies never;
    }
  }

  #ofUser(question: Extract<Question, { readonly user: string }>): InfoReply {
    const { agents, budget, desk, log, master, venue, accountId } = this.#options;
    const isMaster = question.user === master;
    const { numbers } = desk;
    const history = isMaster ? venue.orderHistory(accountId) : [];
    switch (question.type) {
      case "clearinghouseState":
        return data(this.accountState(question.user));
      case "spotClearinghouseState":
        return data({ balances: [] });
      case "openOrders":
        return data(this.openOrders(question.user).map((order) => openOrderRow(order, numbers)));
      case "frontendOpenOrders":
        return data([
          ...this.openOrders(question.user).map((order) => frontendOrderRow(order, numbers)),
          ...(isMaster ? desk.triggers().map(triggerRow) : []),
        ]);
      case "orderStatus":
        return data(isMaster ? this.#orderStatus(question.oid) : { status: "unknownOid" });
      case "historicalOrders":
        return data(
          history.toReversed().slice(0, maxFills).map((order) => ({
            order: frontendOrderRow(order, numbers),
            status: statusOf(order),
            statusTimestamp: wholeMs(order.tsUpdatedMs),
          })),
        );
      case "userFills":
        return data(this.fills(question.user).toReversed().slice(0, maxFills));
      case "userFillsByTime": {
        const rows = this.fills(question.user).slice(-10_000).filter((row) =>
          within(Number(row["time"]), question)
        );
        return data((question.reversed === true ? rows.toReversed() : rows).slice(0, maxFills));
      }
      case "userFunding":
        return data(
          (isMaster ? log.fundings() : []).filter((row) => within(row.time, question)).slice(0, maxFundings)
            .map((
              { time, ...delta },
            ) => ({ time, hash: `0x${"0".repeat(64)}`, delta: { type: "funding", ...delta } })),
        );
      case "userFees":
        return data({
          dailyUserVlm: [],
          feeSchedule: { cross: "0.00045", add: "0.00015", tiers: { vip: [], mm: [] } },
          userCrossRate: "0.00045",
          userAddRate: "0.00015",
          activeReferralDiscount: "0.0",
        });
      case "userRateLimit": {
        const cap = budget.capOf(isMaster ? log.volumeUsd : 0);
        const used = isMaster ? budget.used : 0;
        return data({
          cumVlm: (isMaster ? log.volumeUsd : 0).toFixed(2),
          nRequestsUsed: used,
          nRequestsCap: cap,
          nRequestsSurplus: Math.max(0, used - cap),
        });
      }
      case "userRole":
        return data(
          isMaster
            ? { role: "user" }
            : agents.isAgent(question.user)
            ? { role: "agent", data: { user: master } }
            : { role: "missing" },
        );
      case "extraAgents":
        return data(
          isMaster
            ? agents.list().filter(({ name }) => name !== "").map(({ address, name, validUntilMs }) => ({
              address,
              name,
              validUntil: validUntilMs,
            }))
            : [],
        );
      default:
        return question satisfies never;
    }
  }

  mids(): Row {
    const { venue } = this.#options;
    return Object.fromEntries(
      listings.filter((one) => isTraded(one, venue)).flatMap((one) => {
        const mid = contextRow(one, venue)["midPx"];
        return mid === null ? [] : [[one.coin, mid]];
      }),
    );
  }

  openOrders(address: string): readonly SimulatedOrder[] {
    const { accountId, master, venue } = this.#options;
    return address === master ? venue.openOrders(accountId) : [];
  }

  /** Oldest first. */
  fills(address: string): readonly Row[] {
    const { accountId, desk, master, venue } = this.#options;
    return address === master ? venue.fills(accountId).map((fill) => fillRow(fill, desk.numbers)) : [];
  }

  /** By place in the universe; what is not traded has an empty context. */
  #contexts(): readonly Row[] {
    const { venue } = this.#options;
    const count = (listings.at(-1)?.asset ?? -1) + 1;
    return Array.from({ length: count }, (_, asset) => {
      const one = listings.find((listing) => listing.asset === asset);
      if (one !== undefined && isTraded(one, venue)) return contextRow(one, venue);
      return {
        funding: "0.0",
        openInterest: "0.0",
        prevDayPx: "1.0",
        dayNtlVlm: "0.0",
        premium: null,
        oraclePx: "1.0",
        markPx: "1.0",
        midPx: null,
        impactPxs: null,
        dayBaseVlm: "0.0",
      };
    });
  }

  #orderStatus(id: number | string): Row {
    const { desk } = this.#options;
    const trigger = desk.findTrigger(id);
    if (trigger !== undefined) {
      const order = { order: triggerRow(trigger), status: "open", statusTimestamp: wholeMs(trigger.tsMs) };
      return { status: "order", order };
    }
    const order = desk.find(id);
    if (order === undefined) return { status: "unknownOid" };
    return {
      status: "order",
      order: {
        order: frontendOrderRow(order, desk.numbers),
        status: statusOf(order),
        statusTimestamp: wholeMs(order.tsUpdatedMs),
      },
    };
  }

  #trades(coin: string): InfoReply {
    const { venue } = this.#options;
    const one = listingByCoin(coin);
    if (one === undefined || !isTraded(one, venue)) return unknownCoin;
    return data(
      venue.recentTrades(one.simulated.symbol, 10).toReversed().map((trade) => ({
        coin,
        side: trade.takerSide === "buy" ? "B" : "A",
        px: priceText(trade.priceTicks, one),
        sz: sizeText(trade.sizeLots, one),
        time: wholeMs(trade.tsMs),
        hash: `0x${"0".repeat(64)}`,
        tid: Number(trade.tradeId),
        users: [`0x${"0".repeat(40)}`, `0x${"0".repeat(40)}`],
      })),
    );
  }

  /** Candles of the simulated trades, oldest first. */
  #candles(
    req: {
      readonly coin: string;
      readonly interval: string;
      readonly startTime: number;
      readonly endTime?: number | null | undefined;
    },
  ): InfoReply {
    const { venue } = this.#options;
    const one = listingByCoin(req.coin);
    if (one === undefined || !isTraded(one, venue)) return unknownCoin;
    const lengthMs = (intervals[req.interval] ?? 1) * 60_000;
    const bars = new Map<
      number,
      { open: number; high: number; low: number; close: number; lots: number; count: number }
    >();
    for (const { priceTicks, sizeLots, tsMs } of venue.recentTrades(one.simulated.symbol, 1_000)) {
      const start = Math.floor(tsMs / lengthMs) * lengthMs;
      const bar = bars.get(start) ??
        { open: priceTicks, high: priceTicks, low: priceTicks, close: priceTicks, lots: 0, count: 0 };
      bars.set(start, bar);
      bar.high = Math.max(bar.high, priceTicks);
      bar.low = Math.min(bar.low, priceTicks);
      bar.close = priceTicks;
      bar.lots += sizeLots;
      bar.count += 1;
    }
    return data(
      [...bars].sort(([a], [b]) => a - b).filter(([start]) =>
        within(start, { startTime: Math.floor(req.startTime / lengthMs) * lengthMs, endTime: req.endTime })
      ).slice(-maxCandles).map(([start, bar]) => ({
        t: start,
        T: start + lengthMs - 1,
        s: req.coin,
        i: req.interval,
        o: priceText(bar.open, one),
        c: priceText(bar.close, one),
        h: priceText(bar.high, one),
        l: priceText(bar.low, one),
        v: sizeText(bar.lots, one),
        n: bar.count,
      })),
    );
  }
}
