/** What is recorded comes back: records bit for bit, books row by row, parts in order, damage with its file's name. */
import { testInstrument } from "@berth/sdk/testing";
import { type Instrument, priceTicks, sizeLots } from "@berth/sdk";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { recordBytes, recordKinds, writeRecord } from "../../../core/protocol/records.ts";
import type { BookLevel } from "../../../core/model/market.ts";
import { OrderBook } from "../../../core/model/order_book.ts";
import { openRecording } from "../../../core/recording/reader.ts";
import { RecordingWriter } from "../../../core/recording/writer.ts";

const instrument = (venue: string): Instrument =>
  testInstrument(`${venue}:BTC-PERP`, { makerFeeBps: 0.2, minNotional: 10, fundingIntervalHours: 8 });
const instruments = [instrument("okx"), instrument("paradex")];

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
const openWriter = (folder: string, maxRows = 1_000): Promise<RecordingWriter> =>
  RecordingWriter.open({ folder, maxRows, version: "0.0.0", instrument: (index) => instruments[index] });

async function readAll(folder: string, range = {}): Promise<Uint8Array> {
  const data = await openRecording(folder, range);
  const batches: number[] = [];
  for await (const batch of data.batches()) if (batch.kind === "records") batches.push(...batch.bytes);
  return Uint8Array.from(batches);
}

const number = fc.double({ min: 0.001, max: 1e9, noNaN: true });
const orMissing = fc.oneof({ weight: 4, arbitrary: number }, { weight: 1, arbitrary: fc.constant(NaN) });
const quote = fc.record({
  kind: fc.constant(recordKinds.quote),
  flag: fc.constantFrom(0 as const, 1 as const),
  values: fc.tuple(orMissing, number, orMissing, number),
});
const trade = fc.record({
  kind: fc.constant(recordKinds.trade),
  flag: fc.constantFrom(0 as const, 1 as const),
  values: fc.tuple(number, number, fc.constant(0), fc.constant(0)),
});
const mark = fc.record({
  kind: fc.constant(recordKinds.mark),
  flag: fc.constant(0 as const),
  values: fc.tuple(orMissing, orMissing, orMissing, orMissing),
});

Deno.test("records come back bit for bit, whatever the parts", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.oneof(quote, trade, mark), fc.nat(1), fc.integer({ min: 1, max: 5_000 })), {
        minLength: 1,
        maxLength: 60,
      }),
      fc.integer({ min: 1, max: 70 }),
      async (steps, maxRows) => {
        await withFolder(async (folder) => {
          const bytes = new Uint8Array(steps.length * recordBytes);
          const view = new DataView(bytes.buffer);
          let tsUs = 1_760_000_000_000_000;
          steps.forEach(([record, index, gapUs], place) => {
            tsUs += gapUs;
            const { kind, flag, values } = record;
            writeRecord(
              view,
              place * recordBytes,
              kind,
              flag,
              index,
              place + 1,
              tsUs / 1000 - 3,
              tsUs,
              values[0],
              values[1],
              values[2],
              values[3],
            );
          });
          const writer = await openWriter(folder, maxRows);
          steps.forEach(([_record, index], place) => writer.onRecord(index, view, place * recordBytes));
          await writer.flush();
          const used = new Set(steps.map(([_record, index]) => index));
          const found = await readAll(folder);
          // With one instrument alone its number is 0, whatever it was in the host.
          if (used.size === 1) {
            steps.forEach((_step, place) => view.setUint32(place * recordBytes + 4, 0, true));
          }
          assertEquals(found, bytes);
        });
      },
    ),
    { numRuns: 25 },
  );
});

function quotesAt(writer: RecordingWriter, times: readonly number[]): void {
  const view = new DataView(new ArrayBuffer(recordBytes));
  times.forEach((tsUs, place) => {
    writeRecord(view, 0, recordKinds.quote, 0, 0, place, tsUs / 1000, tsUs, 100, 1, 100.1, 1);
    writer.onRecord(0, view, 0);
  });
}

Deno.test("a recording that goes on begins a part of its own, and a range leaves out what is not in it", async () => {
  await withFolder(async (folder) => {
    for (const times of [[1_000_000, 2_000_000], [3_000_000]]) {
      const writer = await openWriter(folder);
      quotesAt(writer, times);
      await writer.flush();
      assertEquals(writer.written.quotes, times.length);
    }
    const names = [...Deno.readDirSync(`${folder}/quotes`)].map(({ name }) => name).sort();
    assertEquals(names, ["000001.parquet", "000002.parquet"]);
    const data = await openRecording(folder);
    assertEquals([data.fromUs, data.toUs, data.instruments[0]?.id], [
      1_000_000,
      3_000_000,
      instruments[0]?.id,
    ]);
    assertEquals(data.instruments[0], instruments[0], "with its tick, lot and fees");
    assertEquals((await readAll(folder, { fromMs: 1_500, toMs: 2_500 })).length, recordBytes);
    await assertRejects(() => openRecording(folder, { fromMs: 9_000 }), Error, "nothing to play");
  });
});

