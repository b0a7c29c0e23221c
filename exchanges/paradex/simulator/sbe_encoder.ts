/**
 * Binary frames of the public channels (paradex.md, 5.5), written by field list. Prices and sizes are i64 × 1e-8, times
 * microseconds, texts one length byte and UTF-8.
 */

export type SbeVersion = 0 | 1 | 2;

const nullValue = -(2n ** 63n);
const decimals = 8;

/** Whole increments to i64 × 1e-8: 834227 at `0.1` is 8342270000000. */
export function scaled(count: number, step: { readonly units: number; readonly decimals: number }): bigint {
  return BigInt(count) * BigInt(step.units) * 10n ** BigInt(decimals - step.decimals);
}

/** A float (mark, index, rate) to i64 × 1e-8, rounded. */
export const scaledFloat = (value: number): bigint => BigInt(Math.round(value * 1e8));

export class FrameBuilder {
  readonly #bytes: number[] = [];

  u8(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.u8(value).u8(value >> 8);
  }

  i64(value: bigint | undefined): this {
    let rest = BigInt.asUintN(64, value ?? nullValue);
    for (let index = 0; index < 8; index++) {
      this.u8(Number(rest & 0xffn));
      rest >>= 8n;
    }
    return this;
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    this.u8(bytes.length);
    this.#bytes.push(...bytes);
    return this;
  }

  /** 32 bytes, big-endian. */
  address(hex: string): this {
    const digits = hex.replace(/^0x/, "").padStart(64, "0");
    for (let at = 0; at < 64; at += 2) this.u8(Number.parseInt(digits.slice(at, at + 2), 16));
    return this;
  }

  header(blockLength: number, templateId: number, version: SbeVersion): this {
    return this.u16(blockLength).u16(templateId).u16(1).u16(version);
  }

  build(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}

export interface SbeLevel {
  readonly price: bigint;
  readonly size: bigint;
}

export function encodeBbo(
  version: SbeVersion,
  bbo: {
    readonly tsUs: bigint;
    readonly seq: bigint;
    readonly bid: SbeLevel | undefined;
    readonly ask: SbeLevel | undefined;
    readonly market: string;
  },
): Uint8Array<ArrayBuffer> {
  return new FrameBuilder().header(48, 2, version).i64(bbo.tsUs).i64(bbo.seq)
    .i64(bbo.bid?.price).i64(bbo.bid?.size).i64(bbo.ask?.price).i64(bbo.ask?.size).text(bbo.market).build();
}

export function encodeTrade(
  version: SbeVersion,
  trade: {
    readonly tsUs: bigint;
    readonly seq: bigint;
    /** 28 digits; the frame's number holds its low 64 bits. */
    readonly tradeId: string;
    readonly side: "buy" | "sell";
    readonly price: bigint;
    readonly size: bigint;
    readonly createdUs: bigint;
    readonly market: string;
  },
): Uint8Array<ArrayBuffer> {
  const frame = new FrameBuilder().header(50, 1, version).i64(trade.tsUs).i64(trade.seq)
    .i64(BigInt.asIntN(64, BigInt(trade.tradeId))).u8(trade.side === "buy" ? 1 : 2)
    .i64(trade.price).i64(trade.size).i64(trade.createdUs).u8(1).text(trade.market);
  return (version === 2 ? frame.text(trade.tradeId) : frame).build();
}

export function encodeBook(
  version: SbeVersion,
  book: {
    readonly tsUs: bigint;
    readonly seq: bigint;
    readonly isSnapshot: boolean;
    readonly bids: readonly SbeLevel[];
    readonly asks: readonly SbeLevel[];
    readonly market: string;
  },
): Uint8Array<ArrayBuffer> {
  const frame = new FrameBuilder().header(89, 3, version).i64(book.tsUs).i64(book.seq).u8(
    book.isSnapshot ? 0 : 1,
  );
  // The nine best-price fields belong to the interactive channels only.
  for (let index = 0; index < 9; index++) frame.i64(undefined);
  for (const side of [book.bids, book.asks]) {
    frame.u16(16).u16(side.length);
    for (const level of side) frame.i64(level.price).i64(level.size);
  }
  return frame.text(book.market).build();
}

export function encodeMarketSummary(
  version: SbeVersion,
  summary: {
    readonly tsUs: bigint;
    readonly markPrice: bigint;
    readonly indexPrice: bigint;
    readonly lastPrice: bigint;
    readonly fundingRate: bigint;
    readonly fundingRateE12: bigint;
    readonly bid: SbeLevel | undefined;
    readonly ask: SbeLevel | undefined;
    readonly market: string;
  },
): Uint8Array<ArrayBuffer> {
  const absent = (count: number): void => {
    for (let index = 0; index < count; index++) frame.i64(undefined);
  };
  const frame = new FrameBuilder().header(version === 0 ? 216 : 240, 4, version).i64(summary.tsUs).i64(0n)
    .i64(summary.markPrice).i64(summary.indexPrice).i64(summary.lastPrice).i64(0n).i64(0n).i64(
      summary.fundingRate,
    )
    .i64(summary.bid?.price).i64(summary.ask?.price).i64(0n).i64(0n);
  absent(12); // implied volatilities and greeks of options, future funding rate
  frame.i64(summary.indexPrice).i64(summary.bid?.size).i64(summary.ask?.size);
  if (version > 0) {
    absent(2);
    frame.i64(summary.fundingRateE12);
  }
  return frame.text(summary.market).build();
}

export function encodeFundingData(
  version: SbeVersion,
  funding: {
    readonly tsUs: bigint;
    readonly fundingRate: bigint;
    readonly fundingIndex: bigint;
    readonly fundingPremium: bigint;
    readonly periodHours: number;
    readonly market: string;
  },
): Uint8Array<ArrayBuffer> {
  const frame = new FrameBuilder().header(version === 0 ? 58 : 66, 5, version).i64(funding.tsUs).i64(0n)
    .i64(funding.fundingRate).i64(funding.fundingIndex).i64(funding.tsUs).i64(funding.fundingPremium).i64(
      funding.fundingRate,
    )
    .u16(funding.periodHours);
  if (version > 0) frame.i64(undefined);
  return frame.text(funding.market).build();
}

export const encodeHeartbeat = (version: SbeVersion, tsUs: bigint): Uint8Array<ArrayBuffer> =>
  new FrameBuilder().header(16, 40, version).i64(tsUs).i64(0n).build();
