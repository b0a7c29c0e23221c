import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../core/errors.ts";
import { LogFile, type LogFileSystem } from "../../../core/terminal/log_file.ts";

/** Files by name, each with an identity of its own. */
class FakeFiles implements LogFileSystem {
  readonly contents: string[] = [];
  readonly #places = new Map<string, number>();
  isFull = false;
  closed = 0;

  open(path: string) {
    if (path.startsWith("/nowhere/")) return Promise.reject(new Error("no such folder"));
    const number = this.#places.get(path) ?? this.contents.push("") - 1;
    this.#places.set(path, number);
    return Promise.resolve({
      identity: String(number),
      write: (bytes: Uint8Array) => {
        if (this.isFull) return Promise.reject(new Error("disk full"));
        this.contents[number] += new TextDecoder().decode(bytes);
        return Promise.resolve();
      },
      close: () => {
        this.closed += 1;
      },
    });
  }

  identity(path: string) {
    const number = this.#places.get(path);
    return Promise.resolve(number === undefined ? undefined : String(number));
  }

  moveAway(path: string): void {
    this.#places.delete(path);
  }
}

function logOn(files: FakeFiles, failures: unknown[] = []) {
  const clock = { nowMs: 0 };
  const opened = LogFile.open({
    path: "/log/berth.log",
    monotonicMs: () => clock.nowMs,
    files,
    onFailure: (error) => failures.push(error),
  });
  return { clock, opened };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await null;
};

Deno.test("lines come in order, and all of them are written before the file is closed", async () => {
  const files = new FakeFiles();
  const log = await logOn(files).opened;
  for (const line of ["one\n", "two\n", "three\n"]) log.write(line);
  await log[Symbol.asyncDispose]();
  assertEquals([files.contents, files.closed], [["one\ntwo\nthree\n"], 1]);
});

Deno.test("a file that was moved away is followed by a new one in its place", async () => {
  const files = new FakeFiles();
  const { clock, opened } = logOn(files);
  const log = await opened;
  log.write("before\n");
  await settled();
  files.moveAway("/log/berth.log");
  log.write("at once\n"); // looked at once a second: it still goes to the file that was moved
  await settled();
  clock.nowMs += 1_000;
  log.write("after\n");
  await log[Symbol.asyncDispose]();
  assertEquals(files.contents, ["before\nat once\n", "after\n"]);
});

Deno.test("what could not be written is told once, and counted in the file when there is room again", async () => {
  const files = new FakeFiles();
  const failures: unknown[] = [];
  const log = await logOn(files, failures).opened;
  files.isFull = true;
  for (const line of ["one\n", "two\n"]) {
    log.write(line);
    await settled();
  }
  assertEquals(failures.length, 1);
  files.isFull = false;
  log.write("three\n");
  await log[Symbol.asyncDispose]();
  assertEquals(files.contents, [
    'three\n{"level":"error","source":"log","message":"lines were lost","lost":2}\n',
  ]);
});

Deno.test("beyond the bound lines are counted, not kept", async () => {
  const files = new FakeFiles();
  const log = await logOn(files).opened;
  const long = `${"x".repeat(1 << 20)}\n`;
  for (let count = 0; count < 10; count += 1) log.write(long);
  await log[Symbol.asyncDispose]();
  assertEquals(files.contents[0]?.endsWith('"message":"lines were lost","lost":3}\n'), true);
});

Deno.test("a file that can't be opened is refused at the start, with its path", async () => {
  const files = new FakeFiles();
  const path = "/nowhere/berth.log";
  const error = await assertRejects(
    () => LogFile.open({ path, monotonicMs: () => 0, files, onFailure: () => undefined }),
    BerthError,
    path,
  );
  assertEquals(error.code, "LOG_FILE_UNWRITABLE");
});

Deno.test("on a real disk the file is its owner's alone, and a rotated one is followed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/berth.log`;
    let nowMs = 0;
    const log = await LogFile.open({ path, monotonicMs: () => nowMs, onFailure: () => undefined });
    log.write("one\n");
    await log[Symbol.asyncDispose]();
    if (Deno.build.os !== "windows") assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    await using again = await LogFile.open({ path, monotonicMs: () => nowMs, onFailure: () => undefined });
    again.write("two\n");
    await Deno.rename(path, `${path}.1`);
    nowMs = 5_000;
    again.write("three\n");
    await again[Symbol.asyncDispose]();
    const texts = await Promise.all([`${path}.1`, path].map((name) => Deno.readTextFile(name)));
    assertEquals(texts, ["one\ntwo\n", "three\n"]); // two was on its way already
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
