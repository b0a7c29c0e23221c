/** Slips a module hook of its own into the list of hooks by an index on Array.prototype. */
// expect: refused TypeError
import { attempt } from "../attempt.ts";

export default attempt("prototypes_hook_list", async () => {
  const hook = () => ({ url: "node:fs", shortCircuit: true });
  Object.defineProperty(Array.prototype, "0", { configurable: true, get: () => hook, set: () => {} });
  const target: string = "node:fs";
  return JSON.stringify(await import(target));
});
