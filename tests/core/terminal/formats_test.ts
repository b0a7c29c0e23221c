import { assertEquals } from "@std/assert";
import {
  ageStyle,
  ageText,
  bpsText,
  clockText,
  countText,
  priceText,
  signedUsdText,
  sizeText,
  timeOfDayText,
  usdText,
} from "../../../core/terminal/formats.ts";
import { bestSpreadFor, spreadsOf } from "../../../core/terminal/spreads.ts";
import { sampleSnapshot } from "./sample_snapshot.ts";

const cases: readonly (readonly [string, string, string])[] = [
  ["a price at its tick's decimals", priceText(43250, 1), "43250.0"],
  ["a price that is not known", priceText(NaN, 1), "–"],
  ["a small size at its lot's decimals", sizeText(0.015, 5), "0.01500"],
  ["a large size in fewer decimals", sizeText(12345.678, 5), "12345.7"],
  ["a short size with a minus sign", sizeText(-0.5, 2), "−0.50"],
  ["a gain with its sign", signedUsdText(1234.5), "+1,234.50"],
  ["a loss with its sign", signedUsdText(-1234567.891), "−1,234,567.89"],
  ["less than half a cent as nothing", signedUsdText(-0.004), "0.00"],
  ["money that is not known", signedUsdText(NaN), "–"],
  ["a sum without sign", usdText(999.995), "1,000.00"],
  ["a spread", bpsText(1.156), "+1.16"],
  ["a negative spread", bpsText(-0.5), "−0.50"],
  ["no spread at all", bpsText(0), "0.00"],
  ["milliseconds", ageText(85.4), "85ms"],
  ["just under a second", ageText(999.6), "1.0s"],
  ["seconds", ageText(12_400), "12s"],
  ["minutes", ageText(180_000), "3m"],
  ["hours", ageText(7_200_000), "2h"],
  ["days", ageText(259_200_000), "3d"],
  ["an age before now as none", ageText(-5), "0ms"],
  ["a small count", countText(9999), "9999"],
  ["a large count", countText(12_345), "12.3k"],
  ["millions", countText(3_400_000), "3.4M"],
  ["a duration", clockText(3_723_999), "01:02:03"],
  ["days of duration", clockText(90_061_000), "1d 01:01:01"],
  ["a time of day", timeOfDayText(1_750_000_000_000), "15:06:40"],
  ["a time beyond all calendars", timeOfDayText(1e300), "–"],
];
for (const [name, found, expected] of cases) {
  Deno.test(`shown: ${name}`, () => assertEquals(found, expected));
}

Deno.test("ages turn from good over warn to bad at their limits, and what is not known is bad", () => {
  assertEquals([500, 500.1, 2000, 2000.1, NaN].map((age) => ageStyle(age, 500, 2000)), [
    "good",
    "warn",
    "warn",
    "bad",
    "bad",
  ]);
});

Deno.test("spreadsOf() gives both directions of each pair of venues", () => {
  const spreads = spreadsOf(sampleSnapshot.quotes.slice(0, 2));
  assertEquals(
    spreads.map(({ buyVenue, sellVenue, spreadBps }) => [buyVenue, sellVenue, spreadBps.toFixed(4)]),
    [
      // (43250.1 / 43256.3 − 1) × 10⁴ and (43255.1 / 43250.2 − 1) × 10⁴
      ["paradex", "okx", "-1.4333"],
      ["okx", "paradex", "1.1329"],
    ],
  );
});

Deno.test("bestSpreadFor() takes the cheapest other venue of the same symbol, and none where a side is missing", () => {
  const [okx, paradex, , noBid] = sampleSnapshot.quotes;
  if (okx === undefined || paradex === undefined || noBid === undefined) {
    throw new Error("the sample has changed");
  }
  const third = { ...okx, venue: "third", askPrice: 43240 };
  assertEquals(bestSpreadFor(paradex, [okx, paradex, third])?.buyVenue, "third");
  assertEquals(bestSpreadFor(noBid, sampleSnapshot.quotes), undefined);
});
