/** Whatever a crash, a bad disk or a hand did to the file: the host starts, says what is lost, and goes on writing. */
import { assert, assertEquals } from "@std/assert";
import { BerthError } from "../../../core/errors.ts";
import { restoreRun } from "../../../core/host/recovery.ts";
import type { EngineEvent } from "../../../core/engine/events.ts";
import { Engine } from "../../../core/engine/engine.ts";
import { defaultRateBudget, defaultTiming } from "../../../core/engine/events.ts";
import { openJournalReader } from "../../../core/journal/reader.ts";
import { defaultRiskSettings } from "../../../core/risk/settings.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import { EngineHarness } from "../../support/engine_builders.ts";
import { open, record, StandingClock, type TestFolder, testFolder } from "./support.ts";

/** A run's journal as a killed host leaves it: in the write-ahead log, or written back into the file. */
async function killedRun(
  folder: TestFolder,
  isWrittenBack = false,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const harness = EngineHarness.ready();
  harness.trade("buy", 30);
  harness.trade("sell", 10);
  for (let i = 0; i < 20; i++) harness.place();
  const journal = await open(folder);
  journal.startRun({ runId: "run1", environment: "live", seed: undefined, version: "1", tsStartMs: 0 });
  const half = Math.floor(harness.outputs.length / 2);
  for (const [at, output] of harness.outputs.entries()) {
    if (output.kind !== "journal") continue;
    const { id, cause, tsUs, body } = output.entry;
    journal.append({ id, causeId: cause, kind: body.kind, tsUs, body });
    if (body.kind === "order") journal.keep("order", body.order.clientOrderId, body.order);
    if (body.kind === "position") {
      journal.keep("position", `${body.position.plugin}/${body.position.instrument}`, body.position);
    }
    if (at === half) await journal.durable();
  }
  journal.nextCounter("order");
  await journal.durable();
  const files = new Map<string, Uint8Array>();
  if (!isWrittenBack) {
    for (const suffix of ["", "-wal"]) files.set(suffix, await Deno.readFile(folder.journalPath + suffix));
  }
  await journal.close({ isClean: true });
  if (isWrittenBack) files.set("", await Deno.readFile(folder.journalPath));
  return files;
}

async function startFrom(files: ReadonlyMap<string, Uint8Array>): Promise<"intact" | "told"> {
  await using folder = await testFolder();
  for (const [suffix, bytes] of files) await Deno.writeFile(folder.journalPath + suffix, bytes);
  try {
    return await startIn(folder);
  } catch (error) {
    // Damage that shows only where it is written to ends that start; the next one sets the file aside.
    if (!(error instanceof BerthError && /malformed/.test(error.message))) throw error;
    await startIn(folder);
    return "told";
  }
}

async function startIn(folder: TestFolder): Promise<"intact" | "told"> {
  const journal = await open(folder);
  const lines: string[] = journal.notices.map(({ kind }) => kind).filter((kind) =>
    kind !== "previous_run_crashed"
  );
  const engine = new Engine({
    hostTag: "t1",
    nextOrderCounter: journal.peekCounter("order"),
    risk: defaultRiskSettings,
    timing: defaultTiming,
    rateBudgets: {},
    defaultRateBudget,
  });
  const clock = { ...new StandingClock(), monotonicMs: () => 0 };
  const driver = {
    engine,
    clock: { ...clock, epochMs: () => 1_700_000_100_000, epochUs: () => 1_700_000_100_000_000 },
    dispatch: (event: EngineEvent) => void engine.handle(event),
    attachStrategy: () => {},
    attachAdapter: () => {},
    route: () => {},
  };
  using reader = openJournalReader(folder.journalPath);
  restoreRun(journal, reader, driver, {
    write: (level, _source, message) => lines.push(`${level} ${message}`),
  });
  await journal.appendDurable(record("intent/after/1"));
  assertEquals(reader.byId("intent/after/1")?.id, "intent/after/1");
  await journal.close({ isClean: true });
  return lines.every((line) => line === "info restored from the journal") ? "intact" : "told";
}

const damaged = (
  files: ReadonlyMap<string, Uint8Array>,
  suffix: string,
  change: (bytes: Uint8Array) => Uint8Array,
) => new Map([...files].map(([name, bytes]) => [name, name === suffix ? change(bytes.slice()) : bytes]));

Deno.test("a journal cut off anywhere starts again", async () => {
  const random = seededRandom(5);
  for (const [suffix, isWrittenBack] of [["", false], ["-wal", false], ["", true]] as const) {
    await using folder = await testFolder();
    const files = await killedRun(folder, isWrittenBack);
    assertEquals(await startFrom(files), "intact");
    const size = files.get(suffix)?.length ?? 0;
    assert(size > 4_096 || suffix === "", `${suffix} has ${size} bytes`);
    const edges = [0, 1, 31, 32, 100, size - 1];
    const offsets = [...edges, ...Array.from({ length: 6 }, () => Math.floor(random.next() * size))];
    for (const offset of offsets) {
      await startFrom(damaged(files, suffix, (bytes) => bytes.subarray(0, offset)));
    }
  }
});

Deno.test("a journal with flipped bytes anywhere starts again", async () => {
  const random = seededRandom(6);
  for (const [suffix, isWrittenBack] of [["", false], ["-wal", false], ["", true]] as const) {
    await using folder = await testFolder();
    const files = await killedRun(folder, isWrittenBack);
    const size = files.get(suffix)?.length ?? 0;
    for (let round = 0; round < 10; round++) {
      const flips = 1 + Math.floor(random.next() * 40);
      await startFrom(damaged(files, suffix, (bytes) => {
        for (let flip = 0; flip < flips; flip++) {
          const at = Math.floor(random.next() * size);
          bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.next() * 8));
        }
        return bytes;
      }));
    }
  }
});

Deno.test("a text that is no JSON any more is left out and told, the rest is restored", async () => {
  await using folder = await testFolder();
  const files = await killedRun(folder, true);
  assertEquals(await startFrom(files), "intact");
  const named = new TextEncoder().encode('"instrument":"alpha:BTC-PERP"');
  const brace = 0x7b;
  let found = 0;
  const changed = damaged(files, "", (bytes) => {
    for (let at = 0; at < bytes.length - named.length; at++) {
      if (!named.every((byte, index) => bytes[at + index] === byte)) continue;
      found += 1;
      const start = bytes.lastIndexOf(brace, at);
      if (found % 2 === 0 && start >= 0) bytes[start] = 0x21;
    }
    return bytes;
  });
  assert(found > 10, `${found}`);
  assertEquals(await startFrom(changed), "told");
});

Deno.test("what a restart needs is carried over from a file that is set aside: kept values, counters, booked fills", async () => {
  await using folder = await testFolder();
  const files = await killedRun(folder, true);
  for (const [suffix, bytes] of files) await Deno.writeFile(folder.journalPath + suffix, bytes);
  using before = openJournalReader(folder.journalPath);
  const fills = before.records({ kinds: ["fill"] }).map(({ id }) => id);
  await Deno.writeTextFile(`${folder.journalPath}.damaged`, "database disk image is malformed");
  const journal = await open(folder);
  assertEquals(journal.notices[0]?.kind, "corrupt_file_set_aside");
  using after = openJournalReader(folder.journalPath);
  assert(fills.length > 1);
  assertEquals(after.records().map(({ id }) => id), fills);
  assertEquals(journal.kept.length, before.kept().length);
  await journal.close({ isClean: true });
  const next = await open(folder);
  assertEquals(next.notices, []);
  await next.close({ isClean: true });
});
