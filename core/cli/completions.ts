/** `berth completions`: scripts for shells, made from the table of commands that also reads the command line. */
import type { Command, Option } from "commander";
import { misuse } from "./option_readers.ts";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

interface OptionWords {
  /** `--env`, and `-h` where there is one. */
  readonly flags: readonly string[];
  readonly description: string;
  /** What may follow: nothing, one of these words, a file or folder, or anything. */
  readonly value: "none" | "file" | "any" | readonly string[];
}

/** One command as a shell sees it. */
interface CommandWords {
  /** `/plugin/approve`; empty for `berth` itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly OptionWords[];
}

function valueOf(option: Option): OptionWords["value"] {
  if (option.argChoices !== undefined) return option.argChoices;
  if (!option.required) return "none";
  return /<(file|folder|path)>/.test(option.flags) ? "file" : "any";
}

function optionsOf(command: Command): readonly OptionWords[] {
  return command.createHelp().visibleOptions(command).map((option) => ({
    flags: [option.long, option.short].filter((flag) => typeof flag === "string"),
    description: option.description,
    value: valueOf(option),
  }));
}

function wordsOf(command: Command, path = ""): readonly CommandWords[] {
  const commands = command.commands.map((one) => ({
    name: one.name(),
    description: one.summary() || one.description(),
  }));
  const here = { path, commands, options: optionsOf(command) };
  return [here, ...command.commands.flatMap((one) => wordsOf(one, `${path}/${one.name()}`))];
}

/** Without a command berth starts: its options are `start`'s too. */
function withStartOptions(all: readonly CommandWords[]): readonly CommandWords[] {
  const start = all.find(({ path }) => path === "/start");
  return all.map((one) =>
    one.path === "" ? { ...one, options: [...one.options, ...(start?.options ?? [])] } : one
  );
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const wordList = (words: CommandWords): string =>
  [...words.commands.map(({ name }) => name), ...words.options.flatMap(({ flags }) => flags)].join(" ");

const withValue = (words: CommandWords): readonly OptionWords[] =>
  words.options.filter(({ value }) => value !== "none");

/** `case` patterns of a command's options, such as `'/start --env'|'/start -e'`. */
const patterns = (words: CommandWords, { flags }: OptionWords): string =>
  flags.map((flag) => quoted(`${words.path} ${flag}`)).join("|");

const pathPatterns = (all: readonly CommandWords[]): string =>
  all.filter(({ path }) => path !== "").map(({ path }) => path).join("|");

function bashScript(all: readonly CommandWords[]): string {
  const act = ({ value }: OptionWords): string =>
    value === "file"
      ? `mapfile -t COMPREPLY < <(compgen -f -- "$word")`
      : value === "any"
      ? "COMPREPLY=()"
      : `mapfile -t COMPREPLY < <(compgen -W ${quoted(Array.from(value).join(" "))} -- "$word")`;
  return [
    "# Completions of berth for bash: source <(berth completions bash)",
    "_berth() {",
    '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" command="" one',
    '  for one in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    `    case "$command/$one" in ${pathPatterns(all)}) command="$command/$one" ;; esac`,
    "  done",
    '  case "$command $before" in',
    ...all.flatMap((words) =>
      withValue(words).map((option) => `    ${patterns(words, option)}) ${act(option)}; return ;;`)
    ),
    "  esac",
    '  case "$command" in',
    ...all.map((words) =>
      `    ${quoted(words.path)}) mapfile -t COMPREPLY < <(compgen -W ${
        quoted(wordList(words))
      } -- "$word") ;;`
    ),
    "  esac",
    "}",
    "complete -o filenames -F _berth berth",
    "",
  ].join("\n");
}

function zshScript(all: readonly CommandWords[]): string {
  const act = ({ value }: OptionWords): string =>
    value === "file" ? "_files" : value === "any" ? ":" : `compadd -- ${Array.from(value).join(" ")}`;
  const described = (name: string, description: string): string =>
    quoted(`${name.replaceAll(":", "\\:")}:${description}`);
  return [
    "#compdef berth",
    "# Completions of berth for zsh: source <(berth completions zsh)",
    "_berth() {",
    '  local command="" one before="${words[CURRENT-1]}"',
    "  local -a found",
    '  for one in "${(@)words[2,CURRENT-1]}"; do',
    `    case "$command/$one" in ${pathPatterns(all)}) command="$command/$one" ;; esac`,
    "  done",
    '  case "$command $before" in',
    ...all.flatMap((words) =>
      withValue(words).map((option) => `    ${patterns(words, option)}) ${act(option)}; return ;;`)
    ),
    "  esac",
    '  case "$command" in',
    ...all.flatMap((words) => [
      `    ${quoted(words.path)}) found=(`,
      ...words.commands.map(({ name, description }) => `      ${described(name, description)}`),
      ...words.options.flatMap(({ flags, description }) =>
        flags.map((flag) => `      ${described(flag, description)}`)
      ),
      "    ) ;;",
    ]),
    "  esac",
    "  _describe berth found",
    "}",
    'if [ "$funcstack[1]" = "_berth" ]; then _berth "$@"; else compdef _berth berth; fi',
    "",
  ].join("\n");
}

function fishScript(all: readonly CommandWords[]): string {
  const text = (words: string): string => `'${words.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const at = ({ path }: CommandWords): string => `complete -c berth -n '__berth_at "${path}"'`;
  const rest = ({ value }: OptionWords): string =>
    value === "none"
      ? ""
      : value === "file"
      ? " -rF"
      : value === "any"
      ? " -x"
      : ` -x -a ${text(Array.from(value).join(" "))}`;
  const named = (flag: string): string =>
    flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
  return [
    "# Completions of berth for fish: berth completions fish | source",
    "function __berth_at",
    "  set -l command ''",
    "  for one in (commandline -opc)[2..]",
    '    switch "$command/$one"',
    `      case ${all.filter(({ path }) => path !== "").map(({ path }) => path).join(" ")}`,
    '        set command "$command/$one"',
    "    end",
    "  end",
    '  test "$command" = "$argv[1]"',
    "end",
    "complete -c berth -f",
    ...all.flatMap((words) => [
      ...words.commands.map(({ name, description }) => `${at(words)} -a ${name} -d ${text(description)}`),
      ...words.options.map((option) =>
        `${at(words)} ${option.flags.map(named).join(" ")} -d ${text(option.description)}${rest(option)}`
      ),
    ]),
    "",
  ].join("\n");
}

const scripts: Readonly<Record<Shell, (all: readonly CommandWords[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The script of a shell, for all commands below `program`. */
export const completionScript = (program: Command, shell: Shell): string =>
  scripts[shell](withStartOptions(wordsOf(program)));

const examples = `
Examples:
  source <(berth completions bash)           also in ~/.bashrc
  source <(berth completions zsh)            also in ~/.zshrc, after compinit
  berth completions fish > ~/.config/fish/completions/berth.fish
`;

export function addCompletions(program: Command, found: (script: string) => void): void {
  program.command("completions").summary("print completions for bash, zsh or fish")
    .description("Prints a script by which a shell completes commands and options of berth.")
    .argument("<shell>", shells.join(", "))
    .addHelpText("after", examples)
    .action((name: string) => {
      const shell = shells.find((one) => one === name) ??
        misuse(`${JSON.stringify(name)} is no shell that is known`, `write ${shells.join(", ")}`);
      found(completionScript(program, shell));
    });
}
