/** The stop at the venue, with the real adapter and a real host that is killed: it closes the position, and the books agree. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openJournalReader } from "../../core/journal/reader.ts";
import { killBench, until } from "../support/kill_bench.ts";

const pluginFolder = fileURLToPath(new URL("../support/guarded_plugins", import.meta.url));

Deno.test("a host is killed, the next one stopped, prices go through the stop that stayed: the venue closes the position, and all agree", async () => {
  await using bench = await killBench(7, { latencyMs: 3 }, {
    pluginFolder,
    config: { residentStops: { marginBps: 20 } },
  });
  await bench.killWhen(() =>
    until("a stop at the venue", async () => (await bench.status()).includes("its stop is at the venue too"))
  );
  // A stop in order keeps the position, and its stop with it: nothing is left to be done.
  const kept = await bench.settle(1_500);
  assertEquals(
    [kept.code, kept.venues.map(({ ledger }) => ledger.agrees)],
    [0, [true, true]],
    kept.log.slice(-4_000),
  );
  assert(await bench.positionLots("paradex", "BTC-PERP") > 0);
  await bench.shock("BTC", -0.02);
  await until("the venue's fill", async () => await bench.positionLots("paradex", "BTC-PERP") === 0);

  const { code, venues, log } = await bench.settle(1_500);
  assertEquals(venues.map(({ ledger }) => ledger), [
    { agrees: true, differences: [] },
    { agrees: true, differences: [] },
  ], log.slice(-4_000));
  assertEquals(code, 0, log.slice(-4_000));
  assert(log.includes("RESIDENT_STOP_FIRED"), log.slice(-4_000));

  using journal = openJournalReader(join(bench.dataDir, "sim/journal.db"));
  const bodies = (kind: string): readonly string[] =>
    journal.records({ kinds: [kind] }, { limit: 10_000 }).map(({ body }) => JSON.stringify(body));
  // The entry and the stop, both the plugin's; nothing else was sent by either host.
  assertEquals(bodies("fill").map((body) => /"ref":"(stop:)?/.exec(body)?.[1]), [undefined, "stop:"]);
  assert(bodies("fill").every((body) => body.includes('"plugin":"guarded_holder"')));
  assertEquals(bodies("request").filter((body) => body.includes('"kind":"submit"')).length, 2);
  // Closed by the venue; or the new host's own stop had fired too, and found nothing left to send.
  assert(bodies("exit_plan").at(-1)?.includes('"kind":"ended"'), bodies("exit_plan").join("\n"));
  assertEquals(bodies("foreign_fill"), []);
});
