import { assertEquals } from "@std/assert";
import { openJournalReader, type QueryOptions, type RecordFilter } from "../../../core/journal/reader.ts";
import { open, record, type TestFolder, testFolder } from "./support.ts";

async function writeSample(folder: TestFolder): Promise<void> {
  const journal = await open(folder);
  journal.startRun({ runId: "run1", environment: "sim", seed: 1, version: "0", tsStartMs: 1 });
  journal.append(
    record("a/1", { kind: "intent", tsUs: 10, plugin: "scalper", instrument: "paradex:BTC-PERP" }),
  );
  journal.append(
    record("b/1", { kind: "order", tsUs: 20, causeId: "a/1", clientOrderId: "b1", venue: "paradex" }),
  );
  journal.append(
    record("c/1", { kind: "fill", tsUs: 30, causeId: "b/1", clientOrderId: "b1", venue: "paradex" }),
  );
  await journal.close({ isClean: true });
  const again = await open(folder);
  again.startRun({ runId: "run2", environment: "sim", seed: 1, version: "0", tsStartMs: 2 });
  again.append(record("a/1", { kind: "intent", tsUs: 40, plugin: "arbitrage" }));
  again.append(record("c/2", { kind: "fill", tsUs: 50, causeId: "a/1", venue: "okx" }));
  again.keep("order", "b1", { status: "accepted" });
  again.keep("plugin_state", "scalper", 1);
  await again.close({ isClean: true });
}

const cases: readonly {
  readonly name: string;
  readonly filter: RecordFilter;
  readonly options?: QueryOptions;
  readonly expected: readonly number[];
}[] = [
  { name: "everything", filter: {}, expected: [1, 2, 3, 4, 5] },
  { name: "of two kinds", filter: { kinds: ["order", "fill"] }, expected: [2, 3, 5] },
  { name: "of no kind", filter: { kinds: [] }, expected: [] },
  { name: "from an instant, included", filter: { fromUs: 30 }, expected: [3, 4, 5] },
  { name: "to an instant, not included", filter: { toUs: 30 }, expected: [1, 2] },
  { name: "of a run", filter: { runId: "run1" }, expected: [1, 2, 3] },
  { name: "of a run that never was", filter: { runId: "run9" }, expected: [] },
  { name: "of a plugin", filter: { plugin: "arbitrage" }, expected: [4] },
  { name: "of a venue and kind", filter: { venue: "paradex", kinds: ["fill"] }, expected: [3] },
  { name: "of an instrument", filter: { instrument: "paradex:BTC-PERP" }, expected: [1] },
  { name: "of an order", filter: { clientOrderId: "b1" }, expected: [2, 3] },
  { name: "with a cause", filter: { causeId: "a/1" }, expected: [2, 5] },
  { name: "after a place", filter: { afterSequence: 3 }, expected: [4, 5] },
  { name: "newest first", filter: {}, options: { order: "newest_first", limit: 2 }, expected: [5, 4] },
  { name: "at most two", filter: {}, options: { limit: 2 }, expected: [1, 2] },
];

Deno.test("records() finds records", async (t) => {
  await using folder = await testFolder();
  await writeSample(folder);
  using reader = openJournalReader(folder.journalPath);
  for (const { name, filter, options, expected } of cases) {
    await t.step(name, () => {
      assertEquals(reader.records(filter, options).map((found) => found.sequence), expected);
    });
  }
  await t.step("last() gives the newest, oldest first", () => {
    assertEquals(reader.last(2).map((found) => found.sequence), [4, 5]);
  });
  await t.step("byId() gives the newest of the name", () => assertEquals(reader.byId("a/1")?.sequence, 4));
  await t.step("causesFrom() goes to the nearest earlier record of the cause's id", () => {
    const fill = reader.byId("c/1");
    assertEquals(fill && reader.causesFrom(fill).map((found) => found.sequence), [3, 2, 1]);
  });
  await t.step("effectsFrom() leaves out what came of a later run's record of the same id", () => {
    const intent = reader.records({ kinds: ["intent"] })[0];
    assertEquals(intent && reader.effectsFrom(intent).map((found) => found.sequence), [2, 3]);
  });
  await t.step("counts() gives how often and when", () => {
    assertEquals(reader.counts({ venue: "paradex" }), [
      { kind: "fill", count: 1, firstUs: 30, lastUs: 30 },
      { kind: "order", count: 1, firstUs: 20, lastUs: 20 },
    ]);
  });
  await t.step("kept() gives one scope or all", () => {
    assertEquals(reader.kept("order").map((value) => value.body), [{ status: "accepted" }]);
    assertEquals(reader.kept().map((value) => value.scope), ["order", "plugin_state"]);
  });
});

Deno.test("a cause that names itself does not go round for ever", async () => {
  await using folder = await testFolder();
  const journal = await open(folder);
  await journal.appendDurable(record("a/1", { causeId: "a/1" }));
  await journal.close({ isClean: true });
  using reader = openJournalReader(folder.journalPath);
  const found = reader.byId("a/1");
  assertEquals(found && reader.causesFrom(found).length, 1);
  assertEquals(found && reader.effectsFrom(found).length, 0);
});
