import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Fill } from "../../../core/model/account.ts";
import { causeId, clientOrderId, fillId, pluginId, venueOrderId } from "../../../core/model/ids.ts";
import { formatMoney, money, parseMoney } from "../../../core/model/money.ts";
import { type Order, orderStatuses } from "../../../core/model/order.ts";
import { remainingLots } from "../../../core/model/order_transitions.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { splitFunding } from "../../../core/portfolio/funding_payments.ts";
import { Portfolio } from "../../../core/portfolio/portfolio.ts";
import { alpha, beta, btcAt, maker, taker } from "../../support/engine_builders.ts";

const everything = { kind: "global" } as const;
let serial = 0;
function fillOf(side: "buy" | "sell", ticks: number, lots: number, changes: Partial<Fill> = {}): Fill {
  serial += 1;
  return {
    instrument: btcAt(alpha).id,
    fillId: fillId(`f${serial}`),
    venueOrderId: venueOrderId("v"),
    clientOrderId: undefined,
    side,
    priceTicks: priceTicks(ticks),
    sizeLots: sizeLots(lots),
    liquidity: "taker",
    fee: parseMoney("0.5"),
    feeAsset: "USDC",
    tsVenueMs: 0,
    tsRecvUs: 0,
    ...changes,
  };
}
function portfolioOfTwo(): Portfolio {
  const portfolio = new Portfolio(["USD", "USDC"]);
  portfolio.registerInstrument(0, btcAt(alpha));
  portfolio.registerInstrument(1, btcAt(beta));
  return portfolio;
}

Deno.test("profit, fees and funding add up, by plugin, by account and in all", () => {
  const portfolio = portfolioOfTwo();
  portfolio.applyFill(maker, 0, fillOf("buy", 500_000, 1_000)); // 1 BTC at 50,000
  portfolio.applyFill(maker, 0, fillOf("sell", 501_000, 400)); // 0.4 BTC, +40
  portfolio.applyFill(taker, 1, fillOf("sell", 500_000, 100));
  portfolio.applyFunding(0, parseMoney("1.5"));
  const marks = (index: number) => [500_500, 499_000][index] ?? NaN;
  // maker: 0.6 BTC × 50; taker: 0.1 BTC × 100
  const ofMaker = { realizedUsd: 40, unrealizedUsd: 30, feesUsd: 1, fundingUsd: 1.5, totalUsd: 67.5 };
  const ofTaker = { realizedUsd: 0, unrealizedUsd: 10, feesUsd: 0.5, fundingUsd: 0, totalUsd: 9.5 };
  const pnl = (scope: Parameters<Portfolio["pnl"]>[0]) => {
    const figures = portfolio.pnl(scope, marks);
    return Object.fromEntries(
      Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1e9) / 1e9]),
    );
  };
  assertEquals(pnl({ kind: "plugin", plugin: maker }), ofMaker);
  assertEquals(pnl({ kind: "account", venue: alpha }), ofMaker);
  assertEquals(pnl({ kind: "plugin", plugin: taker }), ofTaker);
  assertEquals(pnl(everything).totalUsd, 77);
});

Deno.test("a position without a price makes the profit unknown", () => {
  const portfolio = portfolioOfTwo();
  portfolio.applyFill(maker, 0, fillOf("buy", 500_000, 1));
  assertEquals(portfolio.pnl(everything, () => NaN).totalUsd, NaN);
  portfolio.applyFill(maker, 0, fillOf("sell", 500_000, 1));
  assertEquals(portfolio.pnl(everything, () => NaN).totalUsd, -1);
});

Deno.test("a round trip tells its net when the position is flat, or passes through zero", () => {
  const portfolio = portfolioOfTwo();
  const netOf = (fill: Fill) => {
    const net = portfolio.applyFill(maker, 0, fill)?.roundTrip?.net;
    return net === undefined ? undefined : formatMoney(net);
  };
  assertEquals(netOf(fillOf("buy", 500_000, 100)), undefined);
  assertEquals(netOf(fillOf("sell", 500_100, 50)), undefined);
  assertEquals(netOf(fillOf("sell", 500_100, 50)), "-0.5"); // +1.00 − 3 × 0.50
  assertEquals(netOf(fillOf("sell", 500_000, 10)), undefined);
  assertEquals(netOf(fillOf("buy", 499_000, 20)), "0"); // +1.00 − 2 × 0.50
});

Deno.test("fees in an asset that is no dollar are kept apart", () => {
  const portfolio = portfolioOfTwo();
  portfolio.applyFill(maker, 0, fillOf("buy", 500_000, 1, { feeAsset: "BNB" }));
  assertEquals([...portfolio.otherFees()], [["BNB", parseMoney("0.5")]]);
  assertEquals(portfolio.pnl(everything, () => 500_000).feesUsd, 0);
});

