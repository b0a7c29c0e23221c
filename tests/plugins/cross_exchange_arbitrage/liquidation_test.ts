/** Distance to liquidation by hand: the venue's word first, the margin's arithmetic else. */
import { type AccountView, instrumentId, venueId } from "@berth/sdk";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  estimatedDistanceBps,
  type LegRisk,
  liquidationDistanceBps,
  maintenanceShareOf,
  statedDistanceBps,
} from "../../../plugins/cross_exchange_arbitrage/liquidation.ts";

const btc = instrumentId("okx", "BTC-PERP");
const account = (equityUsd: number, liquidationPrice?: number, sizeBase = 50): AccountView => ({
  venue: venueId("okx"),
  walletUsd: equityUsd,
  availableUsd: equityUsd,
  othersUnrealizedUsd: 0,
  equityUsd,
  positions: liquidationPrice === undefined
    ? []
    : [{ instrument: btc, sizeBase, liquidationPrice, leverage: undefined }],
});
/** Long 50 at 100: 5,000 USD, of which 1 % is maintenance margin. */
const risk: LegRisk = {
  sizeBase: 50,
  price: 100,
  account: account(1_000),
  venueValueUsd: 5_000,
  maintenanceShare: 0.01,
};

Deno.test("statedDistanceBps(): a long at 100 that is liquidated at 92, a short at 105", () => {
  assertAlmostEquals(statedDistanceBps(1, 100, 92), 800, 1e-9);
  assertAlmostEquals(statedDistanceBps(-1, 100, 105), 500, 1e-9);
  assertAlmostEquals(statedDistanceBps(1, 90, 92), -222.2, 0.1);
});

for (const sizeBase of [50, -50]) {
  Deno.test(`after the estimated move a ${sizeBase > 0 ? "long" : "short"}'s equity is its maintenance margin`, () => {
    const bps = estimatedDistanceBps({ ...risk, sizeBase }, 1_000);
    const price = 100 * (1 - Math.sign(sizeBase) * (bps / 10_000));
    const equity = 1_000 + sizeBase * (price - 100);
    assertAlmostEquals(equity, 0.01 * Math.abs(sizeBase) * price, 1e-9);
  });
}

const cases: readonly { readonly name: string; readonly changes: Partial<LegRisk>; readonly bps: number }[] =
  [
    { name: "equity 1,000 on 5,000 with 1 %", changes: {}, bps: 1_919.19 },
    {
      name: "other positions of 20,000 there want margin too",
      changes: { venueValueUsd: 25_000 },
      bps: 1_515.15,
    },
    { name: "less equity than margin is no distance", changes: { account: account(40) }, bps: 0 },
    { name: "the venue's word goes first", changes: { account: account(1_000, 95) }, bps: 500 },
    {
      name: "a net position of the other sign is not this leg's",
      changes: { account: account(1_000, 95, -1) },
      bps: 1_919.19,
    },
    { name: "an account that nobody knows", changes: { account: undefined }, bps: NaN },
    { name: "nothing held", changes: { sizeBase: 0 }, bps: NaN },
    { name: "a margin that nobody knows", changes: { maintenanceShare: NaN }, bps: NaN },
  ];
for (const { name, changes, bps } of cases) {
  Deno.test(`liquidationDistanceBps(): ${name}: ${bps}`, () =>
    assertAlmostEquals(liquidationDistanceBps(btc, { ...risk, ...changes }), bps, 0.01));
}

Deno.test("maintenanceShareOf(): as set, else half of what the largest leverage asks for", () => {
  assertEquals(
    [
      maintenanceShareOf(50, 0),
      maintenanceShareOf(50, 2.5),
      maintenanceShareOf(0, 0),
      maintenanceShareOf(undefined, 0),
    ],
    [0.01, 0.025, NaN, NaN],
  );
});
