/** What only a thread or a plugin loads is not in the module graph of the entry: it has to be named to the compiler. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import {
  embeddedFiles,
  embeddedFolders,
  forbidden,
  namedParts,
  threadEntries,
} from "../../../core/build/parts.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

Deno.test("the entry of every thread is found in the sources and named", async () => {
  const entries = await threadEntries(root);
  for (const known of ["core/console/console_worker.ts", "core/journal/journal_worker.ts"]) {
    assert(entries.includes(known), known);
  }
  const named = await namedParts(root);
  assertEquals(entries.filter((entry) => !named.includes(entry)), []);
});

Deno.test("every part of the SDK that a plugin can name lies in a folder that is embedded", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const parts = Object.entries(imports).filter(([name]) => name.startsWith("@berth/sdk"));
  assert(parts.length > 3);
  const isEmbedded = (path: string) => embeddedFolders.some((folder) => path.startsWith(`./${folder}/`));
  assertEquals(parts.filter(([, path]) => !isEmbedded(String(path))), []);
});

Deno.test("the project's strategies are named, what was dropped beside them is not", async () => {
  const dropped = `${root}plugins/zz_dropped_${crypto.randomUUID()}.ts`;
  await Deno.writeTextFile(dropped, "export {};\n");
  try {
    const named = await namedParts(root);
    assert(named.includes("plugins/cross_exchange_arbitrage"));
    assertEquals(named.filter((part) => part.includes("zz_dropped")), []);
  } finally {
    await Deno.remove(dropped);
  }
});

Deno.test("whatever is named is there", async () => {
  for (const part of [...embeddedFolders, ...embeddedFiles]) await Deno.stat(`${root}${part}`);
});

const misplaced: readonly (readonly [string, string])[] = [
  ["tests/core/x.ts", "a test"],
  ["exchanges/okx/orders_test.ts", "a test"],
  [".env", "a secret"],
  ["exchanges/okx/.env.live", "a secret"],
  ["plugins/x/server.pem", "a secret"],
  ["plugins/x/id_ed25519", "a secret"],
  ["var/grants.json", "a secret"],
  ["plugins/x/journal.db-wal", "a journal"],
  ["docs/risk.md", "a page of docs"],
  [".git/config", "a page of docs"],
];
for (const [path, what] of misplaced) {
  Deno.test(`${path} must not be embedded: ${what}`, () => {
    assertEquals(forbidden.find(({ pattern }) => pattern.test(path))?.what, what);
  });
}

Deno.test("what belongs there is not taken for something else", () => {
  const fine = [
    "core/main.ts",
    "core/sdk/testing.ts",
    "exchanges/okx/mod.ts",
    "core/console/page/index.html",
    "deno.json",
  ];
  assertEquals(fine.filter((path) => forbidden.some(({ pattern }) => pattern.test(path))), []);
});
