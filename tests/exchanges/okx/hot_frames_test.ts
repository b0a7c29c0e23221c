import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { HotFrame } from "../../../exchanges/okx/hot_frames.ts";

const decimal = fc.tuple(fc.integer({ min: 1, max: 9_999_999 }), fc.integer({ min: 0, max: 99_999 })).map((
  [whole, fraction],
) => fraction === 0 ? String(whole) : `${whole}.${fraction}`);
const quote = fc.record({
  instId: fc.constantFrom("BTC-USDT-SWAP", "ETH-USDT-SWAP", "DOGE-USDT-SWAP"),
  bidPx: decimal,
  bidSz: decimal,
  askPx: decimal,
  askSz: decimal,
  ts: fc.integer({ min: 1_500_000_000_000, max: 2_500_000_000_000 }).map(String),
});

const ticker = ({ instId, ...row }: Record<string, string>): string =>
  JSON.stringify({
    arg: { channel: "tickers", instId },
    data: [{ instType: "SWAP", instId, last: "1", ...row, open24h: "5" }],
  });
const top = ({ instId, bidPx, bidSz, askPx, askSz, ts }: Record<string, string>): string =>
  JSON.stringify({
    arg: { channel: "bbo-tbt", instId },
    data: [{ asks: [[askPx, askSz, "0", "3"]], bids: [[bidPx, bidSz, "0", "2"]], ts, seqId: 7 }],
  });

for (const [name, write] of [["tickers", ticker], ["bbo-tbt", top]] as const) {
  Deno.test(`a ${name} frame gives the numbers that JSON.parse and Number give`, () => {
    const frame = new HotFrame();
    fc.assert(fc.property(quote, (row) => {
      assert(frame.read(write(row)));
      const { instId, bidPrice, bidContracts, askPrice, askContracts, tsVenueMs } = frame;
      assertEquals([instId, bidPrice, bidContracts, askPrice, askContracts, tsVenueMs], [
        row.instId,
        Number(row.bidPx),
        Number(row.bidSz),
        Number(row.askPx),
        Number(row.askSz),
        Number(row.ts),
      ]);
    }));
  });

  Deno.test(`a ${name} frame that is cut or changed is refused, or read as JSON reads it`, () => {
    const frame = new HotFrame();
    fc.assert(fc.property(quote, fc.nat(400), fc.string({ maxLength: 3 }), (row, at, inserted) => {
      const text = write(row);
      const place = at % text.length;
      assertEquals(frame.read(text.slice(0, place)), false);
      const changed = text.slice(0, place) + inserted + text.slice(place + 1);
      if (!frame.read(changed)) return; // the general reader's business
      assert(frame.bidPrice > 0 && frame.askPrice > 0 && frame.tsVenueMs > 0);
    }));
  });
}

Deno.test("an empty side, an exponent and a number beyond 15 digits are left to the general reader", () => {
  const row = {
    instId: "BTC-USDT-SWAP",
    bidPx: "1",
    bidSz: "1",
    askPx: "2",
    askSz: "1",
    ts: "1785096000123",
  };
  const frame = new HotFrame();
  for (const change of [{ bidPx: "" }, { askSz: "1e3" }, { bidPx: "1234567890.1234567" }, { ts: "" }]) {
    assertEquals(frame.read(ticker({ ...row, ...change })), false, JSON.stringify(change));
  }
});
