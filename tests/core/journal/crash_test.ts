import { assert, assertEquals } from "@std/assert";
import { openJournalReader } from "../../../core/journal/reader.ts";
import { open, testFolder } from "./support.ts";

/** Runs the writer until it has printed `lines` lines, then kills it; returns the last whole line. */
async function killAfter(lines: number, journalPath: string): Promise<readonly [number, number]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("./crash_writer.ts", import.meta.url).pathname, journalPath],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.split("\n").length > lines) break;
  }
  child.kill("SIGKILL");
  await child.status;
  const last = text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1) ?? "";
  const [index, counter] = last.split(" ").map(Number);
  return [index ?? NaN, counter ?? NaN];
}

Deno.test("a host killed while it writes leaves every durable record, and the journal opens again", async () => {
  await using folder = await testFolder();
  for (const lines of [1, 40, 200]) {
    const [lastDurable, lastCounter] = await killAfter(lines, folder.journalPath);
    const journal = await open(folder);
    assertEquals(journal.notices, [{ kind: "previous_run_crashed", runId: "crashing" }]);
    assert(journal.nextCounter("order") > lastCounter, "an order id would be used twice");
    using reader = openJournalReader(folder.journalPath);
    const found = reader.records({ kinds: ["intent"] }, { limit: 100_000 }).map((row) => row.id);
    const expected = Array.from({ length: lastDurable + 1 }, (_, i) => `intent/a/${i}`);
    assertEquals(found.slice(0, expected.length), expected);
    const quiet = reader.records({ kinds: ["quiet"] }, { limit: 100_000 }).length;
    assert(quiet >= expected.length * 5, "what was handed over before a durable record is durable too");
    await journal.close({ isClean: true });
    for (const suffix of ["", "-wal", "-shm"]) await Deno.remove(folder.journalPath + suffix).catch(() => {});
  }
});
