/** Copies, restores, upgrades and the way back, on real files. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { keepUpJournal } from "../../../core/cli/journal_upkeep.ts";
import { BerthError, type ErrorCode } from "../../../core/errors.ts";
import { acquireHostLock } from "../../../core/journal/host_lock.ts";
import { openJournalFile } from "../../../core/journal/journal_file.ts";
import type { Migration } from "../../../core/journal/migrations/migration.ts";
import { openJournalReader } from "../../../core/journal/reader.ts";
import { migrations, schemaVersionOf } from "../../../core/journal/schema.ts";
import { checkedCopy, copyJournal, pruneJournal, restoreJournal } from "../../../core/journal/upkeep.ts";
import { open, record, testFolder } from "./support.ts";

const nowMs = 1_750_000_000_000;

function refuses(code: ErrorCode, act: () => unknown): BerthError {
  const error = assertThrows(act, BerthError);
  assertEquals(error.code, code);
  return error;
}

const idsIn = (path: string): readonly string[] => {
  using reader = openJournalReader(path);
  return reader.records().map(({ id }) => id);
};

Deno.test("a copy is whole though the host writes on, and no second one takes its place", async () => {
  await using folder = await testFolder();
  const target = `${folder.path}/copy.db`;
  const journal = await open(folder);
  await journal.appendDurable(record("a"));
  journal.append(record("b"));
  assertEquals(copyJournal(folder.journalPath, target).records >= 1, true);
  await journal.appendDurable(record("c"));
  await journal.close({ isClean: true });
  assertEquals(idsIn(target)[0], "a");
  assertEquals(idsIn(target).includes("c"), false);
  refuses("JOURNAL_COPY_FAILED", () => copyJournal(folder.journalPath, target));
  refuses("JOURNAL_MISSING", () => copyJournal(`${folder.path}/none.db`, `${folder.path}/x.db`));
});

Deno.test("a restore brings the copy back, sets aside what was there, and no order id comes twice", async () => {
  await using folder = await testFolder();
  const copy = `${folder.path}/copy.db`;
  const first = await open(folder);
  first.append(record("before"));
  first.keep("plugin_state", "scalper", { step: 1 });
  first.nextCounter("order");
  await first.close({ isClean: true });
  copyJournal(folder.journalPath, copy);
  const second = await open(folder);
  second.append(record("after"));
  second.keep("plugin_state", "scalper", { step: 2 });
  let used = 0;
  for (let i = 0; i < 3000; i++) used = second.nextCounter("order");
  await second.close({ isClean: true });

  const { setAsideAs } = restoreJournal(folder.journalPath, copy, nowMs);
  assertEquals(idsIn(folder.journalPath), ["before"]);
  assert(setAsideAs !== undefined);
  assertEquals(idsIn(setAsideAs), ["before", "after"]);
  const third = await open(folder);
  assertEquals(third.kept.map(({ body }) => body), [{ step: 1 }]);
  assert(third.nextCounter("order") > used);
  await third.appendDurable(record("on"));
  await third.close({ isClean: true });
});

Deno.test("ids do not come twice on a new machine either, which has the copy alone", async () => {
  await using folder = await testFolder();
  const journal = await open(folder);
  const used = journal.nextCounter("order");
  await journal.close({ isClean: true });
  const copy = `${folder.path}/copy.db`;
  copyJournal(folder.journalPath, copy);
  await using other = await testFolder();
  assertEquals(restoreJournal(other.journalPath, copy, nowMs).setAsideAs, undefined);
  const there = await open(other);
  assert(there.nextCounter("order") > used + 1_000_000);
  await there.close({ isClean: true });
});

Deno.test("what is no whole journal is not restored, and the journal stays as it was", async () => {
  await using folder = await testFolder();
  const journal = await open(folder);
  await journal.appendDurable(record("kept"));
  await journal.close({ isClean: true });
  const bad = `${folder.path}/bad.db`;
  await Deno.writeTextFile(bad, "no database ".repeat(1000));
  refuses("JOURNAL_UNREADABLE", () => restoreJournal(folder.journalPath, bad, nowMs));
  refuses("JOURNAL_UNREADABLE", () => restoreJournal(folder.journalPath, `${folder.path}/none.db`, nowMs));
  const copy = `${folder.path}/copy.db`;
  const { sizeBytes } = copyJournal(folder.journalPath, copy);
  const file = await Deno.open(copy, { write: true });
  await file.seek(Math.floor(sizeBytes / 2), Deno.SeekMode.Start);
  await file.write(new Uint8Array(8192).fill(0xa5));
  file.close();
  refuses("JOURNAL_UNREADABLE", () => restoreJournal(folder.journalPath, copy, nowMs));
  assertEquals(idsIn(folder.journalPath), ["kept"]);
});

Deno.test("no restore beside a host that runs", async () => {
  await using folder = await testFolder();
  const dataDir = `${folder.path}/sim`;
  using _lock = acquireHostLock(dataDir, { pid: 4242 });
  const options = {
    configFile: undefined,
    dataDir: folder.path,
    environment: "sim",
    asJson: false,
    act: { kind: "restore", file: "copy.db" },
  } as const;
  const error = await assertRejects(
    () => keepUpJournal(options, { workingFolder: folder.path, nowMs, write: () => undefined }),
    BerthError,
  );
  assertEquals(error.code, "HOST_ALREADY_RUNNING");
});

Deno.test("old records go, while a host writes; fills and what was decided stay", async () => {
  await using folder = await testFolder();
  const journal = await open(folder);
  for (let i = 0; i < 1200; i++) journal.append(record(`intent/${i}`, { tsUs: i }));
  journal.append(record("fill/1", { kind: "fill", tsUs: 1 }));
  journal.append(record("operator/1", { kind: "operator", tsUs: 2 }));
  await journal.appendDurable(record("young"));
  assertEquals(pruneJournal(folder.journalPath, 1_000_000), 1200);
  await journal.appendDurable(record("later"));
  await journal.close({ isClean: true });
  assertEquals(idsIn(folder.journalPath), ["fill/1", "operator/1", "young", "later"]);
});

/** A schema that a later berth may have. */
const nextVersion: Migration = {
  version: migrations.length + 1,
  statements: ["ALTER TABLE records ADD COLUMN extra TEXT", "UPDATE records SET extra = 'filled'"],
};

