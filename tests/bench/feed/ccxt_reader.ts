/**
 * ccxt pro reading the same ticker feed, the way its manual says: `await exchange.watchTicker(symbol)` in a loop.
 * Arguments: port, seconds, number of swaps in the feed. Prints one JSON line with the messages that ccxt handled a second.
 */
import ccxt from "ccxt";

const [port = "0", seconds = "5", swaps = "4"] = Deno.args;
const symbol = "BTC/USDT:USDT";
const okx = new ccxt.pro.okx({ enableRateLimit: false, newUpdates: true });
const base = `ws://127.0.0.1:${port}/ws/v5`;
okx.urls.api = { ...okx.urls.api, ws: base, rest: `http://127.0.0.1:${port}` };
okx.setMarkets(
  Array.from({ length: Number(swaps) }, (_, index) => (index === 0 ? "BTC" : `C${index}`)).map((code) => ({
    id: `${code}-USDT-SWAP`,
    symbol: `${code}/USDT:USDT`,
    base: code,
    quote: "USDT",
    settle: "USDT",
    baseId: code,
    quoteId: "USDT",
    settleId: "USDT",
    type: "swap",
    spot: false,
    margin: false,
    swap: true,
    future: false,
    option: false,
    contract: true,
    linear: true,
    inverse: false,
    active: true,
    contractSize: 0.01,
    precision: { amount: 0.01, price: 0.1 },
    limits: { amount: {}, price: {}, cost: {}, leverage: {} },
    info: {},
  })),
);

let handled = 0;
const handleTicker = okx.handleTicker.bind(okx);
okx.handleTicker = (...args: Parameters<typeof handleTicker>) => {
  handled += 1;
  return handleTicker(...args);
};
let resolved = 0;
await okx.watchTicker(symbol);
const from = performance.now();
const startHandled = handled;
while (performance.now() - from < Number(seconds) * 1000) {
  await okx.watchTicker(symbol);
  resolved += 1;
}
const elapsedS = (performance.now() - from) / 1000;
const line = {
  messagesPerSecond: (handled - startHandled) / elapsedS,
  watchesPerSecond: resolved / elapsedS,
};
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(line) + "\n"));
Deno.exit(0);
