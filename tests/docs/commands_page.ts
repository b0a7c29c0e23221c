/** docs/commands.md: every command's help, and what exit codes mean, from the table of commands. */
import type { Command } from "commander";
import { commandTable, readCommandLine } from "../../core/cli/command_line.ts";
import { exitCodeTable } from "../../core/cli/exit_codes.ts";

const introduction = `# Commands

\`berth\` is the compiled program; from the source tree it is \`deno task berth\`, and \`deno task start\` is \`berth start\`. Without
a command it starts. \`--json\` is in every command: one JSON object, or one a line, on standard output; an error is one JSON
object on standard error, \`{"error":{"code":…,"what":…,"why":…,"fix":…}}\`.

Completions: \`source <(berth completions bash)\`, likewise for zsh and fish.

This page is made from the program: \`deno task docs\`.

## Exit codes
`;

function helpOf(words: readonly string[]): string {
  const line = readCommandLine([...words, "--help"], "");
  if (line.kind !== "show") throw new Error(JSON.stringify(line));
  return line.text.trimEnd();
}

const namesOf = (command: Command, before: readonly string[] = []): readonly (readonly string[])[] =>
  command.commands.flatMap((one) => {
    const words = [...before, one.name()];
    return [words, ...namesOf(one, words)];
  });

export function commandsPage(): string {
  const table = commandTable("", () => undefined, () => undefined, 100);
  return [
    introduction,
    "| code | meaning |",
    "| --- | --- |",
    ...exitCodeTable.map(({ code, meaning }) => `| ${code} | ${meaning} |`),
    "",
    ...namesOf(table).flatMap((words) => [
      `## berth ${words.join(" ")}`,
      "",
      "```",
      helpOf(words),
      "```",
      "",
    ]),
  ].join("\n").trimEnd() + "\n";
}
