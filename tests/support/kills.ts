/** Kills hosts at random moments and asserts that each next one ends in agreement with the venues. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { join } from "node:path";
import { openJournalReader } from "../../core/journal/reader.ts";
import { seededRandom } from "../../exchanges/simulation/random.ts";
import { killBench } from "./kill_bench.ts";

export async function killsEndInAgreement(
  kills: number,
  seed: number,
  faults: Readonly<Record<string, number>>,
): Promise<void> {
  const random = seededRandom(seed).fork("kills");
  await using bench = await killBench(seed, faults);
  for (let kill = 1; kill <= kills; kill++) {
    const tradeMs = random.next() * 2_500;
    await bench.tradeAndKill(tradeMs);
    const { code, venues, log } = await bench.settle(random.next() * 600);
    const where = `kill ${kill} of seed ${seed}, after ${tradeMs.toFixed(0)} ms\n${log.slice(-4_000)}`;
    assertEquals(venues.map(({ ledger }) => ledger), [
      { agrees: true, differences: [] },
      { agrees: true, differences: [] },
    ], where);
    assertEquals(code, 0, where);
  }
  using journal = openJournalReader(join(bench.dataDir, "sim/journal.db"));
  const ids = journal.records({ kinds: ["fill"] }, { limit: 1_000_000 }).map(({ id }) => id);
  assertGreater(ids.length, kills * 2);
  assertEquals(new Set(ids).size, ids.length, "a fill was booked twice");
  const sent = journal.records({ kinds: ["request"] }, { limit: 1_000_000 })
    .map(({ body }) => JSON.stringify(body))
    .filter((body) => body.includes('"kind":"submit"'))
    .map((body) => /"clientOrderId":"(\w+)"/.exec(body)?.[1]);
  assertEquals(new Set(sent).size, sent.length, "an order was sent twice");
  await explains(bench.dataDir, ids.at(-1) ?? "");
  const runs = journal.runs(10_000);
  assertEquals(runs.length, 2 * kills);
  assertEquals(runs.filter(({ isCleanStop }) => isCleanStop).length, kills);
  assert(runs.every(({ environment }) => environment === "sim"));
}

/** `berth explain FILL --json`, as a person would ask: from the intent over the order to the fill. */
async function explains(dataDir: string, id: string): Promise<void> {
  const entry = new URL("../../core/main.ts", import.meta.url).pathname;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", "--no-check", entry, "explain", id, "--json", "--data-dir", dataDir],
  }).output();
  const explained: { readonly steps: readonly { readonly record?: { readonly kind: string } }[] } = JSON
    .parse(
      new TextDecoder().decode(stdout),
    );
  const kinds = explained.steps.flatMap(({ record }) => record === undefined ? [] : [record.kind]);
  assertEquals([code, kinds.slice(-3)], [0, ["intent", "order", "fill"]]);
}
