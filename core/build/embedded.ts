/**
 * Reads out of a compiled executable what was embedded into it, so that the build and its test look at the result and
 * not at what was asked for.
 *
 * The section that `deno compile` appends begins and ends with "d3n0l4nd" and holds, each behind its length as u64 little
 * endian: metadata (JSON), the packages, then three counts (u32) of remote modules that are zero here, then the tree of
 * files (JSON) and their contents.
 *
 * @see https://github.com/denoland/deno/blob/main/cli/rt/binary.rs (read at Deno 2.9.5; the test compiles with the pinned
 * version and fails when the layout changes)
 */
import { Buffer } from "node:buffer";
import { BerthError } from "../errors.ts";
import * as v from "valibot";

const magic = new TextEncoder().encode("d3n0l4nd");

const range = v.tuple([v.number(), v.number()]);

interface FileNode {
  readonly File: { readonly n: string; readonly o: readonly [number, number] };
}
interface FolderNode {
  readonly Dir: { readonly n: string; readonly e: readonly Node[] };
}
interface LinkNode {
  readonly Symlink: unknown;
}
type Node = FileNode | FolderNode | LinkNode;

const nodeSchema: v.GenericSchema<Node> = v.union([
  v.object({ File: v.object({ n: v.string(), o: range }) }),
  v.object({ Dir: v.object({ n: v.string(), e: v.lazy(() => v.array(nodeSchema)) }) }),
  v.object({ Symlink: v.unknown() }),
]);

const metadataSchema = v.object({
  entrypoint_key: v.string(),
  permissions: v.record(v.string(), v.unknown()),
  env_vars_from_env_file: v.record(v.string(), v.string()),
  workspace_resolver: v.object({ import_map: v.nullable(v.object({ json: v.string() })) }),
  unstable_config: v.object({ features: v.array(v.string()) }),
});

export interface Embedded {
  /** The module that runs first. */
  readonly entry: string;
  /** Variables of the environment that were written into it: none, ever. */
  readonly environment: Readonly<Record<string, string>>;
  readonly unstable: readonly string[];
  /** JSON text of the import map. */
  readonly importMap: string;
  /** `name@version`, sorted; a package that is there for another's sake too. */
  readonly packages: readonly string[];
  /** Contents by path: the project's own relative to it, packages below {@link packagesFolder}. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Of the whole section. */
  readonly sizeBytes: number;
}

/** Where the packages lie: `NAME/VERSION/…` below it. */
export const packagesFolder = ".deno_compile_node_modules/localhost";

/**
 * @param executable whole contents of the file
 * @throws {BerthError} BUILD_UNREADABLE when it has no such section
 */
export function readEmbedded(executable: Uint8Array): Embedded {
  const at = sectionStart(executable);
  const reader = new SectionReader(executable, at + magic.length);
  const metadata = v.parse(metadataSchema, JSON.parse(reader.text()));
  const packages = packageIds(reader.bytes());
  reader.expectNoRemoteModules();
  const tree = v.parse(v.array(nodeSchema), JSON.parse(reader.text()));
  const contents = reader.bytes();
  const files = new Map<string, Uint8Array>();
  collect(tree, "", contents, files);
  return {
    entry: metadata.entrypoint_key,
    environment: metadata.env_vars_from_env_file,
    unstable: metadata.unstable_config.features,
    importMap: metadata.workspace_resolver.import_map?.json ?? "{}",
    packages,
    files,
    sizeBytes: reader.at + magic.length - at,
  };
}

const unreadable = (reason: string): BerthError => new BerthError("BUILD_UNREADABLE", { reason });

/** The base executable has the word in its own code: the section is where metadata follows it. */
function sectionStart(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = buffer.lastIndexOf(magic); at >= 0; at = at === 0 ? -1 : buffer.lastIndexOf(magic, at - 1)) {
    if (buffer.toString("utf8", at + magic.length + 8, at + magic.length + 17) === '{"argv":[') return at;
  }
  throw unreadable("it holds no program");
}

class SectionReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  bytes(): Uint8Array {
    const length = Number(this.#view.getBigUint64(this.at, true));
    const from = this.at + 8;
    if (from + length > this.#bytes.length) throw unreadable("its section is cut off or laid out otherwise");
    this.at = from + length;
    return this.#bytes.subarray(from, this.at);
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** Specifiers, redirects and modules of other hosts: berth has none. */
  expectNoRemoteModules(): void {
    for (let i = 0; i < 3; i++, this.at += 4) {
      if (this.#view.getUint32(this.at, true) !== 0) throw unreadable("it holds modules of other hosts");
    }
  }
}

/** Ids come first, each behind its length as u32: `name@version`, and behind `_` what it was resolved with. */
function packageIds(bytes: Uint8Array): readonly string[] {
  if (bytes.length === 0) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const count = view.getUint32(0, true);
  const ids = new Set<string>();
  let at = 4;
  for (let i = 0; i < count; i++) {
    const length = view.getUint32(at, true);
    const id = decoder.decode(bytes.subarray(at + 4, at + 4 + length));
    ids.add(id.replace(/(?<=.@[^_]*)_.*$/, ""));
    at += 4 + length;
  }
  return [...ids].sort();
}

function collect(
  nodes: readonly Node[],
  folder: string,
  contents: Uint8Array,
  files: Map<string, Uint8Array>,
): void {
  for (const node of nodes) {
    if ("File" in node) {
      const { n: name, o: [offset, length] } = node.File;
      files.set(folder + name, contents.subarray(offset, offset + length));
    } else if ("Dir" in node) collect(node.Dir.e, `${folder}${node.Dir.n}/`, contents, files);
    else throw unreadable("it holds a link");
  }
}
