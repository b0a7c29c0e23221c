/** The same as tests/core/backtest/turns_ahead_test.ts, over many more drawn markets and strategies. */
import { sameHoweverTurnsAreTaken } from "../core/backtest/random_backtest.ts";

Deno.test("a hundred drawn backtests are the same however their turns are taken", () =>
  sameHoweverTurnsAreTaken(101, 200, 1_500));
