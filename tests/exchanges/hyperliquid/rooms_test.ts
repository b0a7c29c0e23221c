/** The small rooms: ids, nonces, precision, words of refusal, budgets. */
import { assert, assertEquals } from "@std/assert";
import { clientOrderId, type InstrumentStatus, priceTicks } from "@berth/sdk";
import fc from "fast-check";
import * as v from "valibot";
import { ClientOrderIds } from "../../../core/execution/client_order_ids.ts";
import { pluginId } from "../../../core/model/ids.ts";
import { clientIdOf, cloidOf } from "../../../exchanges/hyperliquid/client_ids.ts";
import { feesOf, priceText, toInstrument } from "../../../exchanges/hyperliquid/instruments.ts";
import { NonceSource } from "../../../exchanges/hyperliquid/nonces.ts";
import { isDoneText, rejectCodeOf } from "../../../exchanges/hyperliquid/reject_codes.ts";
import { AddressBudget, WeightBudget } from "../../../exchanges/hyperliquid/request_budget.ts";
import { VenueTime } from "@berth/sdk/venue/venue_time.ts";
import { sharedDataMissing, sharedPath } from "../../support/shared_data.ts";
import { VirtualTime } from "./fakes.ts";

Deno.test("our ids survive the way to a cloid and back, and no two are one", () => {
  const own = fc.string({
    unit: fc.constantFrom(..."0123456789abcdefghijklmnopqrstuvwxyz"),
    minLength: 1,
    maxLength: 23,
  });
  fc.assert(fc.property(own, own, (a, b) => {
    const cloid = cloidOf(clientOrderId(a));
    assert(cloid !== undefined && /^0xb1[0-9a-f]{30}$/.test(cloid), cloid);
    assertEquals(clientIdOf(cloid), clientOrderId(a));
    assertEquals(cloidOf(clientOrderId(b)) === cloid, a === b);
  }));
  const [hostId] = [
    new ClientOrderIds("zzzz", Number.MAX_SAFE_INTEGER - 1).next(pluginId("paradex_scalper")),
  ];
  assertEquals(clientIdOf(cloidOf(hostId) ?? ""), hostId);
});

Deno.test("somebody else's cloid is its digits, and goes back as it came", () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (number) => {
    const cloid = `0x${number.toString(16).padStart(32, "0")}`;
    const id = clientIdOf(cloid);
    assert(id !== undefined);
    assertEquals(cloidOf(id), cloid);
  }));
  for (const text of ["", "0x", "0x12", "nonsense", `0x${"g".repeat(32)}`]) {
    assertEquals(clientIdOf(text), undefined);
  }
  assertEquals(cloidOf(clientOrderId("A")), undefined);
  assertEquals(cloidOf(clientOrderId("a".repeat(24))), undefined);
});

Deno.test("nonces are the time, and never twice the same, even if the clock goes back", () => {
  let nowMs = 1_000;
  const nonces = new NonceSource({ nowMs: () => nowMs });
  const drawn = [nonces.next(), nonces.next(), nonces.next()];
  nowMs = 900;
  drawn.push(nonces.next());
  nowMs = 2_000;
  drawn.push(nonces.next());
  assertEquals(drawn, [1_000, 1_001, 1_002, 1_003, 2_000]);
});

const formatPath = sharedPath("vectors/hyperliquid/format_price_size.json");
const formatSchema = v.object({
  price: v.array(
    v.object({ in: v.string(), szDecimals: v.number(), type: v.string(), out: v.optional(v.string()) }),
  ),
});
Deno.test({
  name: `prices come out as published ${formatPath === undefined ? sharedDataMissing : ""}`,
  ignore: formatPath === undefined,
  fn: async () => {
    const { price } = v.parse(formatSchema, JSON.parse(await Deno.readTextFile(formatPath ?? "")));
    let checked = 0;
    for (const one of price) {
      if (one.type !== "perp" || one.out === undefined) continue;
      const row = { name: "BTC", szDecimals: one.szDecimals, maxLeverage: 10 };
      const instrument = toInstrument(row, 0, { maker: 0, taker: 0 });
      // Cut to the tick as text, then to five figures: towards zero, as a buy is rounded.
      const [whole = "", fraction = ""] = one.in.split(".");
      const ticks = Number(whole + fraction.slice(0, 6 - one.szDecimals).padEnd(6 - one.szDecimals, "0"));
      assertEquals(priceText(priceTicks(ticks), "buy", instrument), one.out, one.in);
      checked += 1;
    }
    assert(checked >= 6);
  },
});

Deno.test("a price with too many figures moves away from the market, never towards it", () => {
  const one = toInstrument({ name: "ETH", szDecimals: 4, maxLeverage: 25 }, 1, { maker: 0, taker: 0 });
  assertEquals(one.instrument.tick.text, "0.01");
  assertEquals([priceText(priceTicks(292_357), "buy", one), priceText(priceTicks(292_357), "sell", one)], [
    "2923.5",
    "2923.6",
  ]);
});

