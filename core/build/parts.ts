/**
 * What a compiled berth is made of beside what its entry imports. `deno compile` sees imports alone: the entry of a thread,
 * a plugin's folder or a page has to be named to it. Here they are, as data, for the build and for the test of its result.
 */
import { join, relative } from "node:path";

/** The module that the binary starts with. */
export const entryModule = "core/executable.ts";

/** Folders that are read as they are, file by file: adapters, and what `berth plugin new` lays beside a plugin. */
export const embeddedFolders = ["exchanges", "core/sdk", "core/model", "core/protocol"] as const;

/** Single files that are read or loaded by path. */
export const embeddedFiles = [
  "core/errors.ts",
  // The import map, from which `berth plugin new` takes the versions of packages.
  "deno.json",
  // A plugin of the doctor's.
  "core/host/doctor/order_probe.ts",
] as const;

/** Where a file that is no module lies beside the code that reads it: pages, styles, pictures. */
const assetRoots = ["core"] as const;
const isAsset = (path: string): boolean => !/\.(ts|md)$|\/deno\.json$/.test(path);

/** Never embedded, wherever it would come from. */
export const forbidden: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: "a test", pattern: /^tests\/|_test\.ts$/ },
  { what: "a secret", pattern: /(^|\/)\.env(\.|$)|\.pem$|(^|\/)id_[a-z0-9]+$|(^|\/)grants\.json$/ },
  { what: "a journal", pattern: /\.db(-wal|-shm)?$|^var\// },
  { what: "a page of docs", pattern: /^docs\/|^\.(git|ci)\// },
];

const threadEntry = /new Worker\(\s*new URL\("([^"]+)", import\.meta\.url\)/g;

/** All files below a folder of the project, relative to it, sorted. */
export async function filesBelow(root: string, folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(join(root, folder))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...(await filesBelow(root, path)));
    if (entry.isFile) found.push(path);
  }
  return found.sort();
}

/** Modules with which the host's threads begin, as its sources name them. */
export async function threadEntries(root: string): Promise<readonly string[]> {
  const entries = new Set<string>();
  for (const path of await filesBelow(root, "core")) {
    if (!path.endsWith(".ts")) continue;
    const text = await Deno.readTextFile(join(root, path));
    for (const [, entry = ""] of text.matchAll(threadEntry)) {
      entries.add(relative(root, join(root, path, "..", entry)).replaceAll("\\", "/"));
    }
  }
  return [...entries].sort();
}

/** Files that are no code and that code reads. */
export async function assets(root: string): Promise<readonly string[]> {
  const files = await Promise.all(assetRoots.map((folder) => filesBelow(root, folder)));
  return files.flat().filter(isAsset);
}

/**
 * Strategies of the project. What else was dropped into `plugins/` may be somebody's secret: it stays out. Where there is
 * no git (an unpacked archive), all of them.
 */
export async function bundledPlugins(root: string): Promise<readonly string[]> {
  const asked = await new Deno.Command("git", { args: ["ls-files", "plugins"], cwd: root }).output()
    .catch(() => undefined);
  const paths = asked?.success === true
    ? new TextDecoder().decode(asked.stdout).split("\n").filter((path) => path !== "")
    : await filesBelow(root, "plugins");
  return [...new Set(paths.map((path) => path.split("/").slice(0, 2).join("/")))].sort();
}

/** Everything that the compiler must be told of, relative to the project. */
export async function namedParts(root: string): Promise<readonly string[]> {
  return [
    ...new Set([
      ...(await threadEntries(root)),
      ...embeddedFolders,
      ...(await bundledPlugins(root)),
      ...embeddedFiles,
      ...(await assets(root)),
    ]),
  ];
}
