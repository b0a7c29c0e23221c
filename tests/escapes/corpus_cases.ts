/** Reads the corpus: one attempt a file, with an `expect:` line that says how it must end. See corpus/attempt.ts. */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const corpusFolder = fileURLToPath(new URL("./corpus/", import.meta.url));

const withCodes = ["refused", "answered", "answered_partly", "killed", "killed_at_stop"] as const;

export type Expectation =
  | { readonly kind: (typeof withCodes)[number]; readonly codes: readonly string[] }
  | { readonly kind: "harmless" | "control"; readonly codes: readonly [] };

export interface Case {
  /** `files/read_absolute`. */
  readonly name: string;
  readonly group: string;
  readonly path: string;
  readonly id: string;
  readonly expected: Expectation;
}

function expectationOf(name: string, text: string): Expectation {
  const [, kind = "", codes = ""] = /^\/\/ expect: (\w+) ?(\S*)$/m.exec(text) ?? [];
  if (kind === "harmless" || kind === "control") return { kind, codes: [] };
  const known = withCodes.find((one) => one === kind);
  if (known !== undefined && codes !== "") return { kind: known, codes: codes.split("|") };
  throw new Error(`${name} has no expect: line that can be read`);
}

/** All cases, by name. */
export async function readCases(): Promise<readonly Case[]> {
  const cases: Case[] = [];
  for await (const group of Deno.readDir(corpusFolder)) {
    if (!group.isDirectory) continue;
    for await (const file of Deno.readDir(join(corpusFolder, group.name))) {
      const path = join(corpusFolder, group.name, file.name);
      const name = `${group.name}/${file.name.replace(/\.ts$/, "")}`;
      const expected = expectationOf(name, await Deno.readTextFile(path));
      cases.push({
        name,
        group: group.name,
        path,
        expected,
        id: `escape_${name.replace("/", "_")}`.slice(0, 48),
      });
    }
  }
  return cases.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A module of the plugin's own whose import must be refused whenever it is loaded. */
const staticImport = 'import { readFileSync } from "node:fs";\nexport default readFileSync;\n';

/** Lays a case out as a plugin folder of its own, with the test's addresses and paths filled in. */
export async function layOut(
  folder: string,
  one: Case,
  filledIn: Readonly<Record<string, string>> = {},
): Promise<void> {
  const root = join(folder, one.name.replace("/", "_"));
  await Deno.mkdir(join(root, "case"), { recursive: true });
  await Deno.copyFile(join(corpusFolder, "attempt.ts"), join(root, "attempt.ts"));
  const own = {
    __PROJECT_URL__: new URL("../../", import.meta.url).href,
    __PLUGIN_URL__: `${pathToFileURL(root).href}/`,
  };
  const text = Object.entries({ ...own, ...filledIn }).reduce(
    (filled, [name, value]) => filled.replaceAll(name, value),
    await Deno.readTextFile(one.path),
  );
  await Deno.writeTextFile(join(root, "case", "attempt_case.ts"), text);
  await Deno.writeTextFile(join(root, "case", "static_import.ts"), staticImport);
  await Deno.writeTextFile(join(root, "mod.ts"), 'export { default } from "./case/attempt_case.ts";\n');
}
