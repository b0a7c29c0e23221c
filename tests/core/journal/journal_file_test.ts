import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { BerthError } from "../../../core/errors.ts";
import { openJournalReader } from "../../../core/journal/reader.ts";
import { migrate, migrations, schemaVersionOf } from "../../../core/journal/schema.ts";
import type { Migration } from "../../../core/journal/migrations/migration.ts";
import { open, record, type TestFolder, testFolder } from "./support.ts";

async function writeSome(folder: TestFolder, count: number): Promise<number> {
  const journal = await open(folder);
  for (let i = 0; i < count; i++) {
    journal.append(record(`intent/a/${i}`, { clientOrderId: `b${i}`, body: "x".repeat(300) }));
  }
  journal.keep("plugin_state", "scalper", { step: 1 });
  const counter = journal.nextCounter("order");
  await journal.close({ isClean: true });
  return counter;
}

const namesIn = (path: string): readonly string[] =>
  [...Deno.readDirSync(path)].map((entry) => entry.name).sort();

Deno.test("a file of garbage is set aside and a new journal begun", async () => {
  await using folder = await testFolder();
  await Deno.writeTextFile(folder.journalPath, "no database at all ".repeat(1000));
  const journal = await open(folder);
  const notice = journal.notices[0];
  assert(notice?.kind === "corrupt_file_set_aside");
  assertEquals(notice.carriedOver, 0);
  assert(notice.setAsideAs.includes("/journal-corrupt-2025-06-15T15-06-40-000Z.db"), notice.setAsideAs);
  assertEquals((await Deno.readTextFile(notice.setAsideAs)).slice(0, 11), "no database");
  await journal.appendDurable(record("intent/a/1"));
  await journal.close({ isClean: true });
  using reader = openJournalReader(folder.journalPath);
  assertEquals(reader.records().length, 1);
});

Deno.test("pages overwritten in the middle are found, and counters and kept values carried over", async () => {
  await using folder = await testFolder();
  const counter = await writeSome(folder, 2000);
  const size = (await Deno.stat(folder.journalPath)).size;
  const file = await Deno.open(folder.journalPath, { write: true });
  // The small tables lie in the first pages; records fill the rest.
  await file.seek(Math.floor(size / 2), Deno.SeekMode.Start);
  await file.write(new Uint8Array(64 * 1024).fill(0xa5));
  file.close();
  const journal = await open(folder);
  assertEquals(journal.notices[0]?.kind, "corrupt_file_set_aside");
  assert(journal.nextCounter("order") > counter);
  await journal.close({ isClean: true });
});

Deno.test("a second damaged file does not take the first one's place", async () => {
  await using folder = await testFolder();
  for (const text of ["first garbage ".repeat(500), "second garbage ".repeat(500)]) {
    await Deno.writeTextFile(folder.journalPath, text);
    for (const suffix of ["-wal", "-shm"]) await Deno.remove(folder.journalPath + suffix).catch(() => {});
    await (await open(folder)).close({ isClean: true });
  }
  assertEquals(namesIn(folder.path).filter((name) => name.startsWith("journal-corrupt-")).length, 2);
});

Deno.test("a torn tail of the write-ahead log loses the torn commit and nothing before it", async () => {
  await using folder = await testFolder();
  const journal = await open(folder);
  for (let i = 0; i < 20; i++) await journal.appendDurable(record(`intent/a/${i}`));
  const torn = `${folder.path}/torn.db`;
  for (const suffix of ["", "-wal"]) await Deno.copyFile(folder.journalPath + suffix, torn + suffix);
  await journal.close({ isClean: true });
  const walBytes = (await Deno.stat(`${torn}-wal`)).size;
  await Deno.truncate(`${torn}-wal`, walBytes - 100);
  const again = await open(folder, { path: torn });
  assertEquals(again.notices, []);
  await again.appendDurable(record("intent/a/after"));
  using reader = openJournalReader(torn);
  const ids = reader.records().map((found) => found.id);
  assertEquals(ids.slice(0, 19), Array.from({ length: 19 }, (_, i) => `intent/a/${i}`));
  assertEquals(ids.at(-1), "intent/a/after");
  await again.close({ isClean: true });
});

Deno.test("a newer schema is a typed error for writer and reader, and the file stays as it is", async () => {
  await using folder = await testFolder();
  await writeSome(folder, 1);
  const database = new DatabaseSync(folder.journalPath);
  database.exec("INSERT INTO schema_version (version, ts_ms) VALUES (99, 0)");
  database.close();
  const error = await assertRejects(() => open(folder), BerthError, "schema version 99");
  assertEquals(error.code, "JOURNAL_SCHEMA_NEWER");
  assertThrows(() => openJournalReader(folder.journalPath), BerthError, "schema version 99");
  assert(!namesIn(folder.path).some((name) => name.startsWith("journal-corrupt")));
});

Deno.test("another program's database is refused, not overwritten", async () => {
  await using folder = await testFolder();
  const database = new DatabaseSync(folder.journalPath);
  database.exec("CREATE TABLE theirs (value TEXT)");
  database.close();
  await assertRejects(() => open(folder), BerthError, "another program's database");
});

Deno.test("a missing journal and a file that is none are typed errors for the reader", async () => {
  await using folder = await testFolder();
  assertEquals(
    assertThrows(() => openJournalReader(folder.journalPath), BerthError).code,
    "JOURNAL_MISSING",
  );
  await Deno.writeTextFile(folder.journalPath, "garbage ".repeat(1000));
  assertEquals(
    assertThrows(() => openJournalReader(folder.journalPath), BerthError).code,
    "JOURNAL_UNREADABLE",
  );
});

const secondVersion: Migration = {
  version: 2,
  statements: ["ALTER TABLE records ADD COLUMN extra TEXT", "UPDATE records SET extra = 'filled'"],
};

Deno.test("an older schema is brought up step by step, rows kept", () => {
  const database = new DatabaseSync(":memory:");
  assertEquals(migrate(database, 1), { kind: "current", before: 0, after: migrations.length });
  database.exec("INSERT INTO records (id, kind, ts_us, body) VALUES ('a', 'k', 1, '{}')");
  assertEquals(migrate(database, 2, [...migrations, secondVersion]), {
    kind: "current",
    before: 1,
    after: 2,
  });
  assertEquals(database.prepare("SELECT extra FROM records").get()?.extra, "filled");
  assertEquals(migrate(database, 3, migrations), { kind: "newer", found: 2, known: 1 });
  database.close();
});

Deno.test("a migration that fails half way leaves the schema as it was", () => {
  const database = new DatabaseSync(":memory:");
  migrate(database, 1);
  const failing: Migration = { version: 2, statements: ["CREATE TABLE half (a)", "SELECT * FROM nowhere"] };
  assertThrows(() => migrate(database, 2, [...migrations, failing]), Error, "nowhere");
  assertEquals(schemaVersionOf(database), 1);
  assertEquals(database.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'half'").get()?.n, 0);
  database.close();
});

Deno.test("migrations are numbered from 1 without gaps", () => {
  assertEquals(migrations.map((migration) => migration.version), migrations.map((_, index) => index + 1));
});
