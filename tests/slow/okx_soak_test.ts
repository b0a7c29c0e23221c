/** Ten simulated hours of OKX through storms: everything resumes, nothing is missed, memory stays flat. */
import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";

const resultSchema = v.object({
  hours: v.number(),
  quotes: v.number(),
  restQuotes: v.number(),
  gaps: v.number(),
  restored: v.number(),
  orders: v.number(),
  fills: v.number(),
  reconnects: v.number(),
  longestSilenceMs: v.number(),
  isBookTrue: v.boolean(),
  missedFills: v.number(),
  isPositionTrue: v.boolean(),
  openOrders: v.number(),
  sockets: v.number(),
  heapMb: v.array(v.number()),
});

Deno.test("ten hours of storms, outages, restarts and address changes leave OKX's adapter whole and small", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--frozen",
      "--no-check",
      "--v8-flags=--expose-gc",
      new URL("./okx_soak.ts", import.meta.url).pathname,
    ],
  }).output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  const text = decoder.decode(stdout);
  const seen = v.parse(resultSchema, JSON.parse(text));
  // What must have happened for the rest to mean something.
  assert(seen.hours === 10 && seen.reconnects > 500 && seen.restored > 80, text);
  assert(seen.gaps > 50 && seen.restQuotes > 500 && seen.orders > 1_500 && seen.fills > 500, text);
  // Everything is as the venue has it.
  assertEquals([seen.missedFills, seen.isPositionTrue, seen.isBookTrue, seen.openOrders, seen.sockets], [
    0,
    true,
    true,
    0,
    3,
  ], text);
  // The longest outage is two minutes of weather and a wait of half a minute.
  assert(seen.longestSilenceMs < 180_000, text);
  // Adapter and simulator together, after each hour's collection.
  const [, early = NaN] = seen.heapMb;
  const late = seen.heapMb.at(-1) ?? NaN;
  assert(late < early * 1.5 + 5, text);
});
