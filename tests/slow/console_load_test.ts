/** A crowd at the console: everybody is served, and quotes go on. The full load is a benchmark (tests/bench). */
import { assert, assertEquals } from "@std/assert";
import { consoleLoad } from "../bench/console_load.ts";

Deno.test("500 followers and 1,000 requests a second are served, and quotes reach strategies as before", async () => {
  const { alone, asked, clients } = await consoleLoad({
    followers: 500,
    requestsPerSecond: 1_000,
    rounds: 3,
    seconds: 4,
  });
  assertEquals(clients?.followers, 500);
  assertEquals(Object.keys(clients?.statuses ?? {}), ["200"]);
  // What else the machine does falls on both; a console in the way of quotes moved this by far more.
  assert(asked.p50Us < 1.5 * alone.p50Us, `${alone.p50Us} us alone, ${asked.p50Us} us asked`);
});
