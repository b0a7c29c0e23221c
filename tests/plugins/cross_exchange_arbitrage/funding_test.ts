/** Funding of a pair by hand. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  type FundingTerms,
  nextPaymentMs,
  pairFundingBps,
  paymentsUntil,
} from "../../../plugins/cross_exchange_arbitrage/funding.ts";

const hourMs = 3_600_000;
const terms = (
  rate: number | undefined,
  intervalHours: number | undefined,
  tsNextMs: number | undefined,
): FundingTerms => ({
  rate,
  intervalHours,
  tsNextMs,
});

const counts = [
  { name: "before the first payment", terms: terms(0, 8, 5 * hourMs), untilMs: 4 * hourMs, payments: 0 },
  { name: "at the first payment", terms: terms(0, 8, 5 * hourMs), untilMs: 5 * hourMs, payments: 1 },
  { name: "over three intervals", terms: terms(0, 8, 5 * hourMs), untilMs: 22 * hourMs, payments: 3 },
  { name: "hourly over a day", terms: terms(0, 1, hourMs), untilMs: 24 * hourMs, payments: 24 },
  {
    name: "a next payment that was not renewed",
    terms: terms(0, 8, -hourMs),
    untilMs: 8 * hourMs,
    payments: 1,
  },
  { name: "no interval", terms: terms(0, undefined, hourMs), untilMs: 9 * hourMs, payments: 0 },
  { name: "no time", terms: terms(0, 8, undefined), untilMs: 9 * hourMs, payments: 0 },
];
for (const { name, terms: own, untilMs, payments } of counts) {
  Deno.test(`paymentsUntil() ${name}`, () => assertEquals(paymentsUntil(own, 0, untilMs), payments));
}

const pairs = [
  // The short leg receives 3 bps once, the long leg pays 1 bps once.
  {
    name: "a short that earns more",
    long: terms(0.0001, 8, hourMs),
    short: terms(0.0003, 8, hourMs),
    bps: 2,
  },
  // An hourly 0.5 bps paid eight times against 1 bps received once.
  {
    name: "different intervals",
    long: terms(0.00005, 1, hourMs),
    short: terms(0.0001, 8, 8 * hourMs),
    bps: -3,
  },
  {
    name: "a negative rate pays the long leg",
    long: terms(-0.0002, 8, hourMs),
    short: terms(0, 8, hourMs),
    bps: 2,
  },
  {
    name: "nothing known",
    long: terms(undefined, undefined, undefined),
    short: terms(undefined, 8, 1),
    bps: 0,
  },
];
for (const { name, long, short, bps } of pairs) {
  Deno.test(`pairFundingBps() of ${name}`, () =>
    assertAlmostEquals(pairFundingBps(long, short, 0, 8 * hourMs), bps, 1e-9));
}

Deno.test("nextPaymentMs() is the sooner one, renewed where it lies in the past", () => {
  assertEquals(nextPaymentMs(terms(0, 8, 5 * hourMs), terms(0, 8, 3 * hourMs), 0), 3 * hourMs);
  assertEquals(nextPaymentMs(terms(0, 8, -hourMs), terms(0, 8, undefined), 0), 7 * hourMs);
  assertEquals(nextPaymentMs(terms(0, undefined, undefined), terms(0, 8, undefined), 0), Infinity);
});
