/**
 * Compiles berth over a stand-in base (the deno executable itself), looks at what is really in the result, and runs it
 * from that alone. See tests/support/unpacked_binary.ts for what a stand-in can't show.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import * as v from "valibot";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "../../core/build/compile.ts";
import { packagesFolder } from "../../core/build/embedded.ts";
import { assets, bundledPlugins, entryModule, namedParts, threadEntries } from "../../core/build/parts.ts";
import { ownTarget } from "../../core/build/targets.ts";
import { moduleGraph } from "../support/module_graph.ts";
import { unpackBinary } from "../support/unpacked_binary.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

const sbomSchema = v.object({
  bomFormat: v.literal("CycloneDX"),
  specVersion: v.picklist(["1.6"]),
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  components: v.array(v.object({
    type: v.picklist(["library", "platform"]),
    name: v.pipe(v.string(), v.nonEmpty()),
    version: v.pipe(v.string(), v.nonEmpty()),
    "bom-ref": v.string(),
    purl: v.pipe(v.string(), v.startsWith("pkg:")),
    licenses: v.pipe(
      v.array(
        v.union([v.object({ license: v.object({ id: v.string() }) }), v.object({ expression: v.string() })]),
      ),
      v.minLength(1),
    ),
  })),
  dependencies: v.array(v.object({ ref: v.string(), dependsOn: v.array(v.string()) })),
});

Deno.test("a compiled berth carries what it needs and nothing else, and runs from that alone", async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    const lines: string[] = [];
    const [compiled] = await compile({
      targets: [ownTarget()],
      outFolder: join(folder, "dist"),
      isChecked: false, // deno task check has seen it
      denortBin: Deno.execPath(),
      write: (text) => lines.push(text),
    });
    assert(compiled !== undefined);
    const { embedded, path } = compiled;
    const own = [...embedded.files.keys()].filter((file) => !file.startsWith(packagesFolder));
    const graph = await moduleGraph(root, entryModule);
    const named = await namedParts(root);
    const reached = new Set(graph.modules);

    await t.step("every module that the entry reaches is in it", () => {
      assert(graph.modules.size > 150, String(graph.modules.size));
      assertEquals([...graph.modules].filter((file) => !own.includes(file)), []);
    });

    await t.step(
      "and every thread's entry, adapter, simulator, strategy and asset, with what they import",
      async () => {
        const plugins = (await bundledPlugins(root)).map((plugin) => `${plugin}/mod.ts`);
        const venues = ["okx", "paradex", "hyperliquid", "aster", "edgex"].flatMap((venue) =>
          ["mod", "simulator"].map((module) => `exchanges/${venue}/${module}.ts`)
        );
        const entries = [
          ...(await threadEntries(root)),
          "exchanges/simulation/main.ts",
          ...venues,
          ...plugins,
        ];
        assert(plugins.length >= 2);
        const packages = new Set<string>();
        for (const entry of entries) {
          const { modules, packages: its } = await moduleGraph(root, entry);
          assertEquals([...modules].filter((file) => !own.includes(file)), [], entry);
          for (const module of modules) reached.add(module);
          for (const one of its) packages.add(one);
        }
        for (const file of await assets(root)) assert(own.includes(file), file);
        for (const one of graph.packages) packages.add(one);
        assertEquals([...packages].filter((one) => !embedded.packages.includes(one)), []);
        // And the other way round: no package that nothing imports.
        assertEquals(embedded.packages.filter((one) => !packages.has(one)), []);
      },
    );

    await t.step("nothing else is in it: no test, no secret, no package of the tests, no variable", () => {
      const isNamed = (file: string) => named.some((part) => file === part || file.startsWith(`${part}/`));
      assertEquals(own.filter((file) => !isNamed(file) && !reached.has(file)), []);
      assertEquals(own.filter((file) => /(^|\/)(tests|docs|var)\/|_test\.ts$|\.env|\.db/.test(file)), []);
      for (const name of ["ccxt", "fast-check", "dax", "okx-api", "@nktkas/hyperliquid", "typescript"]) {
        assertEquals(embedded.packages.filter((one) => one.startsWith(`${name}@`)), [], name);
      }
      assertEquals(embedded.environment, {});
    });

    await t.step(
      "its size is told; bill of materials and checksums lie beside it and are right",
      async () => {
        assertMatch(
          lines.join(""),
          /\d+\.\d MB, of which \d+\.\d MB are berth's own: \d+ files, \d+ packages/,
        );
        const sbomText = await Deno.readTextFile(join(folder, "dist/berth.cdx.json"));
        const sbom = v.parse(sbomSchema, JSON.parse(sbomText));
        const libraries = sbom.components.filter(({ type }) => type === "library");
        assertEquals(libraries.map(({ name, version }) => `${name}@${version}`), [...embedded.packages]);
        const refs = new Set(sbom.components.map((component) => component["bom-ref"]));
        assertEquals(
          sbom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref)),
          [],
        );
        const sums = await Deno.readTextFile(join(folder, "dist/SHA256SUMS"));
        for (const line of sums.trim().split("\n")) {
          const [sum, name = ""] = line.split("  ");
          const content = await Deno.readFile(join(folder, "dist", name));
          assertEquals(createHash("sha256").update(content).digest("hex"), sum, name);
        }
      },
    );

    const unpacked = await unpackBinary(await Deno.readFile(path), await Deno.makeTempDir({ dir: folder }));
    const started = (...args: readonly string[]) =>
      new Deno.Command(unpacked.path, {
        args: [...args],
        cwd: folder, // not that of the binary
        env: { BERTH_CONSOLE_PORT: "0" },
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    const berth = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await started(...args).output();
      return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
    };

    await t.step(
      "berth plugin new lays types beside a plugin: an editor's check passes, and finds a mistake",
      async () => {
        const made = await berth("plugin", "new", "dropped_in", "--in", join(unpacked.folder, "plugins"));
        assertEquals(made.code, 0, made.err);
        const home = join(unpacked.folder, "plugins");
        const entry = join(home, "dropped_in/mod.ts");
        const checked = () =>
          new Deno.Command(Deno.execPath(), { args: ["check", "--quiet", entry], cwd: home }).output();
        const good = await checked();
        assertEquals(good.code, 0, new TextDecoder().decode(good.stderr));
        const text = await Deno.readTextFile(entry);
        await Deno.writeTextFile(entry, text.replace('side: "buy",', 'side: "long",'));
        const bad = await checked();
        assertEquals(bad.code, 1);
        assertStringIncludes(new TextDecoder().decode(bad.stderr), '"long"');
        await Deno.writeTextFile(entry, text);
      },
    );

    await t.step(
      "it trades in simulation: own strategies, and one dropped beside it that imports the SDK by its bare name",
      async () => {
        const dataDir = join(folder, "var");
        const host = started("start", "--duration", "10s", "--seed", "1", "--data-dir", dataDir);
        const errors = new Response(host.stderr).text();
        let out = "";
        const pages: (readonly [string, number])[] = [];
        for await (const text of host.stdout.pipeThrough(new TextDecoderStream())) {
          out += text;
          const url = /console at (http:[^"]+)/.exec(out)?.[1];
          if (url === undefined || pages.length > 0) continue;
          // The dashboard's files are read, and a package's, from what is embedded.
          for (const path of ["/", "/page/main.js", "/page/page.css", "/page/uplot.js"]) {
            const response = await fetch(url + path);
            await response.body?.cancel();
            pages.push([path, response.status]);
          }
        }
        const { code } = await host.status;
        assertEquals(code, 0, out + (await errors));
        assertEquals(pages.map(([, status]) => status), [200, 200, 200, 200]);
        const summary = JSON.parse(out.trim().split("\n").at(-1) ?? "");
        const states = Object.fromEntries(
          summary.plugins.map((
            { id, state }: { readonly id: string; readonly state: string },
          ) => [id, state]),
        );
        for (const id of ["okx", "paradex", "cross_exchange_arbitrage", "dropped_in"]) {
          assert(states[id] !== undefined && states[id] !== "broken", `${id}: ${states[id]}`);
        }
        assert(summary.orders > 0 && summary.fills > 0, JSON.stringify(summary));
        for (const { venue, quotes, ledger } of summary.venues) {
          assert(quotes > 0, venue);
          assertEquals(ledger, { agrees: true, differences: [] });
        }
      },
    );

    await t.step("and says what it can't do: another kind of sandbox", async () => {
      const { code, err } = await berth("start", "--sandbox", "process", "--duration", "1s");
      assertEquals(code, 2);
      assertStringIncludes(err, "This berth can't have sandbox process");
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
