/**
 * Which modules a plugin may load, enforced in its own process or thread by module hooks.
 *
 * Invariants:
 * 1. A plugin's modules come from memory: texts that the host read once, under `plugin:///` addresses. Nothing of a
 *    plugin is read from disk.
 * 2. Every import of a plugin's module, static or not, is resolved here. It leads to one of these texts, to the SDK, to
 *    a package that the plugin's manifest names, or to a module that refuses to load. A hook that throws would not do:
 *    Deno falls back to its own resolution for a static import of a built-in module.
 * 3. What runs on the way uses built-ins that were taken before any of the plugin's code ran. Only prototypes that
 *    can't get new members stand between the hooks and a plugin, see `sealPrototypes` in lockdown.ts.
 */
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { BerthError } from "../errors.ts";

/** What the host sends of a plugin before anything else. */
export interface PluginModules {
  /** The module to load, a key of `texts`. */
  readonly entry: string;
  /** Sources by path relative to the plugin's folder, with `/`. */
  readonly texts: Readonly<Record<string, string>>;
  /** npm packages that it may load, by bare name. */
  readonly packages: readonly string[];
}

const sdkName = "@berth/sdk";
const pluginScheme = "plugin:///";
const refusedScheme = "plugin-refused:///";

const { apply } = Reflect;
const NativeUrl = URL;
const toNumber = Number;
const { startsWith, endsWith, slice, indexOf } = String.prototype;
const { exec: execute } = RegExp.prototype;
const plainPath = /^[a-z0-9_]+(\/[a-z0-9_]+)*(\.ts)?$/;
const { parse, stringify } = JSON;
const { hasOwn } = Object;
const readHref = Object.getOwnPropertyDescriptor(URL.prototype, "href")?.get;
const toBase64 = btoa;
const fromBase64 = atob;

const begins = (text: string, start: string): boolean => apply(startsWith, text, [start]);
const from = (text: string, at: number): string => apply(slice, text, [at]);

/** The address of a plugin's file. */
export function moduleUrl(path: string): string {
  return pluginScheme + path.split("/").map(encodeURIComponent).join("/");
}

/** The `href` of a relative address, by a getter that no plugin can have replaced; undefined when it is none. */
function resolveRelative(specifier: string, parent: string): string | undefined {
  try {
    return readHref === undefined ? undefined : apply(readHref, new NativeUrl(specifier, parent), []);
  } catch {
    return undefined;
  }
}

/** Bare package of a specifier: `@noble/hashes` of `@noble/hashes/sha2.js`. */
function packageOf(specifier: string): string {
  const slash = (text: string): number => apply(indexOf, text, ["/"]);
  const first = slash(specifier);
  if (first < 0) return specifier;
  if (!begins(specifier, "@")) return apply(slice, specifier, [0, first]);
  const second = slash(from(specifier, first + 1));
  return second < 0 ? specifier : apply(slice, specifier, [0, first + 1 + second]);
}

/** The file of `@berth/sdk/indicators` or `@berth/sdk/venue/backoff.ts`; undefined outside the SDK. */
function sdkModule(sdkUrl: string, path: string): string | undefined {
  // Nothing that a file system would decode once more.
  if (apply(execute, plainPath, [path]) === null) return undefined;
  const hasExtension: boolean = apply(endsWith, path, [".ts"]);
  const url = resolveRelative(hasExtension ? path : `${path}.ts`, sdkUrl);
  return url !== undefined && begins(url, sdkUrl) ? url : undefined;
}

const isPackageFile = (url: string): boolean =>
  begins(url, "npm:") || apply(indexOf, url, ["/npm/registry.npmjs.org/"]) >= 0 ||
  apply(indexOf, url, ["/node_modules/"]) >= 0 ||
  // Where a compiled berth has them.
  apply(indexOf, url, ["/.deno_compile_node_modules/"]) >= 0;

export interface ImportPolicyOptions extends PluginModules {
  readonly pluginId: string;
  /** Address of `core/`, whose SDK plugins may load. */
  readonly coreUrl: string;
  /** The module that loads the plugin; packages are resolved on its behalf. */
  readonly loaderUrl: string;
}

/** What was refused, so that a failed start can be told by its cause. */
export interface ImportPolicy {
  readonly entryUrl: string;
  /** The first import that was refused since the start. */
  firstRefusal(): BerthError | undefined;
}

