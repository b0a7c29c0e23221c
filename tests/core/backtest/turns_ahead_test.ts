/** Playing through turns in which the host has nothing to say changes nothing but the time it takes. */
import { assert, assertEquals } from "@std/assert";
import { randomBacktest } from "./random_backtest.ts";

Deno.test("turns taken in one go give the same bytes as turns taken one by one", async () => {
  let [oneByOne, ahead, told] = [0, 0, 0];
  for (let seed = 1; seed <= 12; seed++) {
    const slow = await randomBacktest(seed, 1_500, false);
    const fast = await randomBacktest(seed, 1_500, true);
    assertEquals(fast.heard, slow.heard, `seed ${seed}`);
    assertEquals(JSON.stringify(fast.recording), JSON.stringify(slow.recording), `seed ${seed}`);
    oneByOne += slow.turns;
    ahead += fast.turns;
    told += slow.heard.filter((line) => line.includes(" exit ")).length;
  }
  assert(told > 100, `${told} words of exits`);
  assert(ahead < oneByOne / 2, `${ahead} turns for ${oneByOne}`);
});
