import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { createLog, HeldLines, type LogOptions } from "../../../core/terminal/log_lines.ts";
import { parseLogLevels } from "../../../core/terminal/log_levels.ts";
import { redacted, redactor, SecretShield } from "../../../core/terminal/redaction.ts";

function logInto(lines: string[], changes: Partial<LogOptions> = {}) {
  return createLog({
    write: (text) => lines.push(text),
    clock: { epochMs: () => 1_750_000_000_000 },
    levels: parseLogLevels("debug"),
    format: "json",
    useColor: false,
    redact: (text) => text,
    ...changes,
  });
}

Deno.test("a JSON line has time, level, message and fields; our names win over theirs", () => {
  const lines: string[] = [];
  logInto(lines).with({ plugin: "scalper" }).info("filled", {
    size: 5n,
    level: "fake",
    ts: 1,
    error: new Error("x"),
  });
  assertEquals(lines.length, 1);
  assert(lines[0]?.endsWith("}\n"));
  assertEquals(JSON.parse(lines[0] ?? ""), {
    ts: "2025-06-15T15:06:40.000Z",
    level: "info",
    message: "filled",
    plugin: "scalper",
    size: "5",
    error: { name: "Error", message: "x" },
  });
});

Deno.test("a level lets through itself and what is graver", () => {
  for (const [level, expected] of [["debug", 4], ["info", 3], ["warn", 2], ["error", 1]] as const) {
    const lines: string[] = [];
    const log = logInto(lines, { levels: parseLogLevels(level) });
    log.debug("d");
    log.info("i");
    log.warn("w");
    log.error("e");
    assertEquals(lines.length, expected, level);
  }
});

Deno.test("a pretty line is one line, and control sequences of others stay harmless", () => {
  const lines: string[] = [];
  logInto(lines, { format: "pretty" }).warn("first\nsecond \x1b[2J", {
    venue: "okx",
    ages: [1, 2],
    none: undefined,
  });
  assertEquals(lines, ["15:06:40.000 warn  first ⏎ second ?[2J  venue=okx  ages=[1,2]\n"]);
});

Deno.test("a pretty line has colours where they are wanted", () => {
  const lines: string[] = [];
  logInto(lines, { format: "pretty", useColor: true }).error("bad");
  assertStringIncludes(lines[0] ?? "", "\x1b[31m");
});

const secret = fc.stringMatching(/^[A-Za-z0-9+/=._-]{6,40}$/).filter((text) =>
  !/^(message|[\d.-]+)$/.test(text)
);

Deno.test("no secret is written, wherever it stands", () =>
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 5 }),
      fc.constantFrom("json" as const, "pretty" as const),
      fc.string({ maxLength: 20 }),
      (secrets, format, around) => {
        const lines: string[] = [];
        const log = logInto(lines, { redact: redactor(secrets), format });
        for (const value of secrets) {
          log.info(`${around}${value}${around}`, {
            [`key ${value}`]: 1,
            deep: [{ [value]: [`x${value}`, value] }],
          });
          log.with({ token: value }).error("failed", {
            error: new Error(`bad ${value}`),
            url: `https://x/?k=${value}`,
          });
        }
        const written = lines.join("");
        // Fixed words of a line could hold a drawn text by chance; what was put in must not come out.
        const fixed =
          "2025-06-15T15:06:40.000Z info error message level deep name Error token failed bad https://x/?k= key";
        for (const value of secrets.filter((text) => !fixed.includes(text))) {
          assert(
            !written.includes(value),
            value,
          );
        }
      },
    ),
  ));

Deno.test("a secret with characters that JSON or a pattern would escape is found", () => {
  for (const value of ['quo"te\\back', "new\nline!", "(.*)+?[a-z]$^", "日本語の秘密", "a b c d"]) {
    const lines: string[] = [];
    logInto(lines, { redact: redactor([value]) }).info(`<${value}>`, { value });
    const parsed = JSON.parse(lines[0] ?? "");
    assertEquals([parsed.message, parsed.value], ["<***>", "***"]);
  }
});

Deno.test("a secret of digits is found in numbers too", () => {
  const redact = redactor(["123456789"]);
  assertEquals(redacted({ a: 123456789, b: 12345, c: 9123456789n }, redact), {
    a: "***",
    b: 12345,
    c: "9***",
  });
});

Deno.test("of two secrets the longer one goes first, and without secrets nothing changes", () => {
  assertEquals(redactor(["abcdef", "abcdefghi"])("x abcdefghi y abcdef"), "x *** y ***");
  assertEquals(redactor(["", ""])("text"), "text");
});

Deno.test("what has no end is cut, not followed for ever", () => {
  const round: Record<string, unknown> = {};
  round.self = round;
  const lines: string[] = [];
  logInto(lines).info("round", { round });
  assert(lines[0]?.includes("…"));
});

Deno.test("held lines are released in order, the oldest given up first and counted", () => {
  const held = new HeldLines(3);
  for (let i = 0; i < 5; i++) held.write(`line ${i}\n`);
  const written: string[] = [];
  held.release((text) => written.push(text));
  assertEquals(written, ["2 earlier log lines were not kept\n", "line 2\n", "line 3\n", "line 4\n"]);
  held.release((text) => written.push(text));
  assertEquals(written.length, 4);
});

Deno.test("a secret that becomes known later is taken out from then on", () => {
  const shield = new SecretShield();
  const lines: string[] = [];
  const log = logInto(lines, { redact: shield.redact });
  log.info("key-one key-two");
  shield.add(["key-one"]);
  shield.add(["key-two"]);
  log.info("key-one key-two");
  assertEquals(lines.map((line) => JSON.parse(line).message), ["key-one key-two", "*** ***"]);
});
