/** What a module really loads, as `deno info` tells it: what is imported for its types alone is left out. */
import * as v from "valibot";
import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export interface ModuleGraph {
  /** The project's own, relative to it. */
  readonly modules: ReadonlySet<string>;
  /** `name@version`, with what packages bring. */
  readonly packages: ReadonlySet<string>;
}

const graphSchema = v.object({
  modules: v.array(v.object({
    specifier: v.string(),
    npmPackage: v.optional(v.string()),
    dependencies: v.optional(
      v.array(v.object({ code: v.optional(v.object({ specifier: v.optional(v.string()) })) })),
      [],
    ),
  })),
  redirects: v.record(v.string(), v.string()),
  npmPackages: v.record(
    v.string(),
    v.object({ name: v.string(), version: v.string(), dependencies: v.array(v.string()) }),
  ),
});

/** @param entry relative to `root` */
export async function moduleGraph(root: string, entry: string): Promise<ModuleGraph> {
  const args = ["info", "--json", "--frozen", entry];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  const { modules, redirects, npmPackages } = v.parse(
    graphSchema,
    JSON.parse(new TextDecoder().decode(stdout)),
  );
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const reached = closure(
    [pathToFileURL(`${root}/${entry}`).href],
    (specifier) =>
      (bySpecifier.get(specifier)?.dependencies ?? []).flatMap(({ code }) =>
        code?.specifier === undefined ? [] : [redirects[code.specifier] ?? code.specifier]
      ),
  );
  const direct = [...reached].flatMap((specifier) => bySpecifier.get(specifier)?.npmPackage ?? []);
  const packages = closure(direct, (id) => npmPackages[id]?.dependencies ?? []);
  return {
    modules: new Set(
      [...reached].filter((url) => url.startsWith("file:")).map((url) => relative(root, fileURLToPath(url))),
    ),
    packages: new Set([...packages].flatMap((id) => {
      const one = npmPackages[id];
      return one === undefined ? [] : [`${one.name}@${one.version}`];
    })),
  };
}

function closure(from: readonly string[], next: (one: string) => readonly string[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const pending = [...from];
  for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
    if (reached.has(one)) continue;
    reached.add(one);
    pending.push(...next(one));
  }
  return reached;
}
