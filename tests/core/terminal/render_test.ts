import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import type { GroupRow } from "../../../core/terminal/ports.ts";
import { environmentWords, render } from "../../../core/terminal/render.ts";
import { environments } from "../../../core/sdk/manifest.ts";
import { anySnapshot, sampleGroup, sampleSnapshot } from "./sample_snapshot.ts";

const small = { columns: 80, rows: 24, color: false } as const;
const plain = (line: string): string =>
  // deno-lint-ignore no-control-regex -- control sequences are what is removed
  line.replace(/\x1b\[[0-9;]*m/g, "");

Deno.test("80 by 24 shows what matters most, each thing in its place", () => {
  assertEquals(render(sampleSnapshot, small).slice(0, 12), [
    " berth 0.1.0  SIM · simulated venues            seed 7  up 00:01:23 of 00:05:00",
    " net +17.00 USD  realized +24.60  unrealized −3.00  fees 4.50  funding 0.10",
    "VENUES───STATE────────BEAT─UPD/S───AVG───P99─GAPS─RECON───REALIZED────UNREAL────",
    "okx      ● up        120ms  42.4   2ms   6ms    0     0     +12.30     −1.50",
    "paradex  ● up          12s  42.4   2ms   6ms    2     1     +12.30     −1.50",
    "QUOTES────VENUE────BID SIZE───────BID───────ASK─ASK SIZE───AGE─SPR BPS─BUY ON───",
    "BTC-PERP  okx       1.25000   43250.1   43250.2  0.50000  85ms   −1.43 paradex",
    "          paradex   1.25000   43255.1   43256.3  0.50000  85ms   +1.13 okx",
    "ETH-PERP  okx       1.25000   2250.11   2250.12  0.50000  85ms   −1.73 paradex",
    "          paradex   1.25000         –   2250.50  0.50000  85ms       –",
    "POSITIONS────────────────VENUE────SYMBOL────────SIZE────UNREAL──REALIZED────────",
    "cross_exchange_arbitrage okx      BTC-PERP   0.01500     +0.27    +12.30",
  ]);
});

const contents: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  {
    name: "a quarantined plugin and why",
    pattern: /paradex_scalper +quarantined .*three crashes within a minute/,
  },
  {
    name: "a working order",
    pattern: /paradex_scalper paradex +BTC-PERP buy +0\.01500 +43250\.1 +1\.2s accepted/,
  },
  {
    name: "a reduced scope before the active ones",
    pattern: /RISK.*\n.*plugin\/paradex_scalper reducing +−101\.20.*\n.*global +active/,
  },
  { name: "counts", pattern: /orders 42 · fills 31 · round trips 9 · opportunities 12\/3/ },
];
for (const { name, pattern } of contents) {
  Deno.test(`80 by 24 shows ${name}`, () => assertMatch(render(sampleSnapshot, small).join("\n"), pattern));
}

Deno.test("a wide terminal has room for everything, in two columns", () => {
  const text = render(sampleSnapshot, { columns: 220, rows: 40, color: false }).join("\n");
  for (
    const part of [
      "OPPORTUNITIES 12 seen, 3 taken",
      "15:06:40 cross_exchange_arbitrage BTC-PERP",
      "buy okx, sell paradex",
      "REFUSALS",
      "stale_quote",
      "NOTICES",
      "paradex reconnected after 1.2 s",
      "FEES",
      "HEAP",
      "RESTARTS",
      "http://127.0.0.1:8117",
    ]
  ) {
    assert(text.includes(part), part);
  }
  assert(text.split("\n").slice(2, -1).every((line) => line.includes("│") || line === ""));
});

for (const environment of environments) {
  Deno.test(`${environment} says on the face of the display what it is`, () => {
    const snapshot = { ...sampleSnapshot, run: { ...sampleSnapshot.run, environment } };
    const first = render(snapshot, small)[0] ?? "";
    assert(first.includes(environmentWords[environment]), first);
    assertEquals(first.includes("SIM · simulated venues"), environment === "sim");
    assertEquals(first.includes("real money"), environment === "live");
  });
}

Deno.test("what does not fit is counted, not silently left out", () => {
  const venues = sampleSnapshot.venues[0];
  assert(venues !== undefined);
  const many = {
    ...sampleSnapshot,
    venues: Array.from({ length: 40 }, (_, i) => ({ ...venues, venue: `v${i}` })),
  };
  assertMatch(render(many, small).join("\n"), /… \d+ more/);
});

Deno.test("never more rows than there are, never wider than the terminal, no control characters", () =>
  fc.assert(
    fc.property(
      anySnapshot,
      fc.integer({ min: 1, max: 260 }),
      fc.integer({ min: 1, max: 80 }),
      fc.boolean(),
      fc.boolean(),
      (snapshot, columns, rows, color, unicode) => {
        const lines = render(snapshot, { columns, rows, color, unicode });
        assert(lines.length <= rows, `${lines.length} lines of ${rows}`);
        for (const line of lines) {
          const shown = plain(line);
          assert([...shown].length <= columns, `${[...shown].length} of ${columns}: ${shown}`);
          assert(!/\p{Cc}|\p{Cf}/u.test(shown), JSON.stringify(shown));
          if (!color) assertEquals(line, shown);
          // deno-lint-ignore no-control-regex -- ASCII is \x00-\x7f
          if (!unicode) assert(/^[\x00-\x7f]*$/.test(line), line);
        }
      },
    ),
    { numRuns: 300 },
  ));

Deno.test("from 3 rows on all rows are used, so that nothing of an older picture stays", () => {
  for (const rows of [3, 10, 24, 60]) {
    assertEquals(render(sampleSnapshot, { columns: 100, rows, color: false }).length, rows);
  }
});

Deno.test("colours change nothing but colours", () => {
  const colored = render(sampleSnapshot, { ...small, color: true });
  assertEquals(colored.map((line) => plain(line).trimEnd()), render(sampleSnapshot, small));
  assert(colored.join("").includes("\x1b[31m"));
});

Deno.test("a leg that is alone is seen first; a calm group takes its turn", () => {
  const naked = render({ ...sampleSnapshot, groups: [sampleGroup] }, small).join("\n");
  assertMatch(naked, /GROUPS 4 opened, 2 broken.*NAKED/);
  assertMatch(naked, /cross_exchange_arbitrage +BTC-PERP +repairing +0\.01000 +216\.30 340ms/);
  const calm: GroupRow = { ...sampleGroup, phase: "open", isBroken: false, nakedUsd: 0, nakedMs: 0 };
  const lines = render({ ...sampleSnapshot, groups: [calm] }, { ...small, rows: 60 });
  assert(lines.some((line) => /BTC-PERP +open/.test(line)));
});

Deno.test("an empty snapshot is a picture too", () => {
  const empty = {
    ...sampleSnapshot,
    venues: [],
    quotes: [],
    opportunities: { seen: 0, taken: 0, latest: [] },
    orders: [],
    positions: [],
    groups: [],
    plugins: [],
    risk: [],
    refusals: [],
    notices: [],
  };
  const lines = render(empty, small);
  assertEquals(lines.length, 24);
  assertEquals(lines.slice(2, -1).join(""), "");
});
