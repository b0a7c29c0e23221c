/** Live updates: everything at first, then what changed, and no client that holds up the others. */
import { assert, assertEquals } from "@std/assert";
import { LiveEvents, topicNames } from "../../../core/console/live_events.ts";
import { somePicture } from "./bench.ts";

interface Event {
  readonly id: number;
  readonly topic: string;
  readonly data: unknown;
}

function eventsOf(text: string): readonly Event[] {
  return text.split("\n\n").flatMap((block) => {
    const found = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/s.exec(block);
    if (found === null) return [];
    return [{ id: Number(found[1]), topic: found[2] ?? "", data: JSON.parse(found[3] ?? "null") }];
  });
}

const seenOf = (data: unknown): number =>
  typeof data === "object" && data !== null && "seen" in data ? Number(data.seen) : NaN;

function liveEvents() {
  const counts: number[] = [];
  const ticking: (() => void)[] = [];
  const clock = { nowMs: 0 };
  const live = new LiveEvents({
    monotonicMs: () => clock.nowMs,
    onCount: (count) => counts.push(count),
    every: (_periodMs, task) => {
      ticking.push(task);
      return () => void ticking.splice(ticking.indexOf(task), 1);
    },
  });
  return { live, counts, ticking, clock };
}

/** What lies in the stream now. */
async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>, until: (text: string) => boolean) {
  let text = "";
  while (!until(text)) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  return text;
}

Deno.test("a follower sees every topic at first, and then only those that changed", async () => {
  const { live } = liveEvents();
  const stream = live.open(topicNames);
  const reader = stream?.getReader();
  if (reader === undefined) throw new Error("no stream");
  const picture = somePicture();
  live.tell(picture);
  const last = topicNames.at(-1) ?? "";
  const first = eventsOf(
    await readAll(reader, (text) => text.includes(`event: ${last}\n`) && text.endsWith("\n\n")),
  );
  assertEquals(first.map(({ topic }) => topic), [...topicNames]);
  live.tell(picture); // nothing changed
  live.tell({ ...picture, opportunities: { ...picture.opportunities, seen: 3 } });
  const second = eventsOf(await readAll(reader, (text) => text.endsWith("\n\n")));
  assertEquals(second.map(({ topic }) => topic), ["opportunities"]);
  assertEquals(second[0]?.id, topicNames.length + 1);
  await reader.cancel();
});

Deno.test("topics are chosen, whoever comes later sees the newest, and who leaves is forgotten", async () => {
  const { live, counts, ticking } = liveEvents();
  const one = live.open(["risk"])?.getReader();
  live.tell(somePicture());
  const two = live.open(["kill", "status"])?.getReader();
  if (one === undefined || two === undefined) throw new Error("no stream");
  const isWhole = (text: string): boolean => eventsOf(text).length > 0 && text.endsWith("\n\n");
  assertEquals(eventsOf(await readAll(one, isWhole)).map(({ topic }) => topic), ["risk"]);
  const both = eventsOf(await readAll(two, (text) => eventsOf(text).length === 2));
  assertEquals(both.map(({ topic }) => topic).toSorted(), ["kill", "status"]);
  assertEquals([counts, ticking.length], [[1, 2], 2]);
  for (const beat of ticking) beat();
  assertEquals(await readAll(one, (text) => text !== ""), ":\n\n");
  await one.cancel();
  await two.cancel();
  assertEquals([counts, ticking.length, live.count], [[1, 2, 1, 0], 0, 0]);
});

Deno.test("what nobody needs four times a second is told once a second", async () => {
  const { live, clock } = liveEvents();
  const reader = live.open(["status", "opportunities"])?.getReader();
  if (reader === undefined) throw new Error("no stream");
  const picture = somePicture();
  for (let told = 1; told <= 8; told++) {
    const run = { ...picture.run, uptimeMs: told };
    live.tell({ ...picture, run, opportunities: { ...picture.opportunities, seen: told } });
    clock.nowMs += 250;
  }
  const events = eventsOf(await readAll(reader, (text) => eventsOf(text).length === 10));
  assertEquals(events.filter(({ topic }) => topic === "opportunities").length, 8);
  assertEquals(events.filter(({ topic }) => topic === "status").length, 2);
  await reader.cancel();
});

Deno.test("many followers are told a few at a time, each all of it once and in order", async () => {
  const { live, ticking } = liveEvents();
  const followers = 300;
  const readers = Array.from({ length: followers }, () => live.open(["opportunities"])?.getReader());
  const told: number[][] = readers.map(() => []);
  readers.forEach(async (reader, index) => {
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
      for (const { data } of eventsOf(new TextDecoder().decode(read.value))) told[index]?.push(seenOf(data));
    }
  });
  const picture = somePicture();
  const tell = (seen: number) => live.tell({ ...picture, opportunities: { ...picture.opportunities, seen } });
  const toldOf = async (seen: number): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 0)); // lets the readers read what lies there
    return told.filter((one) => one.at(-1) === seen).length;
  };
  const beats = ticking.length; // keep each stream alive
  tell(1);
  assertEquals([await toldOf(1), ticking.length], [6, beats + 1]);
  ticking.at(-1)?.();
  assertEquals(await toldOf(1), 12);
  tell(2); // before its time: the rest is told of the first at once
  assertEquals([await toldOf(1), await toldOf(2), ticking.length], [followers - 6, 6, beats + 1]);
  for (let turn = 1; turn < followers / 6; turn++) ticking.at(-1)?.();
  assertEquals([await toldOf(2), ticking.length], [followers, beats]);
  assert(told.every((one) => one.join() === "1,2"));
  live.close();
});

Deno.test("a client that does not read is cut off and leaves the others alone", async () => {
  const { live, clock } = liveEvents();
  const deaf = live.open(topicNames)?.getReader();
  const heard = live.open(["status"])?.getReader();
  if (deaf === undefined || heard === undefined) throw new Error("no stream");
  const picture = somePicture();
  let told = 0;
  for (; live.count === 2 && told < 5_000; told++) {
    clock.nowMs += 1_000;
    const run = { ...picture.run, uptimeMs: told };
    live.tell({ ...picture, run, notices: [{ tsMs: told, severity: "info", text: "x".repeat(5_000) }] });
    if (told % 20 === 0) await heard.read();
  }
  assert(told > 100 && told < 5_000, String(told));
  let isCut = false;
  await deaf.closed.catch(() => (isCut = true));
  assert(isCut);
  await heard.cancel();
});

Deno.test("there is an end to how many may follow", async () => {
  const { live } = liveEvents();
  const streams = Array.from({ length: 1_001 }, () => live.open(["kill"]));
  assertEquals(streams.filter((stream) => stream === undefined).length, 1);
  live.close();
  assertEquals(live.count, 0);
  for (const stream of streams) await stream?.cancel();
});
