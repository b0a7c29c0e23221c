/**
 * Runs the escape corpus: each case is a strategy that tries, in the real sandbox, beside a healthy one that must lose
 * nothing. A case passes only if the attempt was made and ended as its `expect:` line says.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MiniHost } from "../support/mini_host.ts";

const corpus = fileURLToPath(new URL("./corpus/", import.meta.url));
const healthy = fileURLToPath(new URL("../support/plugins/healthy/mod.ts", import.meta.url));

interface Case {
  /** `files/read_absolute`. */
  readonly name: string;
  readonly path: string;
  readonly expected: RegExp;
}

/** Cases whose act must be refused inside the plugin's process. */
async function refusedCases(): Promise<readonly Case[]> {
  const cases: Case[] = [];
  for await (const group of Deno.readDir(corpus)) {
    if (!group.isDirectory) continue;
    for await (const file of Deno.readDir(join(corpus, group.name))) {
      const path = join(corpus, group.name, file.name);
      const pattern = /^\/\/ expect: refused \/(.+)\/$/m.exec(await Deno.readTextFile(path))?.[1];
      if (pattern !== undefined) {
        cases.push({
          name: `${group.name}/${file.name.replace(/\.ts$/, "")}`,
          path,
          expected: new RegExp(pattern),
        });
      }
    }
  }
  return cases.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Lays a case out as a plugin folder of its own. */
async function layOut(folder: string, one: Case): Promise<void> {
  const root = join(folder, one.name.replace("/", "_"));
  await Deno.mkdir(join(root, "case"), { recursive: true });
  await Deno.copyFile(join(corpus, "attempt.ts"), join(root, "attempt.ts"));
  await Deno.copyFile(one.path, join(root, "case", "attempt_case.ts"));
  await Deno.writeTextFile(join(root, "mod.ts"), 'export { default } from "./case/attempt_case.ts";\n');
}

const cases = await refusedCases();
const batchSize = 8;
const idOf = (one: Case): string => `escape_${one.name.replace("/", "_")}`.slice(0, 48);

for (let from = 0; from < cases.length; from += batchSize) {
  const batch = cases.slice(from, from + batchSize);
  Deno.test(`escapes ${batch[0]?.name} … ${batch.at(-1)?.name} are refused`, async (t) => {
    const folder = await Deno.makeTempDir();
    await Deno.copyFile(healthy, join(folder, "healthy.ts"));
    for (const one of batch) await layOut(folder, one);
    try {
      await using host = new MiniHost();
      await host.start(folder);
      for (const one of batch) {
        await t.step(one.name, async () => {
          const ended = await host.until(
            `the end of ${one.name}`,
            () =>
              host.lines.find((line) =>
                line.source === idOf(one) && (line.message === "refused" || line.message === "succeeded")
              ),
          );
          assert(
            host.lines.some((line) => line.source === idOf(one) && line.message === "attempting"),
            "the attempt was not made",
          );
          assertEquals(ended.message, "refused", `it escaped with ${String(ended.fields["loot"])}`);
          assertMatch(String(ended.fields["error"]), one.expected);
        });
      }
      await t.step("the healthy strategy beside them lost nothing", async () => {
        const line = await host.until(
          "the healthy strategy",
          () => host.lines.findLast((one) => one.source === "healthy" && one.message === "alive"),
        );
        assertEquals([line.fields["gaps"], host.view("healthy")?.restarts], [0, 0]);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("the corpus has the cases it is meant to have", () =>
  assert(cases.length >= 60, `${cases.length} cases`));
