/**
 * Escape attempts that lie in a module's text rather than in what it does: static imports, side effects while the
 * manifest is read, manifests that lie. They are texts here because most of them must not even load.
 */

export interface StaticCase {
  readonly name: string;
  readonly why: string;
  /** What the operator reads must match. */
  readonly expected: RegExp;
  readonly source: string;
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

const importCases: readonly (readonly [string, string, string])[] = [
  [
    "a JSON file of the host",
    'import loot from "file:///etc/berth-escape.json" with { type: "json" };',
    "file:///etc/berth-escape.json",
  ],
  [
    "a text file of the host",
    'import loot from "file:///etc/passwd" with { type: "text" };',
    "file:///etc/passwd",
  ],
  [
    "the bytes of a file of the host",
    'import loot from "file:///etc/passwd" with { type: "bytes" };',
    "file:///etc/passwd",
  ],
  ["a module of a server", 'import "http://127.0.0.1:1/module.ts";', "http://127.0.0.1:1/module.ts"],
  ["an npm package", 'import "npm:is-number@7.0.0";', "npm:is-number@7.0.0"],
  ["a JSR package", 'import "jsr:@std/assert";', "jsr:@std/assert"],
  ["node:fs", 'import { readFileSync } from "node:fs";', "node:fs"],
  ["node:child_process", 'import { execSync } from "node:child_process";', "node:child_process"],
  ["node:process", 'import process from "node:process";', "node:process"],
  ["node:module, to take the hooks away", 'import { registerHooks } from "node:module";', "node:module"],
  ["a builtin by its bare name", 'import fs from "fs";', "fs"],
  ["a data: module", 'import "data:text/javascript,1";', "data:text/javascript"],
  ["a module above its folder", 'import "../../core/host/secrets.ts";', "../../core/host/secrets.ts"],
  [
    "a re-export of a module of the host",
    'export * from "file:///etc/berth-escape.ts";',
    "file:///etc/berth-escape.ts",
  ],
  [
    "an import split by comments and newlines",
    'import /* a */ {\n  readFileSync // b\n} /* from "x" */ from /* c */ "node:fs";',
    "node:fs",
  ],
  ["an import written with escapes", 'import "\\u006eode:fs";', "node:fs"],
];

export const staticCases: readonly StaticCase[] = [
  ...importCases.map(([what, statement, specifier]): StaticCase => ({
    name: `imports ${what}`,
    why: "Static imports are not a matter of permissions.",
    expected: new RegExp(specifier.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")),
    source: strategy(statement),
  })),
  {
    name: "spins while its manifest is read",
    why: "The probe has a time limit.",
    expected: /did not answer|no heartbeat|time|late/i,
    source: strategy("for (;;);"),
  },
  {
    name: "fills memory while its manifest is read",
    why: "The probe has a memory limit.",
    expected: /memory|ended|heap|did not answer/i,
    source: strategy("const hoard = []; for (;;) hoard.push(new Array(1e6).fill({}));"),
  },
  {
    name: "reads a file while its manifest is read",
    why: "The probe has no permissions at all.",
    expected: /NotCapable|not available|access/i,
    source: strategy('Deno.readTextFileSync("/etc/passwd");'),
  },
  {
    name: "connects while its manifest is read",
    why: "The probe has no permissions at all.",
    expected: /NotCapable|not available|access/i,
    source: strategy('await fetch("http://127.0.0.1:1/");'),
  },
  {
    name: "has a manifest with a getter that throws",
    why: "A manifest is plain data.",
    expected: /manifest|in the getter/i,
    source: 'export default { get manifest() { throw new Error("in the getter"); }, create: () => ({}) };\n',
  },
  {
    name: "has no default export",
    why: "There is nothing to run.",
    expected: /default|defineStrategy|manifest/i,
    source: "export const nothing = 1;\n",
  },
  {
    name: "asks for a permission that does not exist",
    why: "Unknown fields are refused, not ignored.",
    expected: /permissions/,
    source: `import { defineStrategy } from "@berth/sdk";\nexport default defineStrategy(${
      manifest(", permissions: { run: ['id'] }")
    }, () => ({}));\n`,
  },
];
