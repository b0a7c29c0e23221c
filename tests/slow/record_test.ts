/** `berth record` against the simulated venues, and a backtest over what it wrote. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

async function berth(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", "core/main.ts", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("what was recorded of both simulated venues can be backtested", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const recorded = await berth([
      "record",
      "--symbol",
      "BTC-PERP",
      "--duration",
      "4s",
      "--seed",
      "1",
      "--out",
      folder,
    ]);
    assertEquals(recorded.code, 0, recorded.err);
    const rows = recorded.out.split("\n").filter((line) => line.includes('"rows recorded"')).at(-1) ?? "";
    const { quotes, trades, marks, books } = JSON.parse(rows);
    assert(quotes > 20 && marks > 0 && books > 0 && trades >= 0, rows);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(names, [".host", "books", "marks", "quotes", "trades"]);
    const played = await berth([
      ...[
        "backtest",
        "--plugin",
        "tests/support/plugins/healthy",
        "--data",
        folder,
        "--out",
        `${folder}/report`,
      ],
    ]);
    assertEquals(played.code, 0, played.err);
    assertMatch(played.out, new RegExp(`over ${quotes + trades + marks + books} rows of`));
    const { recording } = JSON.parse(await Deno.readTextFile(`${folder}/report/report.json`));
    assert(recording.records > quotes + trades + marks, "books are played too");
    assert(recording.records <= quotes + trades + marks + books);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a folder without a recording is one sentence and code 2", async () => {
  const { code, err } = await berth([
    "backtest",
    "--plugin",
    "tests/support/plugins/healthy",
    "--data",
    "/nowhere",
  ]);
  assertEquals(code, 2, err);
  assertMatch(err, /There is nothing to play in \/nowhere/);
});
