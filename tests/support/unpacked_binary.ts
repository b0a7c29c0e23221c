/**
 * Stands in for `denort`, the base executable that can't be had here: lays what was embedded into a compiled berth out on
 * disk, alone, and runs it with the deno that is there. Nothing of the source tree and no package of the machine's cache
 * is in reach, `Deno.build.standalone` says true and `Deno.execPath()` names the stand-in, so that every process starts
 * as in a compiled run. What it can't show: reading through the embedded file system, and the base's own module loader.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Embedded, packagesFolder, readEmbedded } from "../../core/build/embedded.ts";

export interface UnpackedBinary {
  /** Runs like the binary: `berth start`. */
  readonly path: string;
  /** Folder that holds it, for a `plugins/` beside it. */
  readonly folder: string;
  /** Where what was embedded lies. */
  readonly inside: string;
}

const asThatOf = fileURLToPath(new URL("./standalone_stand_in.ts", import.meta.url));

/** @param folder an empty one */
export async function unpackBinary(executable: Uint8Array, folder: string): Promise<UnpackedBinary> {
  const embedded = readEmbedded(executable);
  const inside = join(folder, "inside");
  const cache = join(folder, "cache");
  const registry = join(cache, "npm/registry.npmjs.org");
  for (const [path, content] of embedded.files) {
    const target = path.startsWith(packagesFolder)
      ? join(registry, path.slice(packagesFolder.length + 1))
      : join(inside, path);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.writeFile(target, content);
  }
  await copyPackageLists(embedded.packages, registry);
  const config = join(folder, "deno.json");
  await Deno.writeTextFile(config, configText(embedded));
  await Deno.writeTextFile(join(folder, "deno.lock"), await lockText(embedded.packages));
  const beside = join(folder, "beside");
  await Deno.mkdir(beside);
  const path = join(beside, "berth");
  const flags = ["--quiet", "--allow-all", "--frozen", "--cached-only", "--no-check"];
  await Deno.writeTextFile(
    path,
    `#!/bin/sh
DENO_DIR='${cache}' BERTH_STAND_IN='${path}' exec '${Deno.execPath()}' run ${flags.join(" ")} \\
  --config '${config}' --preload '${asThatOf}' '${join(inside, embedded.entry)}' "$@"
`,
    { mode: 0o755 },
  );
  return { path, folder: beside, inside };
}

const nameOf = (id: string): string => id.slice(0, id.lastIndexOf("@"));

/** The embedded import map, which starts where the configuration lies, without packages that are not there. */
function configText({ importMap, packages, unstable }: Embedded): string {
  const names = new Set(packages.map(nameOf));
  const { imports } = JSON.parse(importMap);
  const mapped = Object.entries(imports).map(([name, to]) => [name, String(to)] as const).flatMap(
    ([name, to]) => {
      if (to.startsWith("./")) return [[name, `./inside/${to.slice(2)}`]];
      const named = /^npm:\/?((?:@[^/]+\/)?[^@/]+)/.exec(to)?.[1];
      return named !== undefined && names.has(named) ? [[name, to]] : [];
    },
  );
  return JSON.stringify({ imports: Object.fromEntries(mapped), unstable });
}

/** The project's lock, of these packages alone: it says which version of a package another one takes. */
async function lockText(packages: readonly string[]): Promise<string> {
  const lock = JSON.parse(await Deno.readTextFile(new URL("../../deno.lock", import.meta.url)));
  const isHere = (id: string): boolean => packages.includes(id.replace(/(?<=.@[^_]*)_.*$/, ""));
  const only = (record: Readonly<Record<string, unknown>>, holds: (key: string) => boolean) =>
    Object.fromEntries(Object.entries(record).filter(([key]) => holds(key)));
  const specifiers = only(lock.specifiers, (key) => isHere(key.replace(/^npm:/, "")));
  return JSON.stringify({
    version: lock.version,
    specifiers,
    npm: only(lock.npm, isHere),
    workspace: { dependencies: Object.keys(specifiers) },
  });
}

/** Which versions there are of a package: Deno asks before it takes one from its cache. */
async function copyPackageLists(packages: readonly string[], registry: string): Promise<void> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  for (const id of packages) {
    const name = nameOf(id);
    await Deno.copyFile(
      join(String(npmCache), "registry.npmjs.org", name, "registry.json"),
      join(registry, name, "registry.json"),
    );
  }
}
