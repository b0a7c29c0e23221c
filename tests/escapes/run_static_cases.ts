/** Probes plugins whose attempt lies in their text: none may be taken for a plugin, and each must say why. */
import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { probeManifest } from "../../core/host/plugins/probe.ts";
import { systemClock } from "../../core/host/system_clock.ts";
import type { SandboxKind } from "../../core/sandbox/kind_names.ts";
import { createSandbox } from "../../core/sandbox/kinds.ts";
import type { Sandbox } from "../../core/sandbox/sandbox.ts";
import { projectDir } from "../support/mini_host.ts";
import { type StaticCase, staticCases } from "./static_cases.ts";

/** As in the host, but for a time limit that a test can wait for. */
function impatientSandbox(kind: SandboxKind): Sandbox {
  const sandbox = createSandbox(kind, { clock: systemClock(), projectDir });
  return {
    start: (spec, handlers) =>
      sandbox.start({ ...spec, limits: { ...spec.limits, startTimeoutMs: 2_500 } }, handlers),
  };
}

async function layOut(folder: string, one: StaticCase): Promise<void> {
  for (const [name, text] of Object.entries({ ...one.files, "mod.ts": one.source })) {
    const path = join(folder, name);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
}

async function checkRefused(sandbox: Sandbox, folder: string, one: StaticCase): Promise<void> {
  await layOut(folder, one);
  const source = { name: "static_case", entryPath: join(folder, "mod.ts"), rootPath: folder };
  const probed = await probeManifest(sandbox, source, false);
  assert(probed.kind === "broken", `${one.name}: it was taken for a plugin`);
  assert(
    one.expected.split("|").some((part) => probed.why.includes(part)),
    `${one.name}: expected ${one.expected}, found ${probed.why}`,
  );
}

export function testStaticCases(kind: SandboxKind): void {
  Deno.test(`escapes by their text in a ${kind} are refused before they run`, async (t) => {
    const root = await Deno.makeTempDir();
    const sandbox = impatientSandbox(kind);
    try {
      // Those that must run into a limit take a core each.
      const atOnce = 4;
      for (let from = 0; from < staticCases.length; from += atOnce) {
        await Promise.all(
          staticCases.slice(from, from + atOnce).map((one, index) =>
            t.step({
              name: one.name,
              fn: () => checkRefused(sandbox, join(root, String(from + index)), one),
              sanitizeOps: false,
              sanitizeResources: false,
              sanitizeExit: false,
            })
          ),
        );
      }
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });

  Deno.test(`a plugin without guile beside them is taken in a ${kind}`, async () => {
    const root = await Deno.makeTempDir();
    try {
      const healthy = new URL("../support/plugins/healthy/mod.ts", import.meta.url);
      await Deno.copyFile(healthy, join(root, "mod.ts"));
      const source = { name: "healthy", entryPath: join(root, "mod.ts"), rootPath: root };
      const probed = await probeManifest(impatientSandbox(kind), source, false);
      assertEquals(probed.kind === "manifest" ? probed.manifest.id : probed.why, "healthy");
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });

  Deno.test(`a link in a plugin's folder is refused in a ${kind}`, async () => {
    const root = await Deno.makeTempDir();
    try {
      const folder = join(root, "plugin");
      await layOut(folder, { name: "", why: "", expected: "", source: "export default 1;\n" });
      await Deno.symlink("/etc/passwd", join(folder, "link.txt"));
      const source = { name: "linked", entryPath: join(folder, "mod.ts"), rootPath: folder };
      const probed = await probeManifest(impatientSandbox(kind), source, false);
      assert(probed.kind === "broken" && probed.why.includes("link.txt is a link"), JSON.stringify(probed));
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}