const oldFiles = fileURLToPath(new URL("./old_files/", import.meta.url));

for (const { version } of migrations) {
  Deno.test(`a journal that a berth with schema ${version} wrote is taken up: records, state, counters`, async () => {
    await using folder = await testFolder();
    await Deno.copyFile(`${oldFiles}schema_${version}.db`, folder.journalPath);
    const journal = await open(folder);
    assertEquals(journal.kept.map(({ scope, key, body }) => [scope, key, body]), [
      ["host", "tag", "ab12"],
      ["plugin_state", "scalper", { step: 3 }],
    ]);
    assertEquals(journal.peekCounter("order"), 175_000_000_005); // five were taken
    await journal.appendDurable(record("new"));
    await journal.close({ isClean: true });
    using reader = openJournalReader(folder.journalPath);
    assertEquals(reader.counts().map(({ kind, count }) => [kind, count]).sort(), [["fill", 5], [
      "intent",
      16,
    ]]);
    assertEquals(reader.runs()[0]?.runId, "run-of-schema-1");
  });
}

Deno.test("an upgrade keeps a copy, the older berth refuses the new file and says how to go back, and that works", async () => {
  await using folder = await testFolder();
  const { journalPath: path } = folder;
  const old = await open(folder);
  old.append(record("traded before"));
  const used = old.nextCounter("order");
  await old.close({ isClean: true });

  // The newer berth.
  const upgraded = openJournalFile({
    path,
    durability: "process_crash",
    tsNowMs: nowMs,
    migrations: [...migrations, nextVersion],
  });
  assert(upgraded.kind === "open");
  assertEquals(schemaVersionOf(upgraded.database), nextVersion.version);
  assertEquals(upgraded.database.prepare("SELECT id, extra FROM records").all().map((row) => ({ ...row })), [
    { id: "traded before", extra: "filled" },
  ]);
  const keptAs = `${folder.path}/journal-schema-${migrations.length}.db`;
  assertEquals(upgraded.notices, [
    { kind: "migrated", before: migrations.length, after: nextVersion.version, keptAs },
  ]);
  upgraded.database.close();

  // The older one again.
  const refusal = await assertRejects(() => open(folder), BerthError);
  assertEquals(refusal.code, "JOURNAL_SCHEMA_NEWER");
  assert(
    refusal.text.fix.includes(`berth journal restore`) &&
      refusal.text.fix.includes(`journal-schema-${migrations.length}.db`),
  );
  refuses("JOURNAL_SCHEMA_NEWER", () => restoreJournal(path, path, nowMs));
  assertEquals(checkedCopy(keptAs).schemaVersion, migrations.length);
  restoreJournal(path, keptAs, nowMs);
  const back = await open(folder);
  assert(back.nextCounter("order") > used);
  await back.close({ isClean: true });
  assertEquals(idsIn(path), ["traded before"]);
});
