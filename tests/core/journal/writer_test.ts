import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { BerthError } from "../../../core/errors.ts";
import { openJournalReader } from "../../../core/journal/reader.ts";
import { open, record, StandingClock, testFolder } from "./support.ts";

Deno.test("what durable() answered for can be read at once, in order", async () => {
  await using folder = await testFolder();
  const journal = await open(folder);
  for (let i = 0; i < 100; i++) journal.append(record(`intent/a/${i}`));
  await journal.durable();
  using reader = openJournalReader(folder.journalPath);
  assertEquals(
    reader.records().map((found) => found.id),
    Array.from({ length: 100 }, (_, i) => `intent/a/${i}`),
  );
  assertEquals(journal.pending, 0);
  await journal.close({ isClean: true });
});

Deno.test("every field of a record comes back, bigint as text", async () => {
  await using folder = await testFolder();
  const journal = await open(folder);
  journal.startRun({ runId: "run1", environment: "sim", seed: 7, version: "1.0.0", tsStartMs: 5 });
  await journal.appendDurable({
    id: "fill/paradex/1",
    causeId: "order/b1",
    kind: "fill",
    tsUs: 1_750_000_000_000_001,
    plugin: "scalper",
    venue: "paradex",
    instrument: "paradex:BTC-PERP",
    clientOrderId: "b1",
    body: { fee: 12345678901234567890n, nested: [{ price: 1.5 }], missing: undefined, nan: NaN },
  });
  using reader = openJournalReader(folder.journalPath);
  assertEquals(reader.byId("fill/paradex/1"), {
    sequence: 1,
    runId: "run1",
    id: "fill/paradex/1",
    causeId: "order/b1",
    kind: "fill",
    tsUs: 1_750_000_000_000_001,
    plugin: "scalper",
    venue: "paradex",
    instrument: "paradex:BTC-PERP",
    clientOrderId: "b1",
    body: { fee: "12345678901234567890", nested: [{ price: 1.5 }], nan: null },
  });
  await journal.close({ isClean: true });
});

Deno.test("many waiters are served, also while records keep coming", async () => {
  await using folder = await testFolder();
  const journal = await open(folder, { lingerMs: 3_600_000 });
  const waits = Array.from({ length: 50 }, (_, i) => journal.appendDurable(record(`intent/a/${i}`)));
  await Promise.all(waits); // a linger of an hour must not hold up a waiter
  await journal.close({ isClean: true });
});

Deno.test("a turn is committed whole: half of it is never seen, though somebody waits", async () => {
  await using folder = await testFolder();
  const journal = await open(folder);
  journal.append(record("fill/a/1"));
  const early = journal.durable(); // as the driver does in the middle of a turn
  using reader = openJournalReader(folder.journalPath);
  const untilMs = performance.now() + 60;
  while (performance.now() < untilMs) assertEquals(reader.records().length, 0);
  journal.append(record("position/a/1"));
  await early;
  assertEquals(reader.records().map(({ id }) => id), ["fill/a/1", "position/a/1"]);
  await journal.close({ isClean: true });
});

Deno.test("records beyond the ring wait in the backlog and arrive in order", async () => {
  await using folder = await testFolder();
  const journal = await open(folder, { ringBytes: 4096 });
  const count = 500;
  for (let i = 0; i < count; i++) journal.append(record(`intent/a/${i}`, { body: "x".repeat(200) }));
  await journal.durable();
  using reader = openJournalReader(folder.journalPath);
  assertEquals(
    reader.records().map((found) => found.id),
    Array.from({ length: count }, (_, i) => `intent/a/${i}`),
  );
  await journal.close({ isClean: true });
});

Deno.test("a backlog over its limit fails the journal: waiters are rejected and the host is told once", async () => {
  await using folder = await testFolder();
  const told: BerthError[] = [];
  const journal = await open(folder, {
    ringBytes: 1024,
    maxBacklogBytes: 2000,
    onFailure: (error) => told.push(error),
  });
  const early = journal.appendDurable(record("intent/a/0"));
  const earlyResult = early.then(() => "durable", () => "rejected");
  for (let i = 1; i < 100; i++) journal.append(record(`intent/a/${i}`, { body: "x".repeat(200) }));
  await assertRejects(() => journal.durable(), BerthError, "does not keep up");
  assertEquals(told.map((error) => error.code), ["JOURNAL_FAILED"]);
  assertEquals(await earlyResult, "rejected");
  await assertRejects(() => journal.close({ isClean: true }), BerthError);
});

