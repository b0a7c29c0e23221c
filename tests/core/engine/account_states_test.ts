/** What strategies are told of the accounts they trade on. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { AccountState } from "../../../core/model/account_state.ts";
import { instrumentId, type PluginId } from "../../../core/model/ids.ts";
import { parseMoney } from "../../../core/model/money.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, EngineHarness, looseBudget, maker, taker } from "../../support/engine_builders.ts";

const btc = instrumentId(alpha, "BTC-PERP");

function balance(harness: EngineHarness, asset: string, total: string, available: string): void {
  const sums = { total: parseMoney(total), available: parseMoney(available) };
  harness.handle({ kind: "balance_report", venue: alpha, balance: { asset, ...sums, tsVenueMs: 1 } });
}

const toldTo = (harness: EngineHarness, plugin: PluginId): readonly AccountState[] =>
  harness.outputs.flatMap((output) =>
    output.kind === "to_plugin" && output.plugin === plugin && output.message.type === "account"
      ? [output.message.account]
      : []
  );

Deno.test("a balance that counts as USD is told once, a change anew; other assets count for nothing", () => {
  const harness = EngineHarness.ready();
  const before = toldTo(harness, maker).length;
  balance(harness, "USDC", "1000", "800");
  harness.pass(300, true);
  balance(harness, "BTC", "2", "2");
  harness.pass(300, true);
  balance(harness, "USDC", "990", "790");
  harness.pass(300, true);
  const told = toldTo(harness, maker).slice(before).map((
    { walletUsd, availableUsd },
  ) => [walletUsd, availableUsd]);
  assertEquals(told, [[1_000, 800], [990, 790]]);
});

Deno.test("the venue's word on positions comes along: size, liquidation price, leverage", () => {
  const harness = EngineHarness.ready();
  balance(harness, "USDC", "1000", "800");
  const position = {
    instrument: btc,
    positionLots: sizeLots(-20),
    entryPrice: 50_000,
    markPrice: 50_000,
    liquidationPrice: 55_000,
    leverage: 12,
    tsVenueMs: 1,
  };
  harness.handle({ kind: "position_report", venue: alpha, position });
  harness.pass(300, true);
  assertEquals(toldTo(harness, maker).at(-1)?.positions, [
    { instrument: btc, sizeBase: -0.02, liquidationPrice: 55_000, leverage: 12 },
  ]);
});

Deno.test("a plugin that comes is told what is known; one that may not trade there is told nothing", () => {
  const harness = EngineHarness.ready();
  balance(harness, "USDC", "1000", "800");
  harness.pass(300, true);
  const grant = { venues: ["*"], instruments: ["*"], data: ["quotes" as const], orders: "none" as const };
  harness.startPlugin(taker, { grant, budget: looseBudget });
  balance(harness, "USDC", "900", "800");
  harness.pass(300, true);
  assertEquals(toldTo(harness, taker), []);
  harness.startPlugin(taker, { grant: { ...grant, orders: "trade" } });
  assertEquals(toldTo(harness, taker).map(({ walletUsd }) => walletUsd), [900]);
});

Deno.test("what other plugins' positions make is part of the account, one's own is not", () => {
  const harness = EngineHarness.ready();
  harness.startPlugin(taker);
  harness.price(alpha, 50_000);
  harness.trade("buy", 100, { plugin: taker, priceTicks: priceTicks(500_000), fee: parseMoney("0") });
  harness.price(alpha, 50_100);
  balance(harness, "USDC", "1000", "800");
  harness.pass(300, true);
  assertAlmostEquals(toldTo(harness, maker).at(-1)?.othersUnrealizedUsd ?? NaN, 10, 1e-9);
  assertEquals(toldTo(harness, taker).at(-1)?.othersUnrealizedUsd, 0);
});
