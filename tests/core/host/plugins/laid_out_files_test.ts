/** What is hashed is what is laid out, whatever happens to either afterwards. */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { PluginSource } from "../../../../core/host/plugins/discovery.ts";
import { layOut, removeOthers } from "../../../../core/host/plugins/laid_out_files.ts";
import { readPluginFiles } from "../../../../core/sandbox/plugin_files.ts";

async function withPlugin(run: (source: PluginSource, store: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const rootPath = join(folder, "mine");
    await Deno.mkdir(join(rootPath, "deep"), { recursive: true });
    await Deno.writeTextFile(join(rootPath, "mod.ts"), "one");
    await Deno.writeTextFile(join(rootPath, "deep", "part.ts"), "two");
    await run({ name: "mine", rootPath, entryPath: join(rootPath, "mod.ts") }, join(folder, "store"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("laid out files have the hash of the folder, and keep it when the folder changes", () =>
  withPlugin(async (source, store) => {
    const read = await readPluginFiles(source);
    const laidOut = await layOut(read, source, store);
    assertEquals((await readPluginFiles(laidOut)).hash, read.hash);
    await Deno.writeTextFile(source.entryPath, "changed");
    assertEquals(await Deno.readTextFile(laidOut.entryPath), "one");
    assertEquals(await Deno.readTextFile(join(laidOut.rootPath, "deep/part.ts")), "two");
  }));

Deno.test("files that were laid out and changed since are made anew", () =>
  withPlugin(async (source, store) => {
    const read = await readPluginFiles(source);
    const laidOut = await layOut(read, source, store);
    await Deno.remove(laidOut.entryPath);
    await Deno.writeTextFile(laidOut.entryPath, "tampered");
    await Deno.writeTextFile(join(laidOut.rootPath, "more.ts"), "added");
    assertEquals(await layOut(read, source, store), laidOut);
    assertEquals((await readPluginFiles(laidOut)).hash, read.hash);
  }));

Deno.test("one byte, one name, one file more or less is another hash", () =>
  withPlugin(async (source) => {
    const hashes = new Set<string>();
    const look = async () => void hashes.add((await readPluginFiles(source)).hash);
    await look();
    await Deno.writeTextFile(source.entryPath, "onf");
    await look();
    await Deno.rename(join(source.rootPath, "deep/part.ts"), join(source.rootPath, "deep/other.ts"));
    await look();
    await Deno.writeTextFile(join(source.rootPath, "empty.ts"), "");
    await look();
    assertEquals(hashes.size, 4);
  }));

Deno.test("a link is refused, at the top and deep inside", () =>
  withPlugin(async (source) => {
    await Deno.symlink("/etc/hosts", join(source.rootPath, "deep", "hosts.ts"));
    await assertRejects(() => readPluginFiles(source), Error, "hosts.ts is a link");
    const link = `${source.rootPath}_link.ts`;
    await Deno.symlink(source.entryPath, link);
    await assertRejects(
      () => readPluginFiles({ name: "link", rootPath: link, entryPath: link }),
      Error,
      "is a link",
    );
  }));

Deno.test("what no version needs is removed, the rest stays", () =>
  withPlugin(async (source, store) => {
    const old = await readPluginFiles(source);
    await layOut(old, source, store);
    await Deno.writeTextFile(source.entryPath, "new");
    const kept = await readPluginFiles(source);
    await layOut(kept, source, store);
    await removeOthers(store, new Set([kept.hash]));
    assertEquals([...Deno.readDirSync(store)].map(({ name }) => name), [kept.hash]);
  }));
