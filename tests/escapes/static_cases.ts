/**
 * Escape attempts that lie in a module's text rather than in what it does: static imports, side effects while the
 * manifest is read, manifests that lie. They are texts here because most of them must not even load.
 */

export interface StaticCase {
  readonly name: string;
  readonly why: string;
  /** Code of the refusal, or the field of the manifest that is at fault; the operator reads it with the reason. */
  readonly expected: string;
  readonly source: string;
  /** Other files of the plugin's folder. */
  readonly files?: Readonly<Record<string, string>>;
}

const manifest = (extra = ""): string =>
  `{
  kind: "strategy", id: "static_case", version: "1.0.0", sdkVersion: 1, author: "escape corpus",
  description: "Escape attempt in its text.",
  trading: { venues: ["alpha"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: {}${extra}
}`;

const strategy = (head: string, body = "{}"): string =>
  `${head}\nimport { defineStrategy } from "@berth/sdk";\nexport default defineStrategy(${manifest()}, () => (${body}));\n`;

/** What is imported is used, because an unused import is left out with the types. */
const importCases: readonly (readonly [string, string])[] = [
  [
    "a JSON file of the host",
    'import loot from "file:///etc/berth-escape.json" with { type: "json" }; void loot;',
  ],
  ["a text file of the host", 'import loot from "file:///etc/passwd" with { type: "text" }; void loot;'],
  [
    "the bytes of a file of the host",
    'import loot from "file:///etc/passwd" with { type: "bytes" }; void loot;',
  ],
  ["a module of a server", 'import "http://127.0.0.1:40123/module.ts";'],
  ["an npm package", 'import "npm:is-number@7.0.0";'],
  ["a JSR package", 'import "jsr:@std/assert";'],
  ["node:fs", 'import { readFileSync } from "node:fs"; void readFileSync;'],
  ["node:child_process", 'import { execSync } from "node:child_process"; void execSync;'],
  ["node:process", 'import process from "node:process"; void process;'],
  ["node:module, to take the hooks away", 'import { registerHooks } from "node:module"; void registerHooks;'],
  ["a builtin by its bare name", 'import fs from "fs"; void fs;'],
  ["a data: module", 'import "data:text/javascript,1";'],
  ["a module above its folder", 'import "../../core/host/config/secrets.ts";'],
  ["a re-export of a module of the host", 'export * from "file:///etc/berth-escape.ts";'],
  [
    "an import split by comments and newlines",
    'import /* a */ {\n  readFileSync // b\n} /* from "x" */ from /* c */ "node:fs"; void readFileSync;',
  ],
  ["an import written with escapes", 'import "\\u006eode:fs";'],
];

const refusedImport = "[PLUGIN_IMPORT_REFUSED]";
const refusedUse = "[PLUGIN_NOT_AVAILABLE]";
const notStarted = "[PLUGIN_START_FAILED]";