const rows: readonly { readonly name: string; readonly row: object; readonly status: InstrumentStatus }[] = [
  { name: "listed", row: {}, status: "trading" },
  { name: "not delisted", row: { isDelisted: null }, status: "trading" },
  { name: "delisted", row: { isDelisted: true }, status: "halted" },
];
Deno.test("instruments: symbols, steps, leverage, state", () => {
  for (const { name, row, status } of rows) {
    const { instrument } = toInstrument({ name: "kPEPE", szDecimals: 0, maxLeverage: 10, ...row }, 3, {
      maker: 1,
      taker: 2,
    });
    assertEquals([instrument.symbol, instrument.tick.text, instrument.lot.text, instrument.status], [
      "kPEPE-PERP",
      "0.000001",
      "1",
      status,
    ], name);
  }
  assertEquals(feesOf({ userAddRate: "-0.00001", userCrossRate: "0.00045" }, { maker: 9, taker: 9 }), {
    maker: -0.1,
    taker: 4.5,
  });
});

const words: readonly (readonly [text: string, code: string])[] = [
  ["Order must have minimum value of $10. asset=3", "below_min_notional"],
  ["Price must be divisible by tick size. asset=0", "invalid_price"],
  ["Order has invalid price.", "invalid_price"],
  ["Order has zero size.", "invalid_size"],
  ["Insufficient margin to place order. asset=5", "insufficient_margin"],
  ["Reduce only order would increase position. asset=0", "reduce_only_would_increase"],
  ["Post only order would have immediately matched, bbo was 1.0@2.0. asset=0", "post_only_would_cross"],
  ["Order could not immediately match against any resting orders. asset=0", "fok_not_filled"],
  ["Order price cannot be more than 80% away from the reference price", "price_outside_band"],
  ["Order would increase open interest while open interest is capped", "instrument_not_trading"],
  ["Only post-only orders allowed immediately after network upgrade", "instrument_not_trading"],
  ["Order was never placed, already canceled, or filled. asset=0", "order_already_done"],
  ["User or API Wallet 0x0123456789abcdef0123456789abcdef01234567 does not exist.", "authentication"],
  ["L1 error: User or API Wallet 0x01 does not exist.", "authentication"],
  ["Must deposit before performing actions. User: 0x01", "authentication"],
  ["Vault may not perform this action.", "permission"],
  ["Too many cumulative requests sent (37986 > 10436) for cumulative volume traded $437.92.", "rate_limited"],
  ["something new", "other"],
];
Deno.test("the venue's words in ours", () => {
  for (const [text, code] of words) assertEquals(rejectCodeOf(text), code, text);
  assertEquals([isDoneText("Cannot modify canceled or filled order"), isDoneText("Order has zero size.")], [
    true,
    false,
  ]);
});

Deno.test("the weight budget leaves room for orders, and cancels go through a pause", async () => {
  const time = new VirtualTime();
  const budget = new WeightBudget(time, 0.5); // 600 a minute
  let questions = 0;
  while (budget.tryTake(20, "question")) questions += 1;
  assertEquals(questions, 21); // down to 30 %
  let orders = 0;
  while (budget.tryTake(1, "order")) orders += 1;
  assertEquals(orders, 120); // down to 10 %
  let cancels = 0;
  while (budget.tryTake(1, "cancel")) cancels += 1;
  assertEquals(cancels, 60);
  await time.advance(30_000);
  budget.pause(1_000);
  assertEquals([budget.tryTake(1, "order"), budget.tryTake(1, "cancel")], [false, true]);
  await time.advance(1_000);
  assertEquals(budget.tryTake(1, "order"), true);
  budget.charge(1_000);
  assertEquals(budget.tryTake(1, "cancel"), false);
});

Deno.test("an address without requests left sends one order in ten seconds", async () => {
  const time = new VirtualTime();
  const budget = new AddressBudget(time);
  assertEquals([budget.left, budget.tryTake(5)], [Infinity, true]);
  budget.set({ used: 9_990, cap: 10_000 });
  assertEquals([budget.tryTake(8), budget.left, budget.tryTake(4), budget.tryTake(1)], [
    true,
    2,
    true,
    false,
  ]);
  await time.advance(10_000);
  budget.count(1); // a cancel
  assertEquals(budget.tryTake(1), true);
});

Deno.test("the venue's time follows its word and the steady clock, not the wall's", () => {
  let [wallMs, steadyMs] = [5_000, 100];
  const time = new VenueTime({
    epochMs: () => wallMs,
    epochUs: () => wallMs * 1_000,
    monotonicMs: () => steadyMs,
  });
  assertEquals(time.nowMs(), 5_000);
  time.set(7_000.5);
  [wallMs, steadyMs] = [1, 350];
  assertEquals(time.nowMs(), 7_250);
});
