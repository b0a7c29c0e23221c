/** Compiles WebAssembly, which may only compute: it is given nothing to import. */
// expect: refused TypeError
import { attempt } from "../attempt.ts";

export default attempt("code_wasm_table_call", async () => {
  // (module (import "host" "read" (func))): without the host's function it must not link.
  const bytes = new Uint8Array([
    ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0],
    ...[2, 13, 1, 4, 104, 111, 115, 116, 4, 114, 101, 97, 100, 0, 0],
  ]);
  return (await WebAssembly.instantiate(bytes)).instance.exports["read"];
});