export const staticCases: readonly StaticCase[] = [
  ...importCases.map(([what, statement]): StaticCase => ({
    name: `imports ${what}`,
    why: "Static imports are not a matter of permissions.",
    expected: refusedImport,
    source: strategy(statement),
  })),
  {
    name: "hides an import in a second file of its own",
    why: "Every module of the graph is held to the same rule.",
    expected: refusedImport,
    source: strategy('import { loot } from "./helper.ts"; void loot;'),
    files: { "helper.ts": 'export { readFileSync as loot } from "node:fs";\n' },
  },
  {
    name: "hides an import in a plain JavaScript file",
    why: "Every module of the graph is held to the same rule.",
    expected: refusedImport,
    source: strategy('import { loot } from "./helper.mjs"; void loot;'),
    files: { "helper.mjs": 'import fs from "node:fs";\nexport const loot = fs;\n' },
  },
  {
    name: "brings a CommonJS module, which has require()",
    why: "CommonJS comes with Node's built-ins; only ES modules are loaded.",
    expected: refusedImport,
    source: strategy('import loot from "./helper.cjs"; void loot;'),
    files: { "helper.cjs": 'module.exports = require("node:fs");\n' },
  },
  {
    name: "declares its JavaScript to be CommonJS",
    why: "A package.json of the plugin decides nothing.",
    expected: notStarted,
    source: strategy('import * as loot from "./helper.js"; void loot;'),
    files: {
      "helper.js": 'module.exports = require("node:fs");\n',
      "package.json": '{ "type": "commonjs" }\n',
    },
  },
  {
    name: "brings an import map of its own",
    why: "Nobody reads a plugin's configuration.",
    expected: refusedImport,
    source: strategy('import fs from "innocent"; void fs;'),
    files: { "deno.json": '{ "imports": { "innocent": "node:fs" } }\n' },
  },
  {
    name: "brings a package of its own",
    why: "Nobody looks into a plugin's node_modules.",
    expected: refusedImport,
    source: strategy('import fs from "innocent"; void fs;'),
    files: {
      "node_modules/innocent/index.js": 'export { default } from "node:fs";\n',
      "node_modules/innocent/package.json":
        '{ "name": "innocent", "type": "module", "exports": "./index.js" }\n',
    },
  },
  {
    name: "loads code as WebAssembly by an import",
    why: "A WebAssembly module's imports would be resolved like a module's own.",
    expected: refusedImport,
    source: strategy('import * as loot from "./loot.wasm"; void loot;'),
    files: { "loot.wasm": "\0asm" },
  },
  {
    name: "defers an import until it is used",
    why: "A deferred import is an import.",
    expected: refusedImport,
    source: strategy('import defer * as fs from "node:fs"; fs.readFileSync("/etc/passwd");'),
  },
  {
    name: "spins while its manifest is read",
    why: "The probe has a time limit.",
    expected: notStarted,
    source: strategy("for (;;);"),
  },
  {
    name: "waits for ever while its manifest is read",
    why: "The probe has a time limit.",
    expected: notStarted,
    source: strategy("await new Promise(() => { setInterval(() => {}, 1_000); });"),
  },
  {
    name: "fills memory while its manifest is read",
    why: "The probe has a memory limit.",
    expected: "[PLUGIN_CRASHED]|[PLUGIN_LIMIT_EXCEEDED]|[PLUGIN_START_FAILED]",
    source: strategy("const hoard = []; for (;;) hoard.push(new Array(1e6).fill({}));"),
  },
  {
    name: "fills memory outside the heap while its manifest is read",
    why: "The probe has a memory limit.",
    expected: "[PLUGIN_LIMIT_EXCEEDED]|[PLUGIN_START_FAILED]",
    source: strategy("const hoard = []; for (;;) hoard.push(new Uint8Array(8 << 20).fill(1));"),
  },
  {
    name: "reads a file while its manifest is read",
    why: "The probe has no permissions at all.",
    expected: refusedUse,
    source: strategy('Deno.readTextFileSync("/etc/passwd");'),
  },
  {
    name: "reads its own file while its manifest is read",
    why: "A plugin's files come from memory; it has no path to them.",
    expected: refusedUse,
    source: strategy("Deno.readTextFileSync(new URL(import.meta.url));"),
  },
  {
    name: "connects while its manifest is read",
    why: "The probe has no permissions at all.",
    expected: "Requires net access",
    source: strategy('await fetch("http://127.0.0.1:40123/");'),
  },
  {
    name: "starts a program while its manifest is read",
    why: "The probe has no permissions at all.",
    expected: refusedUse,
    source: strategy('await new Deno.Command("id").output();'),
  },
  {
    name: "ends its process while its manifest is read",
    why: "An end is no answer.",
    expected: refusedUse,
    source: strategy("Deno.exit(0);"),
  },
  {
    name: "runs text as code while its manifest is read",
    why: "What a plugin runs is what was read from its files.",
    expected: refusedUse,
    source: strategy('new Function("return 1")();'),
  },
  {
    name: "answers with a manifest larger than a frame",
    why: "A frame has a limit.",
    expected: "[PROTOCOL_FRAME_TOO_LARGE]",
    source: `export default { manifest: ${
      manifest(', comment: "x".repeat(2 << 20)')
    }, create: () => ({}) };\n`,
  },
  {
    name: "has a manifest with a getter that throws",
    why: "A manifest is plain data.",
    expected: "in the getter",
    source: 'export default { get manifest() { throw new Error("in the getter"); }, create: () => ({}) };\n',
  },
  {
    name: "has a manifest that turns into another one when it is sent",
    why: "What is judged is what arrived.",
    expected: "manifest field",
    source:
      `export default { manifest: { ...${manifest()}, toJSON: () => ({ kind: "exchange" }) }, create: () => ({}) };\n`,
  },
  {
    name: "has a manifest that refers to itself",
    why: "A manifest is plain data.",
    expected: notStarted,
    source:
      `const manifest = ${manifest()};\nmanifest.self = manifest;\nexport default { manifest, create: () => ({}) };\n`,
  },
  {
    name: "poses as a promise when it is imported",
    why: "What a module's then() hands over is its manifest or nothing.",
    expected: notStarted,
    source: "export function then(resolve) { resolve({ default: 1 }); }\n",
  },
  {
    name: "has no default export",
    why: "There is nothing to run.",
    expected: notStarted,
    source: "export const nothing = 1;\n",
  },
  {
    name: "asks for a permission that does not exist",
    why: "Unknown fields are refused, not ignored.",
    expected: "permissions",
    source: `import { defineStrategy } from "@berth/sdk";\nexport default defineStrategy(${
      manifest(", permissions: { run: ['id'] }")
    }, () => ({}));\n`,
  },
  {
    name: "asks for the id of a plugin in capitals and slashes",
    why: "An id becomes part of paths, order ids and log lines.",
    expected: "manifest field id",
    source:
      `import { defineStrategy } from "@berth/sdk";\nexport default defineStrategy({ ...${manifest()}, id: "../HOST" }, () => ({}));\n`,
  },
];