Deno.test("what is foreign counts into the account, not into any plugin", () => {
  const portfolio = portfolioOfTwo();
  portfolio.applyFill(maker, 0, fillOf("buy", 500_000, 5));
  portfolio.setForeignLots(0, -20);
  assertEquals([portfolio.accountPositionLots(0), portfolio.positionLots(maker, 0)], [-15, 5]);
  portfolio.setForeignLots(0, 0);
  assertEquals(portfolio.accountPositionLots(0), 5);
});

Deno.test("a checkpointed position comes back with everything that counts", () => {
  const first = portfolioOfTwo();
  first.applyFill(maker, 0, fillOf("buy", 500_000, 3));
  first.applyFill(maker, 0, fillOf("sell", 500_777, 1));
  first.applyFunding(0, parseMoney("0.25"));
  const [position] = first.positions();
  const second = portfolioOfTwo();
  if (position === undefined) throw new Error("no position");
  second.restorePosition(0, position);
  assertEquals(second.positions(), first.positions());
  assertEquals(second.pnl(everything, () => 501_000), first.pnl(everything, () => 501_000));
  assertEquals(second.accountPositionLots(0), 2);
});

Deno.test("funding is shared out by signed positions, exactly", () => {
  const holders = [{ owner: "a", positionLots: 3 }, { owner: "b", positionLots: 2 }, {
    owner: "c",
    positionLots: -2,
  }];
  const split = splitFunding(money(9n), 3, holders);
  assertEquals(split.shares.map(({ owner, amount }) => [owner, amount as bigint]), [["a", 9n], ["b", 6n], [
    "c",
    -6n,
  ]]);
  assertEquals(split.unassigned as bigint, 0n);
  assertEquals(splitFunding(money(9n), 0, holders), { shares: [], unassigned: money(9n) });
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }),
      fc.integer(),
      fc.array(fc.integer()),
      (amount, net, lots) => {
        const owners = lots.map((positionLots, owner) => ({ owner, positionLots }));
        const { shares, unassigned } = splitFunding(money(amount), net, owners);
        assertEquals(shares.reduce<bigint>((sum, share) => sum + share.amount, unassigned), amount);
      },
    ),
  );
});

const anyOrder = (id: number) =>
  fc.record({
    plugin: fc.constantFrom(maker, taker),
    side: fc.constantFrom("buy" as const, "sell" as const),
    reduceOnly: fc.boolean(),
    size: fc.integer({ min: 1, max: 20 }),
    index: fc.constantFrom(0, 1),
    history: fc.array(
      fc.record({ status: fc.constantFrom(...orderStatuses), filled: fc.nat({ max: 25 }) }),
      { minLength: 1, maxLength: 6 },
    ),
  }).map(({ plugin, side, reduceOnly, size, index, history }) =>
    history.map(({ status, filled }): { readonly index: number; readonly order: Order } => ({
      index,
      order: {
        instrument: btcAt(index === 0 ? alpha : beta).id,
        side,
        sizeLots: sizeLots(size),
        reduceOnly,
        pricing: { kind: "market", worstPriceTicks: undefined },
        clientOrderId: clientOrderId(`o${id}`),
        plugin,
        ref: `r${id}`,
        venueOrderId: undefined,
        status,
        filledLots: sizeLots(filled),
        filledTicksLots: 0n,
        reason: undefined,
        venueText: undefined,
        cause: causeId("test/1"),
        tsCreatedUs: 0,
        tsUpdatedUs: 0,
      },
    }))
  );

Deno.test("open lots and counts that are kept up to date equal those that are added up anew", () => {
  fc.assert(
    fc.property(fc.tuple(anyOrder(1), anyOrder(2), anyOrder(3), anyOrder(4)), (orders) => {
      const portfolio = portfolioOfTwo();
      const last: Order[] = [];
      for (const history of orders) {
        history.forEach(({ index, order }, at) =>
          portfolio.orderChanged(index, history[at - 1]?.order, order)
        );
        const end = history.at(-1);
        if (end !== undefined) last.push(end.order);
      }
      const open = last.filter(({ status }) =>
        !["filled", "cancelled", "rejected", "expired"].includes(status)
      );
      assertEquals(portfolio.openOrders(everything), open.length);
      for (const venue of [alpha, beta]) {
        const here = open.filter(({ instrument }) => instrument.startsWith(venue));
        assertEquals(portfolio.openOrders({ kind: "account", venue }), here.length);
        const [cell] = portfolio.exposureCells({ kind: "account", venue });
        const sum = (side: string) =>
          here.filter((order) => order.side === side && !order.reduceOnly)
            .reduce((total, order) => total + remainingLots(order), 0);
        assertEquals([cell?.openBuyLots, cell?.openSellLots], [sum("buy"), sum("sell")]);
      }
    }),
  );
});

Deno.test("a plugin that never traded has nothing", () => {
  const portfolio = portfolioOfTwo();
  assertEquals(portfolio.positions({ kind: "plugin", plugin: pluginId("nobody") }), []);
  assertEquals([...portfolio.exposureCells({ kind: "plugin", plugin: pluginId("nobody") })], []);
});
