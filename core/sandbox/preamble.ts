/**
 * What goes to a plugin's process before the first frame: who it is, what it was granted, and its modules. A u32 length
 * (little-endian) and JSON in UTF-8. Nothing secret is in it; secrets come with the hello.
 */
import type { PluginModules } from "./import_policy.ts";
import type { SandboxSpec } from "./sandbox.ts";

export interface Preamble {
  readonly pluginId: string;
  /** What was granted. A process has it as flags; where a thread holds the plugin, it becomes that thread's permissions. */
  readonly permissions: SandboxSpec["permissions"];
  readonly modules: PluginModules;
}

const lengthBytes = 4;

export function encodePreamble(preamble: Preamble): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(preamble));
  const bytes = new Uint8Array(lengthBytes + text.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, lengthBytes);
  return bytes;
}

export interface ReadPreamble {
  /** Undefined: the host went away before it was whole. */
  readonly preamble: Preamble | undefined;
  /** What came behind it. */
  readonly rest: Uint8Array;
}

/** Reads it from chunks that end anywhere. The host is trusted: its shape is not checked again. */
export async function readPreamble(nextChunk: () => Promise<Uint8Array | undefined>): Promise<ReadPreamble> {
  const chunks: Uint8Array[] = [];
  let have = 0;
  let want = lengthBytes;
  for (;;) {
    while (have < want) {
      const chunk = await nextChunk();
      if (chunk === undefined) return { preamble: undefined, rest: new Uint8Array() };
      chunks.push(chunk.slice());
      have += chunk.length;
    }
    const all = joined(chunks, have);
    const length = new DataView(all.buffer).getUint32(0, true);
    want = lengthBytes + length;
    if (have < want) continue;
    const preamble: Preamble = JSON.parse(new TextDecoder().decode(all.subarray(lengthBytes, want)));
    return { preamble, rest: all.subarray(want) };
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
