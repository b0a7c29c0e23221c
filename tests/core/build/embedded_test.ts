import { assertEquals, assertThrows } from "@std/assert";
import { readEmbedded } from "../../../core/build/embedded.ts";
import { sbomOf } from "../../../core/build/sbom.ts";
import { BerthError } from "../../../core/errors.ts";

const encoder = new TextEncoder();

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function integer(value: number, bytes: 4 | 8): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes));
  if (bytes === 8) view.setBigUint64(0, BigInt(value), true);
  else view.setUint32(0, value, true);
  return new Uint8Array(view.buffer);
}

const sized = (content: Uint8Array): Uint8Array => joined(integer(content.length, 8), content);
const magic = encoder.encode("d3n0l4nd");

/** An executable that holds the word in its own code, as the base does, and a program behind it. */
function executable(remoteModules = 0): Uint8Array {
  const metadata = {
    argv: [],
    entrypoint_key: "core/executable.ts",
    permissions: {},
    env_vars_from_env_file: {},
    workspace_resolver: { import_map: { json: "{}" } },
    unstable_config: { features: ["worker-options"] },
  };
  const ids = ["@valibot/to-json-schema@1.8.0_valibot@1.5.0", "valibot@1.5.0"].map((id) =>
    encoder.encode(id)
  );
  const packages = joined(integer(ids.length, 4), ...ids.flatMap((id) => [integer(id.length, 4), id]));
  const contents = encoder.encode('main{"license":"MIT"}');
  const file = (n: string, o: readonly number[]) => ({ File: { n, o, u: true } });
  const dir = (n: string, ...e: readonly unknown[]) => ({ Dir: { n, e } });
  const manifest = dir("valibot", dir("1.5.0", file("package.json", [4, 17])));
  const tree = [
    dir(".deno_compile_node_modules", dir("localhost", manifest)),
    dir("core", file("executable.ts", [0, 4])),
  ];
  return joined(
    encoder.encode("code d3n0l4nd more code "),
    magic,
    sized(encoder.encode(JSON.stringify(metadata))),
    sized(packages),
    integer(0, 4),
    integer(0, 4),
    integer(remoteModules, 4),
    sized(encoder.encode(JSON.stringify(tree))),
    sized(contents),
    magic,
  );
}

Deno.test("what was embedded is read back: entry, packages, files with their contents", () => {
  const { entry, packages, files, unstable } = readEmbedded(executable());
  assertEquals([entry, unstable], ["core/executable.ts", ["worker-options"]]);
  assertEquals(packages, ["@valibot/to-json-schema@1.8.0", "valibot@1.5.0"]);
  assertEquals([...files.keys()], [
    ".deno_compile_node_modules/localhost/valibot/1.5.0/package.json",
    "core/executable.ts",
  ]);
  assertEquals(new TextDecoder().decode(files.get("core/executable.ts")), "main");
});

Deno.test("an executable without a program, with modules of other hosts, or cut off, is refused", () => {
  const whole = executable();
  for (const bad of [encoder.encode("d3n0l4nd"), executable(1), whole.subarray(0, whole.length - 20)]) {
    const error = assertThrows(() => readEmbedded(bad), BerthError);
    assertEquals(error.code, "BUILD_UNREADABLE");
  }
});

Deno.test("the bill of materials names what was embedded, with licence, hash and what depends on what", () => {
  const integrity = `sha512-${btoa("x".repeat(64))}`;
  const lock = JSON.stringify({
    npm: {
      "valibot@1.5.0": { integrity },
      "@valibot/to-json-schema@1.8.0_valibot@1.5.0": { integrity, dependencies: ["valibot"] },
      "ccxt@4.5.84": { integrity },
    },
  });
  const sbom = sbomOf({ embedded: readEmbedded(executable()), lock, version: "0.1.0", denoVersion: "2.9.6" });
  assertEquals(sbom.components.map(({ name }) => name), ["denort", "@valibot/to-json-schema", "valibot"]);
  const [, , valibot] = sbom.components;
  assertEquals(valibot?.purl, "pkg:npm/valibot@1.5.0");
  assertEquals(valibot?.licenses, [{ license: { id: "MIT" } }]);
  assertEquals(valibot?.hashes, [{ alg: "SHA-512", content: "78".repeat(64) }]);
  assertEquals(
    sbom.dependencies.find(({ ref }) => ref.includes("to-json-schema"))?.dependsOn,
    ["pkg:npm/valibot@1.5.0"],
  );
});
