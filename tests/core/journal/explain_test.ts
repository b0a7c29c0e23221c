import { assert, assertEquals } from "@std/assert";
import { explain, explanationLines } from "../../../core/journal/explain.ts";
import { openJournalReader } from "../../../core/journal/reader.ts";
import { open, record, type TestFolder, testFolder } from "./support.ts";

const instrument = "paradex:BTC-PERP";
const terms = {
  instrument,
  side: "buy",
  sizeLots: 1500,
  reduceOnly: false,
  pricing: { kind: "limit", limitPriceTicks: 432501, timeInForce: "IOC", postOnly: false },
};
const increments = {
  tick: { text: "0.1", units: 1, decimals: 1 },
  lot: { text: "0.00001", units: 1, decimals: 5 },
};

async function writeTrade(folder: TestFolder): Promise<void> {
  const journal = await open(folder);
  const tsUs = 1_750_000_000_000_000;
  journal.append(
    record("instrument/1", { kind: "instrument", instrument, body: { instrument: increments } }),
  );
  journal.append(record("intent/scalper/1", {
    kind: "intent",
    causeId: "quote/paradex:BTC-PERP/812",
    tsUs,
    plugin: "scalper",
    instrument,
    body: { intent: { ...terms, causes: ["quote/paradex:BTC-PERP/812", "quote/okx:BTC-PERP/77"] } },
  }));
  journal.append(record("order/b1/new", {
    kind: "order",
    causeId: "intent/scalper/1",
    tsUs: tsUs + 40,
    instrument,
    clientOrderId: "b1",
    body: { order: { ...terms, status: "pending_new", filledLots: 0 }, event: "submitted" },
  }));
  journal.append(record("fill/paradex/9", {
    kind: "fill",
    causeId: "order/b1/new",
    tsUs: tsUs + 3500,
    instrument,
    clientOrderId: "b1",
    body: { fill: { side: "buy", priceTicks: 432500, sizeLots: 1500, liquidity: "taker" } },
  }));
  await journal.close({ isClean: true });
}

Deno.test("a fill is followed back over order and intent to the quotes it was decided on", async () => {
  await using folder = await testFolder();
  await writeTrade(folder);
  using reader = openJournalReader(folder.journalPath);
  const explanation = explain(reader, "b1");
  assert(explanation !== undefined);
  assertEquals(explanation.subject.id, "fill/paradex/9");
  assertEquals(
    explanation.steps.map((step) => step.kind === "recorded" ? step.words : step.id),
    [
      "quote/okx:BTC-PERP/77",
      "quote/paradex:BTC-PERP/812",
      "scalper wants to buy 0.015 paradex:BTC-PERP at 43250.1 IOC",
      "order submitted, now pending_new: buy 0.015 paradex:BTC-PERP at 43250.1 IOC, filled 0",
      "filled buy 0.015 at 43250 as taker",
    ],
  );
  const lines = explanationLines(explanation);
  assertEquals(lines.length, 5);
  assert(lines[4]?.startsWith("▶ 2025-06-15T15:06:40.003Z +3.500 ms"), lines[4]);
});

Deno.test("an intent shows what came of it", async () => {
  await using folder = await testFolder();
  await writeTrade(folder);
  using reader = openJournalReader(folder.journalPath);
  const explanation = explain(reader, "intent/scalper/1");
  assertEquals(
    explanation?.effects.map((step) => step.kind === "recorded" && step.record.id),
    ["order/b1/new", "fill/paradex/9"],
  );
});

Deno.test("a fill shows the position and the round trip that came of it, in words", async () => {
  await using folder = await testFolder();
  await writeTrade(folder);
  const journal = await open(folder);
  const after = { causeId: "fill/paradex/9", plugin: "scalper", instrument };
  journal.append(
    record("position/1", { ...after, kind: "position", body: { position: { positionLots: 0 } } }),
  );
  const trade = { instrument, side: "buy", netPnlUsd: -1.234, feesUsd: 0.5 };
  journal.append(
    record("round_trip/1", { ...after, kind: "round_trip", body: { plugin: "scalper", trade } }),
  );
  await journal.close({ isClean: true });
  using reader = openJournalReader(folder.journalPath);
  assertEquals(
    explain(reader, "fill/paradex/9")?.effects.map((step) => step.kind === "recorded" && step.words),
    [
      "position of scalper in paradex:BTC-PERP is now 0",
      "flat again in paradex:BTC-PERP: -1.23 USD after fees of 0.50 USD",
    ],
  );
});

Deno.test("an id that nothing has is explained by nothing", async () => {
  await using folder = await testFolder();
  await writeTrade(folder);
  using reader = openJournalReader(folder.journalPath);
  assertEquals(explain(reader, "fill/paradex/404"), undefined);
});

Deno.test("a body of another shape than expected is explained without a crash", async () => {
  await using folder = await testFolder();
  const journal = await open(folder);
  for (const kind of ["intent", "refusal", "order", "fill", "instrument", "position", "round_trip"]) {
    for (const body of [null, 1, "text", [], { intent: 1, order: null, fill: { sizeLots: "x" }, facts: 3 }]) {
      journal.append(record(`${kind}/1`, { kind, instrument, body }));
    }
  }
  await journal.close({ isClean: true });
  using reader = openJournalReader(folder.journalPath);
  for (const found of reader.records()) {
    const explanation = explain(reader, found.id);
    assert(explanation !== undefined && explanationLines(explanation).length > 0);
  }
});
