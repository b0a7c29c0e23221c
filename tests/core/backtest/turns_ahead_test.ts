/** Playing through turns in which the host has nothing to say changes nothing but the time it takes. */
import { sameHoweverTurnsAreTaken } from "./random_backtest.ts";

Deno.test("turns taken in one go give the same bytes as turns taken one by one", () =>
  sameHoweverTurnsAreTaken(1, 8, 1_200));