Deno.test("a book is a row a level, readable by the columns' names", async () => {
  await withFolder(async (folder) => {
    const writer = await openWriter(folder);
    const update = { instrument: instrument("okx").id, sequence: 7, tsVenueMs: 5, tsRecvUs: 6_000 };
    writer.onBook(0, {
      ...update,
      kind: "snapshot",
      bids: [level(1_000, 5)],
      asks: [level(1_001, 2), level(1_003, 9)],
    });
    writer.onBook(0, { ...update, kind: "invalid", bids: [], asks: [] });
    await writer.flush();
    const rows = await parquetReadObjects({
      file: await asyncBufferFromFile(`${folder}/books/000001.parquet`),
    });
    assertEquals(rows.map((row) => [row["update"], row["side"], row["price"], row["size"]]), [
      ["snapshot", "bid", 100, 0.005],
      ["snapshot", "ask", 100.1, 0.002],
      ["snapshot", "ask", 100.3, 0.009],
      ["invalid", null, null, null],
    ]);
    assertEquals(rows[0]?.["ts_recv_us"], 6_000n);
  });
});

const level = (ticks: number, lots: number): BookLevel => ({
  priceTicks: priceTicks(ticks),
  sizeLots: sizeLots(lots),
});

/** Books as a reader of the recording has them, each with its time, state and levels. */
async function playBooks(folder: string, range = {}): Promise<readonly (readonly unknown[])[]> {
  const books = new Map<number, OrderBook>();
  const found: (readonly unknown[])[] = [];
  for await (const batch of (await openRecording(folder, range)).batches()) {
    if (batch.kind !== "book") continue;
    const { index, ...update } = batch.book;
    const book = books.get(index) ?? new OrderBook();
    books.set(index, book);
    book.apply({ ...update, instrument: instrument("okx").id });
    found.push([update.tsRecvUs, book.state, [...book.bids], [...book.asks]]);
  }
  return found;
}

Deno.test("books come back as they were at each moment, whatever the parts and wherever one begins", async () => {
  const change = fc.record({
    kind: fc.constantFrom("delta" as const, "delta" as const, "snapshot" as const, "invalid" as const),
    bids: fc.array(fc.tuple(fc.integer({ min: 990, max: 999 }), fc.nat({ max: 5 })), { maxLength: 4 }),
    asks: fc.array(fc.tuple(fc.integer({ min: 1_000, max: 1_009 }), fc.nat({ max: 5 })), { maxLength: 4 }),
    flushes: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 15 }),
      fc.nat({ max: 15 }),
      async (changes, from) => {
        await withFolder(async (folder) => {
          const writer = await openWriter(folder);
          const real = new OrderBook();
          const states: (readonly unknown[])[] = [];
          for (const [place, { kind, bids, asks, flushes }] of changes.entries()) {
            const levels = (side: typeof bids) =>
              kind === "invalid" ? [] : side.map(([ticks, lots]) => level(ticks, lots));
            const update = {
              kind,
              bids: levels(bids),
              asks: levels(asks),
              instrument: instrument("okx").id,
              sequence: place,
              tsVenueMs: place,
              tsRecvUs: (place + 1) * 1_000,
            };
            writer.onBook(0, update);
            real.apply(update);
            states.push([update.tsRecvUs, real.state, [...real.bids], [...real.asks]]);
            if (flushes) await writer.flush();
          }
          await writer.flush();
          const played = await playBooks(folder);
          // A part may begin with the book again; the state at each moment is what counts.
          for (const state of states) {
            assertEquals(played.findLast(([tsUs]) => tsUs === state[0]), state);
          }
          const fromMs = Math.min(from, changes.length - 1) + 0.5;
          const later = states.filter(([tsUs]) => Number(tsUs) >= fromMs * 1_000);
          if (later.length === 0) return;
          const late = await playBooks(folder, { fromMs });
          for (const state of later) assertEquals(late.findLast(([tsUs]) => tsUs === state[0]), state);
        });
      },
    ),
    { numRuns: 10 },
  );
});

Deno.test("one file of a recording is played by itself", async () => {
  await withFolder(async (folder) => {
    const writer = await openWriter(folder);
    quotesAt(writer, [1_000_000, 2_000_000]);
    await writer.flush();
    assertEquals((await readAll(`${folder}/quotes/000001.parquet`)).length, 2 * recordBytes);
  });
});

Deno.test("a damaged part is named, an unfinished one is not looked at", async () => {
  await withFolder(async (folder) => {
    const writer = await openWriter(folder);
    quotesAt(writer, [1_000_000]);
    await writer.flush();
    await Deno.writeTextFile(`${folder}/quotes/000002.parquet.part`, "half");
    assertEquals((await readAll(folder)).length, recordBytes);
    const path = `${folder}/quotes/000001.parquet`;
    const bytes = await Deno.readFile(path);
    for (
      const broken of [
        bytes.subarray(0, 40),
        Uint8Array.from(bytes, (byte, at) => (at > bytes.length - 60 ? byte ^ 0x55 : byte)),
      ]
    ) {
      await Deno.writeFile(path, broken);
      await assertRejects(() => openRecording(folder), Error, "000001.parquet");
    }
  });
});

Deno.test("a folder that can't be written is told", async () => {
  await withFolder(async (folder) => {
    const writer = await openWriter(folder);
    quotesAt(writer, [1_000_000]);
    await Deno.remove(`${folder}/quotes`, { recursive: true });
    await assertRejects(() => writer.flush(), Error, "can't be written");
    assert(writer.written.quotes === 0);
  });
});
