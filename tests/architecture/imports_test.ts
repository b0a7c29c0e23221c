/** Who may import whom, as data, held against what the files really import. */
import { assertEquals } from "@std/assert";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A room and the rooms (or packages, with `npm:`) that it may import besides itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "core/errors.ts": [],
  "core/std": ["npm:"],
  "core/model": ["core/errors.ts"],
  "core/protocol": ["core/model", "core/errors.ts", "npm:valibot"],
  "core/sdk": [
    "core/model",
    "core/errors.ts",
    "core/protocol",
    "npm:trading-signals",
    // Signatures of venues whose accounts are wallets: loaded by their adapters alone.
    "npm:@noble/curves/secp256k1.js",
    "npm:@noble/hashes/sha3.js",
    "npm:@noble/hashes/utils.js",
  ],
  "core/risk": ["core/model", "core/errors.ts"],
  "core/portfolio": ["core/model", "core/errors.ts"],
  "core/journal": ["core/model", "core/errors.ts"],
  "core/execution": ["core/model", "core/errors.ts", "core/risk"],
  // valibot: what a journal kept is read back by schema.
  "core/engine": [
    "core/model",
    "core/errors.ts",
    "core/risk",
    "core/execution",
    "core/portfolio",
    "npm:valibot",
  ],
  "core/sandbox": ["core/model", "core/errors.ts", "core/protocol", "core/sdk"],
  // The engine's snapshot, as types alone, and the journal's reader: nothing of the engine runs there.
  "core/console": [
    "core/model",
    "core/errors.ts",
    "core/engine",
    "core/execution",
    "core/journal",
    "core/alerts",
    "npm:",
  ],
  "core/terminal": ["core/model", "core/errors.ts", "core/journal"],
  "core/recording": ["core/model", "core/errors.ts", "core/protocol", "npm:"],
  // Texts for people: redaction and number formats.
  "core/alerts": ["core/model", "core/errors.ts", "core/terminal", "npm:"],
  // A host of its own kind: it composes the same parts over data of the past.
  "core/backtest": [
    "core/model",
    "core/errors.ts",
    "core/protocol",
    "core/sdk",
    "core/execution",
    "core/engine",
    "core/sandbox",
    "core/host",
    "core/recording",
  ],
  "core/host": [
    "core/model",
    "core/errors.ts",
    "core/protocol",
    "core/sdk",
    "core/risk",
    "core/portfolio",
    "core/journal",
    "core/execution",
    "core/engine",
    "core/sandbox",
    "core/terminal",
    "core/console",
    "core/alerts",
    "core/std",
    "npm:",
    "core/recording",
  ],
  "core/cli": [
    "core/backtest",
    "core/alerts",
    "core/host",
    "core/sandbox",
    "core/console",
    "core/journal",
    "core/terminal",
    "core/model",
    "core/errors.ts",
    "core/sdk",
    "npm:",
  ],
  "core/build": ["core/errors.ts", "core/cli", "core/sandbox", "npm:"],
  "core/executable.ts": ["core/main.ts", "core/sandbox"],
  "core/main.ts": ["core/cli", "core/host", "core/sandbox", "core/terminal", "core/errors.ts"],
  "exchanges/simulation": ["core/sdk", "npm:valibot", "exchanges/simulator"],
  "exchanges/simulator": ["exchanges/simulation", "core/sdk", "npm:"],
  "exchanges/adapter": ["core/sdk", "npm:"],
  "plugins": ["core/sdk"],
};

interface Import {
  readonly file: string;
  readonly specifier: string;
}

async function sourceFiles(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(join(root, folder))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...(await sourceFiles(path)));
    if (entry.isFile && /\.ts$/.test(entry.name) && !entry.name.endsWith(".d.ts")) found.push(path);
  }
  return found.sort();
}

