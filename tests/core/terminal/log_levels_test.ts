import { assertEquals } from "@std/assert";
import { createLog } from "../../../core/terminal/log_lines.ts";
import {
  atLeast,
  isWritten,
  type LogLevel,
  logLevelPattern,
  parseLogLevels,
} from "../../../core/terminal/log_levels.ts";

const cases: readonly {
  readonly levels: string;
  readonly source: string;
  readonly level: LogLevel;
  readonly expected: boolean;
}[] = [
  { levels: "info", source: "okx", level: "debug", expected: false },
  { levels: "info", source: "okx", level: "info", expected: true },
  { levels: "info,okx=debug", source: "okx", level: "debug", expected: true },
  { levels: "info,okx=debug", source: "paradex", level: "debug", expected: false },
  { levels: "warn,okx=error,paradex=debug", source: "okx", level: "warn", expected: false },
  { levels: "warn,okx=error,paradex=debug", source: "host", level: "warn", expected: true },
  { levels: "info,okx=debug,okx=error", source: "okx", level: "warn", expected: false },
];
for (const { levels, source, level, expected } of cases) {
  Deno.test(`${levels}: ${source}'s ${level} is ${expected ? "" : "not "}written`, () =>
    assertEquals(isWritten(parseLogLevels(levels), source, level), expected));
}

Deno.test("a floor raises every level below it", () => {
  const levels = atLeast(parseLogLevels("debug,okx=error,orders=info"), "warn");
  assertEquals([levels.least, levels.bySource.get("okx"), levels.bySource.get("orders")], [
    "warn",
    "error",
    "warn",
  ]);
});

Deno.test("what is no list of levels is refused", () => {
  const texts = ["", "loud", "info,", "info,okx", "okx=debug", "info,okx=loud", "info, okx=debug"];
  assertEquals(texts.filter((text) => logLevelPattern.test(text)), []);
});

Deno.test("a line's module is its field `source`, its own or the log's", () => {
  const lines: string[] = [];
  const log = createLog({
    write: (text) => lines.push(JSON.parse(text).message),
    clock: { epochMs: () => 0 },
    levels: parseLogLevels("warn,orders=debug"),
    format: "json",
    useColor: false,
    redact: (text) => text,
  });
  log.debug("one", { source: "orders" });
  log.with({ source: "orders" }).info("two");
  log.info("three", { source: "host" });
  log.info("four");
  assertEquals(lines, ["one", "two"]);
});
