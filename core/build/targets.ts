/** The systems that berth is compiled for, and where the base executable of each comes from. */
import { stripVTControlCharacters } from "node:util";
import { join } from "node:path";
import { BerthError } from "../errors.ts";

export interface Target {
  /** As `deno compile --target` takes it. */
  readonly triple: string;
  /** Name of the executable among those of other systems. */
  readonly fileName: string;
}

const target = (name: string, triple: string): Target => ({
  triple,
  fileName: `berth-${name}${triple.includes("windows") ? ".exe" : ""}`,
});

export const targets: Readonly<Record<string, Target>> = {
  "linux-x64": target("linux-x64", "x86_64-unknown-linux-gnu"),
  "linux-arm64": target("linux-arm64", "aarch64-unknown-linux-gnu"),
  "macos-x64": target("macos-x64", "x86_64-apple-darwin"),
  "macos-arm64": target("macos-arm64", "aarch64-apple-darwin"),
  "windows-x64": target("windows-x64", "x86_64-pc-windows-msvc"),
};

/** By its short name or its triple. @throws {BerthError} CLI_USAGE */
export function targetNamed(name: string): Target {
  const found = targets[name] ?? Object.values(targets).find(({ triple }) => triple === name);
  if (found !== undefined) return found;
  throw new BerthError("CLI_USAGE", {
    problem: `there is no target ${name}`,
    fix: `name one of ${Object.keys(targets).join(", ")}`,
  });
}

/** Of the machine that compiles. */
export function ownTarget({ arch, os }: Pick<typeof Deno.build, "arch" | "os"> = Deno.build): Target {
  const triples: Readonly<Record<string, string>> = {
    linux: `${arch}-unknown-linux-gnu`,
    darwin: `${arch}-apple-darwin`,
    windows: `${arch}-pc-windows-msvc`,
  };
  return targetNamed(triples[os] ?? os);
}

/**
 * The file that `DENORT_BIN` means for a target: itself, or in the folder that it names the file `denort-TRIPLE` with
 * `.exe` for Windows. Undefined: deno fetches one, or has it in its cache.
 *
 * @throws {BerthError} BUILD_BASE_MISSING when it names what is not there
 */
export async function baseFor(
  { triple }: Target,
  denortBin: string | undefined,
): Promise<string | undefined> {
  if (denortBin === undefined || denortBin === "") return undefined;
  const missing = (reason: string) => new BerthError("BUILD_BASE_MISSING", { target: triple, reason });
  const info = await Deno.stat(denortBin).catch(() => undefined);
  if (info === undefined) throw missing(`there is no ${denortBin}`);
  if (!info.isDirectory) return denortBin;
  const path = join(denortBin, `denort-${triple}${triple.includes("windows") ? ".exe" : ""}`);
  if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  throw missing(`there is no ${path}`);
}

/** What stands in the compiler's words when the base could not be fetched, in one line; undefined when that was not it. */
export function baseFailure(compilerWords: string): string | undefined {
  const plain = stripVTControlCharacters(compilerWords);
  if (!/Setting up base binary|denort-[\w-]+\.zip|Could not find denort/.test(plain)) return undefined;
  const lines = plain.split("\n").map((line) => line.trim().replace(/^\d+: /, "")).filter((line) =>
    line !== ""
  );
  return lines.findLast((line) => /error|client|dns|connect|not find|download/i.test(line))?.slice(0, 200) ??
    "it could not be downloaded";
}
