/** `berth backtest` as it is called: files, figures, and one sentence for each mistake. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

async function berth(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", "core/main.ts", "backtest", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Three hours of minutes that swing about 40,000. */
function csv(): string {
  const rows = Array.from({ length: 180 }, (_, minute) => {
    const price = (at: number): number => Math.round(40_000 + 400 * Math.sin(at / 9));
    const [open, close] = [price(minute), price(minute + 1)];
    const time = new Date(1_640_995_200_000 + minute * 60_000).toISOString();
    return `${time},${open},${Math.max(open, close) + 5},${Math.min(open, close) - 5},${close},200000`;
  });
  return `timestamp,open,high,low,close,volume\n${rows.join("\n")}\n`;
}

Deno.test("berth backtest writes a report and prints the same figures", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/bars.csv`, csv());
    const args = [
      ...["--plugin", "tests/support/plugins/ema_cross", "--bars", `${folder}/bars.csv`, "--out", folder],
      ...["--set", "fast=3", "--set", "slow=8", "--from", "2022-01-01T00:30:00Z"],
    ];
    const shown = await berth(args);
    assertEquals(shown.code, 0, shown.err);
    assertMatch(shown.out, /Backtest of ema_cross 0\.1\.0 over 150 bars .* Fills are simulated\./);
    const report = await Deno.readTextFile(`${folder}/report.json`);
    const machine = await berth([...args, "--json"]);
    assertEquals(await Deno.readTextFile(`${folder}/report.json`), report, "equal to the byte");
    const { statistics, recording } = JSON.parse(report);
    const printed = JSON.parse(machine.out);
    assertEquals(printed.endEquityUsd, statistics.endEquityUsd);
    assert(statistics.trips > 3 && recording.fills.length > statistics.trips);
    assertMatch(shown.out, new RegExp(`-> ${statistics.endEquityUsd.toFixed(2)} USD`));
    const html = await Deno.readTextFile(`${folder}/report.html`);
    assertMatch(html, /<path class="line" d="M0\.0 /);
    assert(!/<script|https?:/.test(html), "the page is whole in itself");
    assertEquals(
      (await Deno.readTextFile(`${folder}/trades.csv`)).trim().split("\n").length,
      statistics.trips + 1,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const mistakes: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly says: RegExp;
}[] = [
  { name: "no plugin", args: ["--bars", "x.csv"], says: /--plugin/ },
  { name: "neither bars nor a recording", args: ["--plugin", "a"], says: /--bars or --data is missing/ },
  {
    name: "a plugin that is not there",
    args: ["--plugin", "nobody", "--bars", "x.csv"],
    says: /nobody can't be backtested/,
  },
  {
    name: "no file",
    args: ["--plugin", "tests/support/plugins/ema_cross", "--bars", "nowhere.csv"],
    says: /nowhere\.csv can't be read as bars/,
  },
  {
    name: "a setting that the plugin lacks",
    args: ["--plugin", "tests/support/plugins/ema_cross", "--bars", "x.csv", "--set", "speed=3"],
    says: /its setting speed is an unknown setting/,
  },
  {
    name: "a date that is none",
    args: ["--plugin", "a", "--bars", "b", "--from", "soon"],
    says: /--from is "soon"/,
  },
  {
    name: "a tick that is none",
    args: ["--plugin", "a", "--bars", "b", "--tick", "0"],
    says: /--tick is "0"/,
  },
];
for (const { name, args, says } of mistakes) {
  Deno.test(`berth backtest with ${name} ends with one sentence and code 2`, async () => {
    const { code, out, err } = await berth(args);
    assertEquals([code, out], [2, ""], err);
    assertMatch(err, says);
    assert(!/ {4}at /.test(err), "no stack trace");
  });
}
