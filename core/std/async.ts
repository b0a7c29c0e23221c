/**
 * `@std/async` from npm: the official library's own code (`deno-std` 1.3.4; 1.4.0 lacks a file), typed here as far as
 * it is used. The import map's line can be swapped for the JSR package unchanged.
 */
// @ts-types="./async.d.ts"
export {
  abortable,
  deadline,
  debounce,
  delay,
  pooledMap,
  retry,
  RetryError,
} from "npm:deno-std@1.3.4/async/mod.js";
