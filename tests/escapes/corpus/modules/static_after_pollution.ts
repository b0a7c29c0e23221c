/** Breaks what the hooks look things up with, then imports a module of its own that imports node:fs. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

const broken = (): never => {
  throw new Error("polluted");
};

/** Built-ins by owner and name; they are put back, because the attempt must still be able to tell how it ended. */
const polluted: readonly (readonly [object, string])[] = [
  [Object, "hasOwn"],
  [Reflect, "apply"],
  [String.prototype, "startsWith"],
  [String.prototype, "endsWith"],
  [String.prototype, "slice"],
  [String.prototype, "indexOf"],
  [RegExp.prototype, "exec"],
  [RegExp.prototype, "test"],
  [Map.prototype, "get"],
  [Array.prototype, "push"],
  [URL.prototype, "href"],
];

export default attempt("modules_static_after_pollution", async () => {
  const before = polluted.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name));
  for (const [owner, name] of polluted) {
    Object.defineProperty(owner, name, { configurable: true, get: () => broken });
  }
  try {
    const target: string = "./static_import.ts";
    const { default: loot } = await import(target);
    return typeof loot;
  } finally {
    polluted.forEach(([owner, name], index) => Object.defineProperty(owner, name, before[index] ?? {}));
  }
});