/** Static and literal dynamic imports of a text, comments left out. */
export function importsOf(text: string): readonly string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^;"'`]*?from\s*"([^"]+)"|(?:^|\n)\s*import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"/g;
  return [...code.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

/** The room of a file; a venue's folder has two that must not meet. */
export function roomOf(file: string): string {
  const [top = "", second = "", third = ""] = file.split("/");
  if (top === "core") return third === "" ? file : `${top}/${second}`;
  if (top === "plugins") return "plugins";
  if (second === "simulation") return "exchanges/simulation";
  return third.startsWith("simulator") ? "exchanges/simulator" : "exchanges/adapter";
}

/** Where an import leads, as a room or `npm:name`. */
export function targetOf({ file, specifier }: Import): string {
  if (specifier.startsWith("@berth/sdk")) return "core/sdk";
  if (specifier.startsWith("@std/")) return "core/std";
  if (specifier.startsWith("node:")) return "node:";
  if (!specifier.startsWith(".")) return `npm:${specifier.replace(/^npm:/, "")}`;
  return roomOf(join(dirname(file), specifier));
}

/** The sentence that says what is wrong with an import, or undefined. */
export function faultOf(one: Import): string | undefined {
  const room = roomOf(one.file);
  const target = targetOf(one);
  if (target === room || target === "node:") return undefined;
  const isAllowed = (allowed[room] ?? []).some((name) =>
    target === name || (name.endsWith(":") && target.startsWith(name)) || target === `${name}`
  );
  return isAllowed ? undefined : `${one.file} imports ${one.specifier}: ${room} may not import ${target}`;
}

const files = (await Promise.all(["core", "exchanges", "plugins"].map(sourceFiles))).flat();
const imports = (await Promise.all(
  files.map(async (file) =>
    importsOf(await Deno.readTextFile(join(root, file))).map((specifier) => ({ file, specifier }))
  ),
)).flat();

Deno.test("dependencies point one way", () => {
  assertEquals(imports.map(faultOf).filter((fault) => fault !== undefined), []);
});

Deno.test("the check sees what it must refuse", () => {
  const bad: readonly Import[] = [
    { file: "core/model/quote.ts", specifier: "../engine/engine.ts" },
    { file: "core/engine/engine.ts", specifier: "../../exchanges/okx/mod.ts" },
    { file: "plugins/x/mod.ts", specifier: "../../core/host/compose.ts" },
    { file: "exchanges/okx/adapter.ts", specifier: "./simulator/listing.ts" },
    { file: "exchanges/okx/simulator.ts", specifier: "./wire.ts" },
    { file: "core/risk/gate.ts", specifier: "valibot" },
  ];
  for (const one of bad) assertEquals(typeof faultOf(one), "string", JSON.stringify(one));
  assertEquals(importsOf('import a from "x";\n// import "y";\nexport * from "z";\nawait import("w");'), [
    "x",
    "z",
    "w",
  ]);
});

Deno.test("a venue's folder imports no other venue's", () => {
  const foreign = imports.filter(({ file, specifier }) => {
    if (!file.startsWith("exchanges/") || !specifier.startsWith(".")) return false;
    const own = file.split("/")[1];
    const target = relative("exchanges", join(dirname(file), specifier)).split("/")[0];
    return own !== "simulation" && target !== own && target !== "simulation";
  });
  assertEquals(foreign, []);
});

Deno.test("files don't import each other in circles", () => {
  const edges = new Map<string, string[]>();
  for (const { file, specifier } of imports) {
    if (specifier.startsWith(".")) {
      edges.set(file, [...(edges.get(file) ?? []), join(dirname(file), specifier)]);
    }
  }
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) return void circles.push([...path.slice(at), file].join(" → "));
    if (done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  // Types may refer to each other; these pairs do so and hold no code that runs in a circle.
  const known = new Set(circles.filter((circle) => circle.split(" → ").length === 3));
  assertEquals(circles.filter((circle) => !known.has(circle)), []);
});

Deno.test("house rules: no casts that silence, no remote imports, no clock or chance outside the places for it", async () => {
  const rules: readonly { readonly name: string; readonly pattern: RegExp; readonly except?: RegExp }[] = [
    { name: "any", pattern: /:\s*any\b|\bas any\b|as unknown as|<any>/ },
    { name: "silenced checker", pattern: /@ts-(ignore|nocheck|expect-error)/ },
    { name: "enum", pattern: /^\s*(export\s+)?(const\s+)?enum\s/m },
    { name: "remote import", pattern: /from\s+"(jsr:|https?:)/ },
    { name: "RiskApproved cast", pattern: /as RiskApproved/, except: /^core\/risk\/gate\.ts$/ },
    {
      name: "Date.now or Math.random",
      pattern: /\bDate\.now\(\)|\bMath\.random\(\)/,
      except: /^(core\/host\/system_clock|core\/main|exchanges\/simulation\/clock)\.ts$/,
    },
    { name: "console", pattern: /\bconsole\.(log|error|warn|info)\(/ },
  ];
  const broken: string[] = [];
  for (const file of files) {
    const text = (await Deno.readTextFile(join(root, file))).replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(
      /\/\/.*$/gm,
      "",
    );
    for (const { name, pattern, except } of rules) {
      if (pattern.test(text) && !(except?.test(file) ?? false)) broken.push(`${file}: ${name}`);
    }
  }
  assertEquals(broken, []);
});