Deno.test("an entry larger than half the ring is refused with its id and sizes", async () => {
  await using folder = await testFolder();
  const journal = await open(folder, { ringBytes: 1024 });
  const error = assertThrows(
    () => journal.append(record("intent/a/1", { body: "é".repeat(600) })),
    BerthError,
    "intent/a/1",
  );
  assertEquals(error.code, "JOURNAL_ENTRY_TOO_LARGE");
  await journal.appendDurable(record("intent/a/2")); // the journal goes on
  await journal.close({ isClean: true });
});

Deno.test("kept values hold the newest and forget what is undefined", async () => {
  await using folder = await testFolder();
  const first = await open(folder);
  first.keep("plugin_state", "scalper", { step: 1 });
  first.keep("plugin_state", "scalper", { step: 2n });
  first.keep("order", "b1", { status: "accepted" });
  first.keep("order", "b1", undefined);
  await first.close({ isClean: true });
  const second = await open(folder);
  assertEquals(second.kept, [
    { scope: "plugin_state", key: "scalper", tsUs: 1_750_000_000_000_000, body: { step: "2" } },
  ]);
  await second.close({ isClean: true });
});

Deno.test("counters go on without a gap after a clean stop and never repeat after a crash", async () => {
  await using folder = await testFolder();
  const first = await open(folder);
  const start = first.nextCounter("order");
  assertEquals(start, 175_000_000_000); // hundredths of a second since the epoch
  assertEquals([first.nextCounter("order"), first.nextCounter("order")], [start + 1, start + 2]);
  await first.close({ isClean: true });

  const second = await open(folder);
  assertEquals(second.peekCounter("order"), start + 3);
  assertEquals(second.nextCounter("order"), start + 3);
  second.raiseCounter("order", start + 5000);
  assertEquals(second.nextCounter("order"), start + 5000);
  await second.durable();
  // A crash: a copy of the files as they are now, without the second's clean end.
  for (const suffix of ["", "-wal"]) {
    await Deno.copyFile(folder.journalPath + suffix, `${folder.path}/crashed.db${suffix}`);
  }
  await second.close({ isClean: true });
  const third = await open(folder, { path: `${folder.path}/crashed.db` });
  assert(third.peekCounter("order") > start + 5000);
  await third.close({ isClean: true });
});

Deno.test("a run has its start, its clean stop, and a crash is reported at the next start", async () => {
  await using folder = await testFolder();
  const clock = new StandingClock();
  const first = await open(folder, { clock });
  first.startRun({ runId: "run1", environment: "sim", seed: undefined, version: "1.0.0", tsStartMs: 1 });
  clock.nowMs += 5;
  await first.close({ isClean: true });
  const second = await open(folder, { clock });
  assertEquals(second.notices, []);
  second.startRun({ runId: "run2", environment: "live", seed: 9, version: "1.0.1", tsStartMs: 2 });
  await second.durable();
  using reader = openJournalReader(folder.journalPath);
  assertEquals(reader.runs(), [
    {
      runId: "run2",
      environment: "live",
      seed: 9,
      version: "1.0.1",
      tsStartMs: 2,
      tsStopMs: undefined,
      isCleanStop: false,
    },
    {
      runId: "run1",
      environment: "sim",
      seed: undefined,
      version: "1.0.0",
      tsStartMs: 1,
      tsStopMs: 1_750_000_000_005,
      isCleanStop: true,
    },
  ]);
  await second.close({ isClean: false });
});

Deno.test("closing twice is one close", async () => {
  await using folder = await testFolder();
  const journal = await open(folder);
  await Promise.all([journal.close({ isClean: true }), journal.close({ isClean: true })]);
});

Deno.test("a folder that can't be made is a clear error", async () => {
  await using folder = await testFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  const error = await assertRejects(
    () => open(folder, { path: `${folder.path}/file/journal.db` }),
    BerthError,
    "can't be written",
  );
  assertEquals(error.code, "JOURNAL_FAILED");
});

Deno.test("a write that the database refuses rejects the waiter and every later one, and nothing hangs", async () => {
  await using folder = await testFolder();
  const told: BerthError[] = [];
  const journal = await open(folder, { onFailure: (error) => told.push(error) });
  const intruder = new DatabaseSync(folder.journalPath);
  intruder.exec("DROP TABLE records");
  intruder.close();
  await assertRejects(() => journal.appendDurable(record("intent/a/1")), BerthError, "no such table");
  await assertRejects(() => journal.appendDurable(record("intent/a/2")), BerthError, "no such table");
  assertEquals(told.length, 1);
  await assertRejects(() => journal.close({ isClean: true }), BerthError, "no such table");
});
