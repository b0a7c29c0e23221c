/** Replaces what the module hooks look things up with, then imports. */
// expect: refused PLUGIN_IMPORT_REFUSED
import { attempt } from "../attempt.ts";

export default attempt("prototypes_hook_look_ups", async () => {
  const yes = (): boolean => true;
  Object.hasOwn = yes;
  String.prototype.startsWith = yes;
  String.prototype.indexOf = () => 0;
  RegExp.prototype.test = yes;
  Reflect.apply = () => true;
  Object.defineProperty(URL.prototype, "href", { get: () => "node:fs" });
  const target: string = "node:fs";
  return JSON.stringify(await import(target));
});
