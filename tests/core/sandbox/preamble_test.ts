/** The preamble survives the way through a pipe, wherever the chunks end. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodePreamble, type Preamble, readPreamble } from "../../../core/sandbox/preamble.ts";

const preambles: fc.Arbitrary<Preamble> = fc.record({
  pluginId: fc.string(),
  permissions: fc.record({
    net: fc.array(fc.string()),
    read: fc.array(fc.string()),
    write: fc.array(fc.string()),
  }),
  modules: fc.record({
    entry: fc.string(),
    texts: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}\.ts$/), fc.string({ unit: "grapheme" }), {
      noNullPrototype: true,
    }),
    packages: fc.array(fc.string()),
  }),
});

/** Hands out the bytes in pieces of these sizes, the last one again and again. */
function piecesOf(bytes: Uint8Array, sizes: readonly number[]): () => Promise<Uint8Array | undefined> {
  let at = 0;
  let piece = 0;
  // One buffer for all, as a pipe's reader has it: what was handed out before is overwritten.
  const buffer = new Uint8Array(bytes.length + 1);
  return () => {
    if (at >= bytes.length) return Promise.resolve(undefined);
    const size = Math.min(sizes[Math.min(piece++, sizes.length - 1)] ?? 1, bytes.length - at);
    buffer.fill(255).set(bytes.subarray(at, at + size));
    at += size;
    return Promise.resolve(buffer.subarray(0, size));
  };
}

Deno.test("a preamble and what comes behind it are read whole, wherever the chunks end", () =>
  fc.assert(fc.asyncProperty(
    preambles,
    fc.uint8Array({ maxLength: 40 }),
    fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 }),
    async (preamble, behind, sizes) => {
      const head = encodePreamble(preamble);
      const bytes = new Uint8Array([...head, ...behind]);
      const next = piecesOf(bytes, sizes);
      const { preamble: read, rest } = await readPreamble(next);
      assertEquals(read, preamble);
      const later: number[] = [...rest];
      for (let chunk = await next(); chunk !== undefined; chunk = await next()) later.push(...chunk);
      assertEquals(later, [...behind]);
    },
  )));

Deno.test("a host that goes away in the middle of a preamble leaves none", () =>
  fc.assert(
    fc.asyncProperty(preambles, fc.double({ min: 0, max: 0.99, noNaN: true }), async (preamble, part) => {
      const bytes = encodePreamble(preamble);
      const torn = bytes.subarray(0, Math.floor(bytes.length * part));
      assertEquals((await readPreamble(piecesOf(torn, [7]))).preamble, undefined);
    }),
  ));
