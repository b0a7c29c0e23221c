/** What holds for every command, read off the one table of them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Command } from "commander";
import { commandTable, readCommandLine } from "../../../core/cli/command_line.ts";
import { completionScript, shells } from "../../../core/cli/completions.ts";
import { exitCodeOf, exitCodeTable } from "../../../core/cli/exit_codes.ts";
import { BerthError } from "../../../core/errors.ts";
import { exitCodes } from "../../../core/host/config/options.ts";

interface Listed {
  readonly path: string;
  readonly command: Command;
}

function listed(command: Command, path = "berth"): readonly Listed[] {
  if (command.commands.length === 0) return [{ path, command }];
  return command.commands.flatMap((one) => listed(one, `${path} ${one.name()}`));
}

const table = commandTable("1.2.3", () => undefined, () => undefined, 100);
const commands = listed(table);

for (const { path, command } of commands) {
  Deno.test(`"${path} --help" says what it does and shows it`, () => {
    const line = readCommandLine([...path.split(" ").slice(1), "--help"], "1.2.3");
    assert(line.kind === "show");
    assert(command.description().length > 10, line.text);
    const examples = line.text.split("Examples:\n")[1] ?? "";
    const own = path === "berth start" ? "deno task start" : path;
    assert(examples.split("\n").some((example) => example.includes(own)), line.text);
  });
}

const withoutJson = ["berth config schema", "berth completions"]; // their output is for programs already

Deno.test("every command has --json, in these words", () => {
  const missing = commands
    .filter(({ command }) => command.options.every(({ long }) => long !== "--json"))
    .map(({ path }) => path);
  assertEquals(missing, withoutJson);
});

Deno.test("the same flag is written the same way in every command", () => {
  const forms = new Map<string, string>();
  for (const { path, command } of commands) {
    for (const { long = "", flags } of command.options) {
      const before = forms.get(long) ?? flags;
      assertEquals(flags, before, path);
      forms.set(long, before);
    }
  }
});

for (const shell of shells) {
  Deno.test(`completions for ${shell} know every command and flag`, () => {
    const script = completionScript(table, shell);
    for (const { command } of commands) {
      assert(script.includes(command.name()), command.name());
      for (const { long = "" } of command.options) assert(script.includes(long.slice(2)), long);
    }
  });
}

Deno.test("a shell that is not known is told", () => {
  const line = readCommandLine(["completions", "tcsh"], "1.2.3");
  assert(line.kind === "misuse");
  assertMatch(line.sentence, /^"tcsh" is no shell that is known; write bash, zsh, fish\.$/);
});

const errors: readonly { readonly error: unknown; readonly code: number }[] = [
  { error: new Error("anything"), code: exitCodes.failure },
  { error: new BerthError("HOST_NOT_RUNNING", { folder: "var/sim" }), code: exitCodes.failure },
  { error: new BerthError("CLI_USAGE", { problem: "a", fix: "b" }), code: exitCodes.usage },
  { error: new BerthError("CONFIG_UNREADABLE", { file: "a", reason: "b" }), code: exitCodes.usage },
  { error: new BerthError("HOST_PORT_BUSY", { port: 1, purpose: "the console" }), code: exitCodes.busy },
];
for (const { error, code } of errors) {
  Deno.test(`${error instanceof BerthError ? error.code : "an unknown error"} ends with exit code ${code}`, () =>
    assertEquals(exitCodeOf(error), code));
}

Deno.test("every exit code has one meaning in the table", () => {
  assertEquals(exitCodeTable.map(({ code }) => code), Object.values(exitCodes));
});
