import { assert, assertEquals } from "@std/assert";
import {
  type ByteSink,
  openTerminalOutput,
  type TerminalSystem,
} from "../../../core/terminal/terminal_output.ts";

/** A stream that takes what it is let. */
class FakeSink implements ByteSink {
  text = "";
  atOnce = "";
  /** Bytes that one write takes. */
  bite = Infinity;
  isBroken = false;
  #gate: PromiseWithResolvers<void> | undefined;

  block(): void {
    this.#gate = Promise.withResolvers();
  }

  unblock(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#gate?.promise;
    if (this.isBroken) throw new Deno.errors.BrokenPipe();
    const taken = bytes.subarray(0, Math.min(this.bite, bytes.length));
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  }

  writeSync(bytes: Uint8Array): number {
    this.atOnce += new TextDecoder().decode(bytes);
    return bytes.length;
  }

  isTerminal(): boolean {
    return true;
  }
}

function openFake(variables: Readonly<Record<string, string>> = {}, changes: Partial<TerminalSystem> = {}) {
  const stdout = new FakeSink();
  const stderr = new FakeSink();
  let exit = (): void => {};
  const output = openTerminalOutput({
    stdout,
    stderr,
    variable: (name) => variables[name],
    consoleSize: () => ({ columns: 100, rows: 30 }),
    onResize: () => () => {},
    onExit: (callback) => {
      exit = callback;
    },
    ...changes,
  });
  return { output, stdout, stderr, exit: () => exit() };
}

Deno.test("text arrives whole and in order, however little is taken at a time", async () => {
  const { output, stdout, stderr } = openFake();
  stdout.bite = 3;
  output.write("first line\n");
  output.writeError("oops\n");
  output.write("second line\n");
  await output.flush(1000);
  assertEquals(stdout.text, "first line\nsecond line\n");
  assertEquals(stderr.text, "oops\n");
  assertEquals([output.pendingBytes, output.droppedBytes], [0, 0]);
});

Deno.test("a reader that stands still costs text beyond the limit, and no waiting", async () => {
  const { output, stdout } = openFake();
  stdout.block();
  const chunk = "x".repeat(1024 * 1024);
  for (let i = 0; i < 6; i++) output.write(chunk);
  assertEquals(output.pendingBytes, 4 * 1024 * 1024);
  assertEquals(output.droppedBytes, 2 * 1024 * 1024);
  await output.flush(1); // gives up in time
  stdout.unblock();
  await output.flush(5000);
  assertEquals(stdout.text.length, 4 * 1024 * 1024);
});

Deno.test("a reader that has gone is no error", async () => {
  const { output, stdout } = openFake();
  stdout.isBroken = true;
  output.write("text");
  await output.flush(1000);
  output.write("more");
  await output.flush(1000);
  assertEquals([output.pendingBytes, output.droppedBytes], [0, 8]);
});

Deno.test("what restores the terminal is written at once when the process ends, and only once", () => {
  const { output, stdout, exit } = openFake();
  output.restoreOnExit("restore");
  exit();
  exit();
  assertEquals(stdout.atOnce, "restore");
  const other = openFake();
  other.output.restoreOnExit("restore");
  other.output.restoreOnExit(undefined);
  other.exit();
  assertEquals(other.stdout.atOnce, "");
});

const looks: readonly {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly expected: readonly [useColor: boolean, useUnicode: boolean];
}[] = [
  { name: "nothing said", variables: {}, expected: [true, true] },
  { name: "NO_COLOR", variables: { NO_COLOR: "1" }, expected: [false, true] },
  { name: "an empty NO_COLOR", variables: { NO_COLOR: "" }, expected: [true, true] },
  { name: "a dumb terminal", variables: { TERM: "dumb" }, expected: [false, true] },
  { name: "a UTF-8 locale", variables: { LANG: "de_DE.UTF-8" }, expected: [true, true] },
  { name: "a locale without Unicode", variables: { LANG: "C" }, expected: [true, false] },
  { name: "LC_ALL over LANG", variables: { LANG: "en_US.UTF-8", LC_ALL: "POSIX" }, expected: [true, false] },
];
for (const { name, variables, expected } of looks) {
  Deno.test(`colours and signs with ${name}`, () => {
    const { output } = openFake(variables);
    assertEquals([output.useColor, output.useUnicode], expected);
  });
}

Deno.test("a terminal without a size has none", () => {
  assertEquals(openFake({}, { consoleSize: () => ({ columns: 0, rows: 0 }) }).output.size(), undefined);
  const failing = openFake({}, {
    consoleSize: () => {
      throw new Error("not a terminal");
    },
  });
  assertEquals(failing.output.size(), undefined);
  assert(openFake().output.size()?.columns === 100);
});
