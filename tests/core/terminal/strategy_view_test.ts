import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { render } from "../../../core/terminal/render.ts";
import { anySnapshot, sampleSnapshot, sampleStrategy } from "./sample_snapshot.ts";

const small = { columns: 80, rows: 24, color: false, view: "paradex_scalper" } as const;

Deno.test("one strategy in full at 80 by 24: money, trades, positions, signals, indicators", () => {
  assertEquals(render(sampleSnapshot, small), [
    " berth 0.1.0  SIM · simulated venues            seed 7  up 00:01:23 of 00:05:00",
    " paradex_scalper  ● running · 2 symbols, looking for a signal",
    " equity 10,012.50 USD  today +12.50 (+0.13%)  total −4.25 (−0.04%)  fees 3.10",
    " win rate 60.0% (3/5)  win +4.50  loss −10.25  factor 0.66  mean hold 12m",
    "POSITIONS 1────SIDE─────SIZE────ENTRY────PRICE──────PNL─────ROE──LEV─HELD───────",
    "↑ BTC-PERP     long  0.01500  43250.1  43390.1    +1.99  +3.07%  10x  83s",
    "",
    "SIGNALS───────────SIDE───────────WHY───────────────────────────────────────────…",
    "15:06:40 BTC-PERP long  taken    RSI 28.1 is oversold; MACD crossed above its s…",
    "15:01:40 ETH-PERP short rejected score 31.0 is under 40                        …",
    "",
    "INDICATORS───────BTC-PERP───ETH-PERP────────────────────────────────────────────",
    "RSI                 41.33         71",
    "VWAP              43211.3          –",
    "",
    "STRATEGY────────────────────────────────────────────────────────────────────────",
    "tick           1204",
    "",
    "NOTICES─────────────────────────────────────────────────────────────────────────",
    "15:06:40 paradex reconnected after 1.2 s",
    "15:06:30 okx is reconciled",
    "",
    "",
    " updated 15:06:41 UTC · host: orders 42 · fills 31 · Ctrl-C stops · http://127.…",
  ]);
});

Deno.test("a short position has the other mark; what is not known is a dash", () => {
  const [long] = sampleStrategy.positions;
  assert(long !== undefined);
  const short = { ...long, side: "sell" as const, leverage: NaN, roePercent: NaN, heldMs: NaN };
  const strategies = [{ ...sampleStrategy, positions: [short] }];
  const text = render({ ...sampleSnapshot, strategies }, small).join("\n");
  assertMatch(text, /↓ BTC-PERP +short .* \+1\.99 +– +– +–/);
});

Deno.test("trading that is halted is said beside the strategy's own words", () => {
  const strategies = [{ ...sampleStrategy, tradingState: "halted" as const }];
  const line = render({ ...sampleSnapshot, strategies }, small)[1];
  assertEquals(line, " paradex_scalper  ● running · trading halted · 2 symbols, looking for a signal");
});

Deno.test("a view that is none shows the host, and which there are", () => {
  const lines = render(sampleSnapshot, { ...small, view: "scalper" });
  assertEquals(lines[2], " no strategy scalper to show; there are paradex_scalper");
  assertMatch(lines.join("\n"), /VENUES/);
});

Deno.test("whatever a strategy says, the picture stays within the terminal", () =>
  fc.assert(
    fc.property(
      anySnapshot,
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 60 }),
      (snapshot, columns, rows) => {
        const lines = render(snapshot, { columns, rows, color: false, view: "paradex_scalper" });
        assert(lines.length <= rows);
        for (const line of lines) {
          assert([...line].length <= columns, line);
          assert(!/\p{Cc}|\p{Cf}/u.test(line), JSON.stringify(line));
        }
      },
    ),
    { numRuns: 200 },
  ));
