/**
 * What signing one Paradex order costs, hash and signature, beside starknet.js in the same run; and that both give the
 * same signature.
 */
import { ec, typedData } from "starknet";
import { hex, messageHashes, shortString, toChainUnits } from "../../exchanges/paradex/signing.ts";
import { StarkCurve } from "../../exchanges/paradex/stark_curve.ts";

export interface SigningCost {
  readonly name: string;
  readonly hashP50Ms: number;
  readonly signP50Ms: number;
  readonly bothP50Ms: number;
  readonly bothP99Ms: number;
}

const chainId = "PRIVATE_SN_POTC_SEPOLIA";
/** Made up. */
const account = 0x129c135ed63df9353885e292be4426b8ed6122b13c6c0e1bb787288a1f5adfan;
const privateKey = 0x543b6cf6c91817a87174aaea4fb370ac1c694e864d7740d728f8344d53e815n;
const felts = (...names: readonly string[]) => names.map((name) => ({ name, type: "felt" }));

export interface RandomOrder {
  readonly timestampMs: number;
  readonly market: string;
  readonly side: "BUY" | "SELL";
  readonly type: string;
  readonly size: string;
  readonly price: string;
}

/** Orders as different as a seeded generator makes them. */
export function* randomOrders(random: () => number): Generator<RandomOrder> {
  const markets = ["BTC-USD-PERP", "ETH-USD-PERP", "kPEPE-USD-PERP", "1INCH-USD-PERP", "SOL-USD-PERP"];
  const types = ["LIMIT", "MARKET", "STOP_LIMIT", "STOP_LOSS_MARKET", "TAKE_PROFIT_LIMIT"];
  const pick = (items: readonly string[]): string => items[Math.floor(random() * items.length)] ?? "";
  for (let count = 0;; count++) {
    const decimals = Math.floor(random() * 9);
    yield {
      timestampMs: 1_759_400_000_000 + count * 7 + Math.floor(random() * 7),
      market: pick(markets),
      side: random() < 0.5 ? "BUY" : "SELL",
      type: pick(types),
      size: (random() * 10 ** Math.floor(random() * 6)).toFixed(decimals),
      price: (random() * 10 ** Math.floor(random() * 7)).toFixed(Math.floor(random() * 9)),
    };
  }
}

/** As starknet.js does it, from the typed data. */
export function referenceHash(order: RandomOrder): string {
  return typedData.getMessageHash({
    domain: { name: "Paradex", chainId: hex(shortString(chainId)), version: "1" },
    primaryType: "Order",
    types: {
      StarkNetDomain: felts("name", "chainId", "version"),
      Order: felts("timestamp", "market", "side", "orderType", "size", "price"),
    },
    message: {
      timestamp: String(order.timestampMs),
      market: order.market,
      side: order.side === "BUY" ? "1" : "2",
      orderType: order.type,
      size: String(toChainUnits(order.size)),
      price: String(toChainUnits(order.price)),
    },
  }, hex(account));
}

export function referenceSignature(hash: string): { readonly r: bigint; readonly s: bigint } {
  const { r, s } = ec.starkCurve.sign(hash, hex(privateKey));
  return { r, s };
}

/** Hash and signature of one order by ours. */
export function ownSigner() {
  const curve = new StarkCurve();
  const hashes = messageHashes(curve, chainId, account);
  return {
    hash: (order: RandomOrder): bigint => hashes.order(order),
    sign: (hash: bigint): { readonly r: bigint; readonly s: bigint } => curve.sign(hash, privateKey),
  };
}

/** mulberry32: equal seeds give equal orders. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function cost<Hash>(
  name: string,
  count: number,
  hash: (order: RandomOrder) => Hash,
  sign: (hash: Hash) => unknown,
): SigningCost {
  const orders = randomOrders(seeded(1));
  const hashMs: number[] = [];
  const signMs: number[] = [];
  const bothMs: number[] = [];
  const warmUp = Math.ceil(count / 5);
  for (let at = -warmUp; at < count; at++) {
    const { value: order } = orders.next();
    if (order === undefined) break;
    const startMs = performance.now();
    const hashed = hash(order);
    const middleMs = performance.now();
    sign(hashed);
    const endMs = performance.now();
    if (at < 0) continue;
    hashMs.push(middleMs - startMs);
    signMs.push(endMs - middleMs);
    bothMs.push(endMs - startMs);
  }
  const at = (times: number[], share: number): number =>
    times.sort((a, b) => a - b)[Math.floor(times.length * share)] ?? NaN;
  return {
    name,
    hashP50Ms: at(hashMs, 0.5),
    signP50Ms: at(signMs, 0.5),
    bothP50Ms: at(bothMs, 0.5),
    bothP99Ms: at(bothMs, 0.99),
  };
}

export function signingCosts(): readonly SigningCost[] {
  const own = ownSigner();
  return [
    cost("berth", 2_000, own.hash, own.sign),
    cost("starknet.js", 150, referenceHash, referenceSignature),
  ];
}

if (import.meta.main) {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(signingCosts())}\n`));
  Deno.exit(0);
}
