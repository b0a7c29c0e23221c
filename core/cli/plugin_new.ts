/**
 * `berth plugin new`: a strategy that runs, with its test. Outside berth's own tree it comes with the SDK's sources and
 * a `deno.json`, so that an editor completes and `deno test` runs without anything to fetch.
 */
import { dirname, join, relative, resolve } from "node:path";
import { BerthError } from "../errors.ts";
import { projectFolder } from "../host/project_folder.ts";
import { templateFiles } from "../host/plugins/plugin_template.ts";

export interface NewPluginOptions {
  readonly name: string;
  /** Undefined: `plugins` of the working folder. */
  readonly folder: string | undefined;
  readonly asJson: boolean;
}

/** Hidden, so that it is no plugin. */
const sdkFolder = ".berth-sdk";
/** What a plugin and its test load; the host's side of the protocol is left out. */
const sdkParts = ["core/errors.ts", "core/model", "core/protocol", "core/sdk"];
const isLeftOut = (name: string): boolean => name === "schemas.ts";

/** @throws {BerthError} PLUGIN_PATH_TAKEN */
export async function newPlugin(
  { name, folder, asJson }: NewPluginOptions,
  workingFolder: string,
  write: (text: string) => void,
): Promise<void> {
  const parent = resolve(workingFolder, folder ?? "plugins");
  const home = join(parent, name);
  for (const path of [home, `${home}.ts`]) {
    if (await exists(path)) throw new BerthError("PLUGIN_PATH_TAKEN", { path });
  }
  const written: string[] = [];
  const put = async (path: string, text: string): Promise<void> => {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text, { createNew: true });
    written.push(path);
  };
  for (const [file, text] of Object.entries(templateFiles(name))) await put(join(home, file), text);
  const isInside = !relative(projectFolder, parent).startsWith("..");
  // Deno and editors look for it in the folder they are started in.
  const configHome = folder === undefined ? workingFolder : parent;
  const denoJson = join(configHome, "deno.json");
  let isOwnConfig = false;
  if (!isInside) {
    await copySdk(join(configHome, sdkFolder));
    isOwnConfig = await exists(denoJson);
    if (!isOwnConfig) await put(denoJson, await editorConfig());
  }
  if (asJson) return write(`${JSON.stringify({ name, path: home, files: written })}\n`);
  const shown = (path: string): string => relative(workingFolder, path) || ".";
  write(`${written.map((path) => `  ${shown(path)}\n`).join("")}`);
  if (isOwnConfig) {
    write(`${shown(denoJson)} is yours; put this into it:\n${await editorConfig()}`);
  }
  const config = isInside || configHome === workingFolder ? "" : `--config ${shown(denoJson)} `;
  write(`
Its test:                                  deno test ${config}${shown(home)}
Types, manifest, a minute in simulation:   berth plugin check ${shown(home)}
With everything else:                      berth start${
    folder === undefined ? "" : ` --plugins ${shown(parent)}`
  }
`);
}

/** For editor and `deno test`: the SDK beside the plugins, and the one package that its indicators load. */
async function editorConfig(): Promise<string> {
  const part = (name: string): string => `./${sdkFolder}/core/sdk/${name}.ts`;
  const imports = {
    "@berth/sdk": part("mod"),
    "@berth/sdk/indicators": part("indicators"),
    "@berth/sdk/klines": part("klines"),
    "@berth/sdk/testing": part("testing"),
    ...(await packageOf("trading-signals")),
  };
  const compilerOptions = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  return `${JSON.stringify({ imports, compilerOptions }, null, 2)}\n`;
}

/** As berth's own import map pins it. */
async function packageOf(name: string): Promise<Readonly<Record<string, string>>> {
  const found: unknown = JSON.parse(await Deno.readTextFile(join(projectFolder, "deno.json")));
  const imports = typeof found === "object" && found !== null && "imports" in found
    ? found.imports
    : undefined;
  const pinned: unknown = typeof imports === "object" && imports !== null
    ? Reflect.get(imports, name)
    : undefined;
  return typeof pinned === "string" ? { [name]: pinned } : {};
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The SDK of this release, in place of the one that an earlier `new` put there. */
async function copySdk(target: string): Promise<void> {
  if (await exists(target)) await Deno.remove(target, { recursive: true });
  for (const part of sdkParts) await copy(join(projectFolder, part), join(target, part));
}

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) {
    await Deno.mkdir(dirname(to), { recursive: true });
    return await Deno.writeTextFile(to, await Deno.readTextFile(from));
  }
  for await (const { name } of Deno.readDir(from)) {
    if (!isLeftOut(name)) await copy(join(from, name), join(to, name));
  }
}