/** Puts the policy in force for everything that is loaded from now on. There is no way back. */
export function enforceImportPolicy(options: ImportPolicyOptions): ImportPolicy {
  const { coreUrl, loaderUrl, pluginId } = options;
  const sdkUrl = `${coreUrl}sdk/`;
  // Objects without a prototype: a look-up can't be led astray by what a plugin does to the built-ins.
  const modules: Record<string, string> = Object.assign(Object.create(null), {
    ...Object.fromEntries(Object.entries(options.texts).map(([path, text]) => [moduleUrl(path), text])),
  });
  const packages: Record<string, true> = Object.assign(Object.create(null), {
    ...Object.fromEntries(options.packages.map((name) => [name, true])),
  });
  const entryUrl = moduleUrl(options.entry);
  let first: BerthError | undefined;

  const to = (url: string) => ({ url, shortCircuit: true, format: undefined, __proto__: null });
  // By number: encoding a specifier could throw, and a resolve hook must not.
  const refused: Record<number, string> = Object.assign(Object.create(null), {});
  let refusals = 0;
  const refuse = (specifier: string) => {
    refused[++refusals] = specifier;
    return to(refusedScheme + refusals);
  };

  /** Where an import of a plugin's own module leads; undefined for a package. */
  const ownTarget = (specifier: string, parent: string): string | undefined => {
    if (specifier === sdkName) return `${sdkUrl}mod.ts`;
    if (begins(specifier, `${sdkName}/`)) return sdkModule(sdkUrl, from(specifier, sdkName.length + 1));
    const isRelative = begins(specifier, "./") || begins(specifier, "../") || begins(specifier, pluginScheme);
    const url = isRelative ? resolveRelative(specifier, parent) : undefined;
    return url !== undefined && hasOwn(modules, url) ? url : undefined;
  };

  registerHooks({
    resolve(specifier, context, nextResolve) {
      const parent = context.parentURL ?? "";
      if (begins(parent, pluginScheme)) {
        const own = ownTarget(specifier, parent);
        if (own !== undefined) return to(own);
        if (hasOwn(packages, packageOf(specifier))) {
          return nextResolve(specifier, { ...context, parentURL: loaderUrl });
        }
        return refuse(specifier);
      }
      if (parent === loaderUrl && specifier === entryUrl) return to(entryUrl);
      // What the SDK is made of, and what it takes from packages, comes with it.
      if (begins(parent, coreUrl)) return nextResolve(specifier, context);
      // A package's own dependencies, and built-ins that it needs, come with it.
      if (isPackageFile(parent)) return nextResolve(specifier, context);
      return refuse(specifier);
    },
    load(url, context, nextLoad) {
      if (begins(url, refusedScheme)) {
        const refusal = new BerthError("PLUGIN_IMPORT_REFUSED", {
          pluginId,
          specifier: apply(slice, refused[toNumber(from(url, refusedScheme.length))] ?? url, [0, 200]),
        });
        first ??= refusal;
        throw new Error(`${refusal.message} [${refusal.code}]`);
      }
      if (!begins(url, pluginScheme)) return nextLoad(url, context);
      const text = modules[url];
      if (text === undefined) throw new Error(`${url} is not part of this plugin`);
      const { type } = context.importAttributes;
      if (type === "json" || type === "text") {
        return { format: type, source: text, shortCircuit: true, __proto__: null };
      }
      return { format: "module", source: codeOf(url, text), shortCircuit: true, __proto__: null };
    },
  });
  return { entryUrl, firstRefusal: () => first };
}

/** JavaScript of a module, with its own name in the source map, so that a stack trace leads to the file. */
function codeOf(url: string, text: string): string {
  const code = stripTypeScriptTypes(text, { mode: "transform", sourceMap: true });
  const mark = "//# sourceMappingURL=data:application/json;base64,";
  const at: number = apply(String.prototype.lastIndexOf, code, [mark]);
  if (at < 0) return code;
  const map: unknown = parse(fromBase64(from(code, at + mark.length)));
  if (typeof map !== "object" || map === null) return code;
  const named = stringify({ ...map, sources: [url], sourcesContent: undefined });
  return apply(slice, code, [0, at]) + mark + toBase64(named);
}
