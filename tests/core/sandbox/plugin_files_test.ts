/** What is read of a plugin, and what it hashes to. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { dirname, join } from "node:path";
import { BerthError } from "../../../core/errors.ts";
import { moduleTexts, readPluginFiles } from "../../../core/sandbox/plugin_files.ts";

async function withFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const placeOf = (folder: string) => ({ name: "it", rootPath: folder, entryPath: join(folder, "mod.ts") });
const files = { "mod.ts": "export {};", "a/b.ts": "1", "data.json": "{}", "picture.png": "x", "c.cjs": "1" };

async function hashOf(contents: Readonly<Record<string, string>>): Promise<string> {
  let hash = "";
  await withFiles(contents, async (folder) => {
    hash = (await readPluginFiles(placeOf(folder))).hash;
  });
  return hash;
}

Deno.test("all files are hashed, and only what can be imported goes to the plugin", () =>
  withFiles(files, async (folder) => {
    const read = await readPluginFiles(placeOf(folder));
    assertEquals([...read.contents.keys()], ["a/b.ts", "c.cjs", "data.json", "mod.ts", "picture.png"]);
    assertEquals(Object.keys(moduleTexts(placeOf(folder), read)), ["a/b.ts", "data.json", "mod.ts"]);
  }));

const changes: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["one more byte", { ...files, "mod.ts": "export {}; " }],
  ["another name", {
    "mod.ts": "export {};",
    "a/c.ts": "1",
    "data.json": "{}",
    "picture.png": "x",
    "c.cjs": "1",
  }],
  ["another folder", {
    "mod.ts": "export {};",
    "b.ts": "1",
    "data.json": "{}",
    "picture.png": "x",
    "c.cjs": "1",
  }],
  ["a file that is not loaded", { ...files, "picture.png": "y" }],
  ["one more file", { ...files, "z.txt": "" }],
  ["a byte that moved from one file to the next", { ...files, "a/b.ts": "", "c.cjs": "11" }],
];
for (const [name, changed] of changes) {
  Deno.test(`the hash tells ${name}`, async () => {
    assertEquals(await hashOf(changed) === await hashOf(files), false);
  });
}

Deno.test("equal files hash equally wherever they lie", async () =>
  assertEquals(await hashOf(files), await hashOf(files)));

Deno.test("a link is refused, in the folder and as the folder", () =>
  withFiles({ "real/mod.ts": "1" }, async (folder) => {
    await Deno.symlink(join(folder, "real"), join(folder, "linked"));
    await assertRejects(() => readPluginFiles(placeOf(join(folder, "linked"))), BerthError, "is a link");
    await Deno.symlink("/etc/passwd", join(folder, "real", "more.ts"));
    await assertRejects(
      () => readPluginFiles(placeOf(join(folder, "real"))),
      BerthError,
      "more.ts is a link",
    );
  }));

Deno.test("a module that is no UTF-8 is refused", () =>
  withFiles({ "mod.ts": new Uint8Array([0xff, 0xfe]) }, async (folder) => {
    const read = await readPluginFiles(placeOf(folder));
    assertThrows(() => moduleTexts(placeOf(folder), read), BerthError, "mod.ts is no UTF-8 text");
  }));

Deno.test("modules of more than 8 MiB are refused", () =>
  withFiles({ "mod.ts": "1", "big.ts": new Uint8Array(8 << 20).fill(32) }, async (folder) => {
    const read = await readPluginFiles(placeOf(folder));
    assertThrows(() => moduleTexts(placeOf(folder), read), BerthError, "over 8 MiB");
  }));
