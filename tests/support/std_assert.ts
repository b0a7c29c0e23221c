/**
 * `@std/assert` from npm: the official library's own code (`deno-std`), typed here as far as it is used. The import
 * map's line can be swapped for the JSR package unchanged.
 */
// @ts-types="./std_assert.d.ts"
export {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertExists,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unreachable,
} from "npm:deno-std@1.3.4/assert/mod.js";
