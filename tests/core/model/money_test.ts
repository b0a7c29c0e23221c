import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BerthError } from "../../../core/errors.ts";
import {
  formatMoney,
  money,
  moneyFromNumber,
  moneyTimesBps,
  moneyToNumber,
  notional,
  oneMoney,
  parseMoney,
  tickLotMoney,
} from "../../../core/model/money.ts";
import { increment } from "../../../core/model/ticks.ts";

const anyMoney = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(money);

Deno.test("money survives the way to text and back", () => {
  fc.assert(fc.property(anyMoney, (value) => assertEquals(parseMoney(formatMoney(value)), value)));
});

Deno.test("trailing zeros beyond the 18th digit are nothing, other digits are refused", () => {
  assertEquals(parseMoney("1.0000000000000000000000"), oneMoney);
  assertEquals(
    assertThrows(() => parseMoney("0.0000000000000000001"), BerthError).code,
    "MODEL_INVALID_DECIMAL",
  );
  for (const text of ["", "1e3", "1.", "--1", "1 "]) assertThrows(() => parseMoney(text), BerthError);
});

Deno.test("notional is exact: ticks × lots × the value of a tick and a lot", () => {
  const instrument = { tick: increment("0.1"), lot: increment("0.00001") };
  assertEquals(tickLotMoney(instrument), 10n ** 12n);
  assertEquals(formatMoney(notional(432_501, 1_000, instrument)), "432.501");
  assertEquals(formatMoney(notional(432_501, -1_000, instrument)), "432.501");
  const huge = notional(2 ** 53 - 1, 2 ** 53 - 1, instrument);
  assertEquals(huge, (2n ** 53n - 1n) ** 2n * 10n ** 12n);
});

Deno.test("tick and lot of more than 18 decimals together are refused", () => {
  const fine = { tick: increment("0.000000001"), lot: increment("0.000000001") };
  assertEquals(tickLotMoney(fine), 1n);
  const tooFine = { tick: increment("0.0000000001"), lot: increment("0.000000001") };
  assertEquals(assertThrows(() => tickLotMoney(tooFine), BerthError).code, "MODEL_OUT_OF_RANGE");
});

Deno.test("basis points are rounded half away from zero, symmetrically", () => {
  assertEquals(formatMoney(moneyTimesBps(parseMoney("432.501"), 4.5)), "0.19462545");
  assertEquals(moneyTimesBps(money(1n), 5_000), 1n); // half a unit
  assertEquals(moneyTimesBps(money(-1n), 5_000), -1n);
  assertEquals(moneyTimesBps(money(1n), 4_999.999), 0n);
  fc.assert(
    fc.property(anyMoney, fc.integer({ min: -10_000, max: 10_000 }), (value, bps) => {
      assertEquals(moneyTimesBps(money(-value), bps), -moneyTimesBps(value, bps));
      const error = moneyTimesBps(value, bps) * 10_000n - value * BigInt(bps);
      assert(error <= 5_000n && error >= -5_000n, "within half a unit");
    }),
  );
  for (const bps of [NaN, Infinity]) assertThrows(() => moneyTimesBps(oneMoney, bps), BerthError);
});

Deno.test("moneyFromNumber() reads a limit to its millionth and refuses NaN", () => {
  assertEquals(formatMoney(moneyFromNumber(0.1 + 0.2)), "0.3");
  for (const value of [NaN, Infinity, 2e9]) assertThrows(() => moneyFromNumber(value), BerthError);
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), (cents) => {
      assertEquals(moneyToNumber(moneyFromNumber(cents / 100)), cents / 100 === 0 ? 0 : cents / 100);
    }),
  );
});
