/** What a plugin reports is refused in the plugin, where its author sees why. */
import { instrumentId, type OpportunityRecord } from "@berth/sdk";
import { assertThrows } from "@std/assert";
import { checkGauge, checkOpportunity } from "../../../core/sdk/report_checks.ts";

for (const name of ["x", "half_life_s", "roe.btc_perp", "a".repeat(60)]) {
  Deno.test(`checkGauge(${JSON.stringify(name)}) lets it pass`, () => checkGauge(name));
}
for (const name of ["", "Roe", "1st", "roe percent", "a".repeat(61), "ä"]) {
  Deno.test(`checkGauge(${JSON.stringify(name)}) refuses it`, () =>
    void assertThrows(() => checkGauge(name), Error, "A gauge's name"));
}

const record: OpportunityRecord = {
  symbol: "BTC-PERP",
  buy: instrumentId("okx", "BTC-PERP"),
  sell: instrumentId("paradex", "BTC-PERP"),
  buyPrice: 1,
  sellPrice: 1,
  sizeBase: 1,
  buyBidPrice: 1,
  buyAskPrice: 1,
  sellBidPrice: 1,
  sellAskPrice: 1,
  spreadBps: 0,
  grossBps: 0,
  feesBps: 0,
  netBps: 0,
  slippageBps: 0,
  fundingBps: 0,
  expectedBps: 0,
  score: 0,
  plan: "buy, sell",
  isTaken: false,
};
Deno.test("checkOpportunity() lets a whole record pass", () => checkOpportunity(record));
for (const broken of [{ score: NaN }, { netBps: Infinity }, { sizeBase: -Infinity }]) {
  Deno.test(`checkOpportunity() refuses ${Object.keys(broken)[0]}`, () =>
    void assertThrows(() => checkOpportunity({ ...record, ...broken }), Error, "An opportunity's"));
}
