/**
 * What only a thread or a plugin loads is not in the module graph of the entry: the compiler must be told. A module that
 * is missing shows only when the binary needs it.
 */
import { assertEquals } from "@std/assert";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const config: {
  readonly tasks: { readonly compile: { readonly command: string } };
  readonly imports: Readonly<Record<string, string>>;
} = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
const included = [...config.tasks.compile.command.matchAll(/--include (\S+)/g)].map(([, path = ""]) => path);

async function sources(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) found.push(...(await sources(path)));
    if (entry.isFile && entry.name.endsWith(".ts")) found.push(path);
  }
  return found;
}

Deno.test("the entry of every thread is compiled in", async () => {
  const entries: string[] = [];
  for (const path of await sources(join(root, "core"))) {
    const text = await Deno.readTextFile(path);
    for (const [, entry = ""] of text.matchAll(/new Worker\(\s*new URL\("([^"]+)", import\.meta\.url\)/g)) {
      entries.push(relative(root, join(dirname(path), entry)));
    }
  }
  assertEquals(entries.length > 0, true);
  assertEquals(entries.filter((entry) => !included.includes(entry)), []);
});

Deno.test("every part of the SDK that a plugin can name is compiled in", () => {
  const parts = Object.entries(config.imports)
    .filter(([name]) => name.startsWith("@berth/sdk/") && !name.endsWith("/"))
    // A plugin's tests run beside berth, not in it.
    .filter(([name]) => name !== "@berth/sdk/testing")
    .map(([, path]) => path.replace(/^\.\//, ""));
  assertEquals(parts.length > 0, true);
  assertEquals(parts.filter((path) => !included.includes(path)), []);
});
