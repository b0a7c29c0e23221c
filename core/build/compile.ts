/**
 * `deno task compile`: one executable a system, with a bill of materials and checksums beside them in `dist/`.
 *
 * Options: `--target NAME` (again for more), `--all-targets`, `--out FOLDER`, `--no-check`. What is embedded is read back
 * out of each executable: one that lacks a part, or carries what does not belong there, is not left behind.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { version } from "../cli/version.ts";
import { BerthError, describeError } from "../errors.ts";
import { v8MemoryFlag } from "../sandbox/edition.ts";
import { type Embedded, packagesFolder, readEmbedded } from "./embedded.ts";
import { entryModule, filesBelow, forbidden, namedParts } from "./parts.ts";
import { sbomOf } from "./sbom.ts";
import { baseFailure, baseFor, ownTarget, type Target, targetNamed, targets } from "./targets.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface CompileOptions {
  readonly targets: readonly Target[];
  readonly outFolder: string;
  readonly isChecked: boolean;
  /** `DENORT_BIN`, where it is set. */
  readonly denortBin: string | undefined;
  readonly write: (text: string) => void;
}

export interface Compiled {
  readonly path: string;
  readonly embedded: Embedded;
}

/**
 * Compiles for each target.
 *
 * @throws {BerthError} BUILD_BASE_MISSING, BUILD_FAILED, BUILD_UNREADABLE, BUILD_EMBEDS_TOO_MUCH, BUILD_LACKS
 */
export async function compile(options: CompileOptions): Promise<readonly Compiled[]> {
  const { outFolder, write } = options;
  await Deno.mkdir(outFolder, { recursive: true });
  const parts = await namedParts(root);
  const compiled: Compiled[] = [];
  for (const target of options.targets) compiled.push(await compileFor(target, parts, options));
  const sbomPath = join(outFolder, "berth.cdx.json");
  const first = compiled[0];
  if (first !== undefined) {
    const lock = await Deno.readTextFile(join(root, "deno.lock"));
    const sbom = sbomOf({ embedded: first.embedded, lock, version, denoVersion: Deno.version.deno });
    await Deno.writeTextFile(sbomPath, `${JSON.stringify(sbom, null, 2)}\n`);
  }
  await writeChecksums(outFolder, [...compiled.map(({ path }) => path), sbomPath]);
  write(`${join(outFolder, "SHA256SUMS")} and ${sbomPath} written\n`);
  return compiled;
}

async function compileFor(
  target: Target,
  parts: readonly string[],
  { outFolder, isChecked, denortBin, write }: CompileOptions,
): Promise<Compiled> {
  const base = await baseFor(target, denortBin);
  const path = join(outFolder, target.fileName);
  const run = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--quiet",
      "--allow-all",
      `--v8-flags=${v8MemoryFlag}`,
      "--frozen",
      "--exclude-unused-npm",
      ...(isChecked ? [] : ["--no-check"]),
      "--exclude",
      stackBreakingFiles(),
      ...parts.flatMap((part) => ["--include", part]),
      "--target",
      target.triple,
      "--output",
      path,
      entryModule,
    ],
    cwd: root,
    env: base === undefined ? {} : { DENORT_BIN: base },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const words = new TextDecoder().decode(run.stderr);
  if (!run.success) {
    const reason = baseFailure(words);
    if (reason !== undefined) throw new BerthError("BUILD_BASE_MISSING", { target: target.triple, reason });
    write(words);
    throw new BerthError("BUILD_FAILED", { target: target.triple, reason: `exit code ${run.code}` });
  }
  try {
    const executable = await Deno.readFile(path);
    const embedded = readEmbedded(executable);
    await checkEmbedded(embedded, parts);
    write(sizeLine(path, executable.length, embedded));
    return { path, embedded };
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
}

/**
 * Test data of bintrees (a package that prom-client brings) by which Deno 2.9.6 overflows its stack while it embeds it.
 * Nothing reads it.
 */
function stackBreakingFiles(): string {
  const registry = join(dirname(fileURLToPath(import.meta.resolve("prom-client"))), "..", "..");
  return join(registry, "bintrees", "1.0.2", "test");
}

async function checkEmbedded({ files, environment }: Embedded, parts: readonly string[]): Promise<void> {
  const own = [...files.keys()].filter((path) => !path.startsWith(packagesFolder));
  for (const path of own) {
    const fault = forbidden.find(({ pattern }) => pattern.test(path));
    if (fault !== undefined) throw new BerthError("BUILD_EMBEDS_TOO_MUCH", { what: fault.what, path });
  }
  const [variable] = Object.keys(environment);
  if (variable !== undefined) {
    throw new BerthError("BUILD_EMBEDS_TOO_MUCH", { what: "a variable of the environment", path: variable });
  }
  for (const part of parts) {
    const isFolder = (await Deno.stat(join(root, part))).isDirectory;
    for (const path of isFolder ? await filesBelow(root, part) : [part]) {
      if (!files.has(path)) throw new BerthError("BUILD_LACKS", { path });
    }
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const sizeLine = (
  path: string,
  sizeBytes: number,
  { files, packages, sizeBytes: ownBytes }: Embedded,
): string =>
  `${path}: ${megabytes(sizeBytes)}, of which ${megabytes(ownBytes)} are berth's own: ${files.size} files, ` +
  `${packages.length} packages\n`;

/** As `sha256sum --check` reads it. */
async function writeChecksums(folder: string, paths: readonly string[]): Promise<void> {
  const lines = await Promise.all(paths.map(async (path) => {
    const hash = createHash("sha256").update(await Deno.readFile(path)).digest("hex");
    return `${hash}  ${path.slice(folder.length + 1)}\n`;
  }));
  await Deno.writeTextFile(join(folder, "SHA256SUMS"), lines.join(""));
}

if (import.meta.main) {
  const write = (text: string): void => void Deno.stdout.writeSync(new TextEncoder().encode(text));
  try {
    const { values } = parseArgs({
      args: Deno.args,
      options: {
        target: { type: "string", multiple: true, default: [] },
        "all-targets": { type: "boolean", default: false },
        out: { type: "string", default: join(root, "dist") },
        "no-check": { type: "boolean", default: false },
      },
    });
    const named = values["all-targets"] ? Object.values(targets) : values.target.map(targetNamed);
    await compile({
      targets: named.length === 0 ? [ownTarget()] : named,
      outFolder: values.out,
      isChecked: !values["no-check"],
      denortBin: Deno.env.get("DENORT_BIN"),
      write,
    });
  } catch (error) {
    write(`compile: ${describeError(error)}\n`);
    Deno.exit(1);
  }
}
