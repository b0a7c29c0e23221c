/** Completions as a shell sees them: the script is sourced, and the shell's own machinery asks it. */
import { assertEquals } from "@std/assert";
import { commandTable } from "../../core/cli/command_line.ts";
import { completionScript, type Shell, shells } from "../../core/cli/completions.ts";

const table = commandTable("1.2.3", () => undefined, () => undefined, 100);

async function isInstalled(shell: Shell): Promise<boolean> {
  const { success } = await new Deno.Command("sh", { args: ["-c", `command -v ${shell}`], stdout: "null" })
    .output();
  return success;
}

async function output(shell: Shell, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(shell, { args: [...args] }).output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stderr)], [0, ""]);
  return decoder.decode(stdout).trimEnd();
}

for (const shell of shells) {
  Deno.test({
    name: `${shell} finds no fault in its script`,
    ignore: !await isInstalled(shell),
    async fn() {
      const file = await Deno.makeTempFile();
      try {
        await Deno.writeTextFile(file, completionScript(table, shell));
        assertEquals(await output(shell, ["-n", file]), "");
      } finally {
        await Deno.remove(file);
      }
    },
  });
}

const cases: readonly { readonly words: readonly string[]; readonly offers: string }[] = [
  { words: ["berth", "ris"], offers: "risk" },
  { words: ["berth", "plugin", "ap"], offers: "approve" },
  { words: ["berth", "plugin", "approve", "--li"], offers: "--live" },
  { words: ["berth", "start", "--env", ""], offers: "sim paper testnet live" },
  { words: ["berth", "--env", "te"], offers: "testnet" },
  { words: ["berth", "risk", "halt", "--rea"], offers: "--reason" },
  { words: ["berth", "risk", "halt", "--reason", ""], offers: "" },
];

for (const { words, offers } of cases) {
  Deno.test(`bash completes "${words.join(" ")}" to "${offers}"`, async () => {
    const script = [
      completionScript(table, "bash"),
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})`,
      `COMP_CWORD=${words.length - 1}`,
      "_berth",
      'echo "${COMPREPLY[@]}"',
    ].join("\n");
    assertEquals(await output("bash", ["-c", script]), offers);
  });
}
