/** What the bars of a market keep in memory: far below the megabyte that a hundred of them were said to take elsewhere. */
import { assert } from "@std/assert";

const klines = new URL("../../core/sdk/klines.ts", import.meta.url).href;

/** Bytes of the heap that a market with 100 closed one-minute bars keeps, a mean over 500 markets. */
async function bytesOfMarket(): Promise<number> {
  const source = `
    import { KlineBuilder } from "${klines}";
    const markets = [];
    const build = () => {
      const builder = new KlineBuilder({ interval: "1m", historyLength: 100 });
      for (let minute = 0; minute <= 100; minute += 1) {
        const price = 50_000 + Math.sin(minute);
        builder.processTrade({ takerSide: "buy", price, sizeBase: 0.1, tsVenueMs: minute * 60_000 });
      }
      return builder;
    };
    const heap = () => (gc(), gc(), Deno.memoryUsage().heapUsed);
    build();
    const before = heap();
    for (let count = 0; count < 500; count += 1) markets.push(build());
    const bytes = (heap() - before) / markets.length;
    if (markets.some((market) => market.count !== 100)) throw new Error("bars are missing");
    await Deno.stdout.write(new TextEncoder().encode(String(bytes)));
  `;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--v8-flags=--expose-gc", source],
  }).output();
  const decoder = new TextDecoder();
  assert(code === 0, decoder.decode(stderr));
  return Number(decoder.decode(stdout));
}

Deno.test("100 bars of a market keep less than a twentieth of a megabyte", async () => {
  const bytes = await bytesOfMarket();
  assert(bytes > 1_000 && bytes < 50_000, `${bytes} bytes a market`);
});
