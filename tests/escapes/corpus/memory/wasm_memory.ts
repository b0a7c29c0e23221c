/** Fills memory through WebAssembly. */
// expect: killed PLUGIN_LIMIT_EXCEEDED|PLUGIN_CRASHED|PLUGIN_HEARTBEAT_LATE
import { attempt } from "../attempt.ts";

export default attempt("memory_wasm_memory", async () => {
  const hoard: WebAssembly.Memory[] = [];
  for (;;) {
    const memory = new WebAssembly.Memory({ initial: 256 });
    new Uint8Array(memory.buffer).fill(1);
    hoard.push(memory);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
});
