/** Heap that the klines of a market take: 100 closed bars on each of the eight intervals. Prints JSON. */
import { KlineBuilder } from "@berth/sdk/klines";
import { intervalMs } from "@berth/sdk";

const markets = 100;
const bars = 100;
const intervals = ["1m", "5m", "15m", "30m", "1h", "2h", "4h", "1d"] as const;

declare const gc: () => void;
const heapBytes = (): number => {
  gc();
  return Deno.memoryUsage().heapUsed;
};

const builders: KlineBuilder[] = [];
const before = heapBytes();
for (let market = 0; market < markets; market++) {
  for (const interval of intervals) {
    const builder = new KlineBuilder({ interval, historyLength: bars });
    for (let bar = 0; bar <= bars; bar++) {
      const tsVenueMs = (bar + 1) * intervalMs(interval);
      builder.processTrade({ tsVenueMs, price: 100 + bar + market / 7, sizeBase: 0.1, takerSide: "buy" });
    }
    builders.push(builder);
  }
}
const bytesAMarket = (heapBytes() - before) / markets;
const counted = builders.reduce((sum, builder) => sum + builder.count, 0);
Deno.stdout.writeSync(
  new TextEncoder().encode(JSON.stringify({ bytesAMarket, barsAMarket: counted / markets })),
);
