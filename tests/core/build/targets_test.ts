import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BerthError } from "../../../core/errors.ts";
import { baseFailure, baseFor, ownTarget, targetNamed, targets } from "../../../core/build/targets.ts";

const linux = targetNamed("linux-x64");

Deno.test("a target is known by its name and by its triple, each has a file of its own", () => {
  assertEquals(targetNamed("aarch64-apple-darwin"), targetNamed("macos-arm64"));
  assertEquals(targetNamed("windows-x64").fileName, "berth-windows-x64.exe");
  assertEquals(new Set(Object.values(targets).map(({ fileName }) => fileName)).size, 5);
  const error = assertThrows(() => targetNamed("amiga"), BerthError);
  assertEquals(error.code, "CLI_USAGE");
});

Deno.test("the machine's own target is found from what Deno says of it", () => {
  assertEquals(ownTarget({ os: "darwin", arch: "aarch64" }), targetNamed("macos-arm64"));
  assertEquals(ownTarget({ os: "windows", arch: "x86_64" }), targetNamed("windows-x64"));
});

Deno.test("DENORT_BIN names a file for any target, or a folder with one for each", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(await baseFor(linux, undefined), undefined);
    assertEquals(await baseFor(linux, ""), undefined);
    const file = `${folder}/denort-${linux.triple}`;
    await Deno.writeTextFile(file, "");
    assertEquals(await baseFor(linux, file), file);
    assertEquals(await baseFor(linux, folder), file);
    for (const named of [folder, `${folder}/nothing`]) {
      const error = await assertRejects(() => baseFor(targetNamed("windows-x64"), named), BerthError);
      assertEquals(error.code, "BUILD_BASE_MISSING");
      assert(error.text.what.includes("DENORT_BIN"));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What Deno 2.9.6 writes where dl.deno.land can't be reached. */
const unreachable = `\u001b[32mCompile\u001b[0m core/executable.ts to dist/berth
\u001b[31merror\u001b[0m: Setting up base binary.

Caused by:
    0: error sending request for url (https://dl.deno.land/release/v2.9.6/denort-x86_64-unknown-linux-gnu.zip)
    1: client error (Connect)
    2: dns error: failed to lookup address information
    3: failed to lookup address information
`;

Deno.test("a base that could not be fetched is told from a program that does not compile", () => {
  assertEquals(baseFailure(unreachable), "dns error: failed to lookup address information");
  assertEquals(
    baseFailure("error: TS2322 [ERROR]: Type 'string' is not assignable to type 'number'."),
    undefined,
  );
});
