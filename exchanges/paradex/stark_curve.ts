/**
 * The STARK curve as order signing needs it: the Pedersen hash and ECDSA with RFC 6979 nonces.
 *
 * Both multiply points that never change, so their multiples are tabled once (windows of 4 bits, affine) and an
 * operand is at most 63 additions in Jacobian coordinates, with one inversion a hash. Results are bit-identical to
 * `@scure/starknet`, which starknet.js uses; the tests compare. The tables take 40 ms to build, so make one
 * `StarkCurve` for a process. Windows of 8 bits would save a third of the time of an order's signature (0.25 of
 * 0.79 ms) for 30 MB more memory of the process, most of it garbage of the larger tables' making.
 *
 * Nothing here runs in constant time. The key lives in a process that runs no foreign code and answers nobody in
 * less than a network round trip.
 *
 * @see https://docs.starkware.co/starkex/crypto/stark-curve.html
 * @see https://docs.starkware.co/starkex/crypto/pedersen-hash-function.html
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { BerthError } from "@berth/sdk";

/** p = 2^251 + 17·2^192 + 1. */
export const fieldPrime = 2n ** 251n + 17n * 2n ** 192n + 1n;
/** Order of the generator. */
export const curveOrder = 0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2fn;
/** Message hashes, r and 1/s must be below it. */
const signatureLimit = 2n ** 251n;

interface AffinePoint {
  readonly x: bigint;
  readonly y: bigint;
}

const generator: AffinePoint = {
  x: 874739451078007766457464989774322083649278607533249481151382481072868806602n,
  y: 152666792071518830868575557812948353041420400780739481342941381225525861407n,
};

/** Digits of π turned into points: the shift, then low 248 and high 4 bits of the first and the second operand. */
const pedersenPoints = {
  shift: {
    x: 2089986280348253421170679821480865132823066470938446095505822317253594081284n,
    y: 1713931329540660377023406109199410414810705867260802078187082345529207694986n,
  },
  firstLow: {
    x: 996781205833008774514500082376783249102396023663454813447423147977397232763n,
    y: 1668503676786377725805489344771023921079126552019160156920634619255970485781n,
  },
  firstHigh: {
    x: 2251563274489750535117886426533222435294046428347329203627021249169616184184n,
    y: 1798716007562728905295480679789526322175868328062420237419143593021674992973n,
  },
  secondLow: {
    x: 2138414695194151160943305727036575959195309218611738193261179310511854807447n,
    y: 113410276730064486255102093846540133784865286929052426931474106396135072156n,
  },
  secondHigh: {
    x: 2379962749567351885752724891227938183011949129833673362440656643086021394946n,
    y: 776496453633298175483985398648758586525933812536653089401905292063708816422n,
  },
} as const satisfies Record<string, AffinePoint>;

/** Divides 248, where the hash changes from one point to the next, and makes the high 4 bits a window of their own. */
const windowBits = 4;
const windowSize = 1 << windowBits;
const windowMask = BigInt(windowSize - 1);
const windowShift = BigInt(windowBits);

/** Jacobian coordinates (x = X/Z², y = Y/Z³), changed in place: the one mutable record of a hash. `Z` 0 is the neutral element. */
interface Accumulator {
  X: bigint;
  Y: bigint;
  Z: bigint;
}

/** Entry w · 16 + d is d · 2^(4w) · point; d = 0 is never read. */
interface WindowTable {
  readonly xs: readonly bigint[];
  readonly ys: readonly bigint[];
}

/** 1/value modulo `modulus` by the extended Euclidean algorithm. */
function invert(value: bigint, modulus: bigint): bigint {
  let [r0, r1] = [modulus, ((value % modulus) + modulus) % modulus];
  let [t0, t1] = [0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  if (r0 !== 1n) throw degenerate("inverse of zero");
  return t0 < 0n ? t0 + modulus : t0;
}

function degenerate(details: string): BerthError {
  return new BerthError("INVARIANT_BROKEN", {
    invariant: "points of the STARK curve are in general position",
    details,
  });
}

const positive = (value: bigint): bigint => (value < 0n ? value + fieldPrime : value);

/**
 * acc += (x, y), mixed addition; intermediate values may be negative, which products don't mind.
 * @see https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian.html#addition-madd
 */
function addAffine(acc: Accumulator, x: bigint, y: bigint): void {
  if (acc.Z === 0n) {
    acc.X = x;
    acc.Y = y;
    acc.Z = 1n;
    return;
  }
  const zz = (acc.Z * acc.Z) % fieldPrime;
  const h = ((x * zz) % fieldPrime) - acc.X;
  const r = ((y * ((acc.Z * zz) % fieldPrime)) % fieldPrime) - acc.Y;
  // Equal or opposite points: would need a discrete logarithm between constants that nobody knows.
  if (h % fieldPrime === 0n) throw degenerate("the sum meets its own summand");
  const hh = (h * h) % fieldPrime;
  const hhh = (h * hh) % fieldPrime;
  const v = (acc.X * hh) % fieldPrime;
  const nextX = (r * r - hhh - 2n * v) % fieldPrime;
  acc.Y = (r * (v - nextX) - acc.Y * hhh) % fieldPrime;
  acc.X = nextX;
  acc.Z = (acc.Z * h) % fieldPrime;
}

/** 2 · point for a = 1. Used only to build tables. */
function doubled(point: AffinePoint): AffinePoint {
  const slope = (3n * point.x * point.x + 1n) * invert(2n * point.y, fieldPrime);
  const x = positive((slope * slope - 2n * point.x) % fieldPrime);
  return { x, y: positive((slope * (point.x - x) - point.y) % fieldPrime) };
}

/** Affine points of many accumulators with one inversion (Montgomery's trick). */
function normalized(points: readonly Accumulator[]): AffinePoint[] {
  const products: bigint[] = [];
  let product = 1n;
  for (const point of points) {
    products.push(product);
    product = (product * point.Z) % fieldPrime;
  }
  let inverse = invert(product, fieldPrime);
  const affine: AffinePoint[] = new Array(points.length);
  for (let i = points.length - 1; i >= 0; i--) {
    const point = points[i]!;
    const z = (inverse * products[i]!) % fieldPrime;
    inverse = (inverse * point.Z) % fieldPrime;
    const zz = (z * z) % fieldPrime;
    affine[i] = {
      x: positive((point.X * zz) % fieldPrime),
      y: positive((point.Y * ((zz * z) % fieldPrime)) % fieldPrime),
    };
  }
  return affine;
}

/** Multiples 1…15 of `point`, then of 2^4 · `point`, and so on for `windows` windows. */
function windowTable(point: AffinePoint, windows: number): WindowTable {
  const jacobian: Accumulator[] = [];
  let base = point;
  for (let window = 0; window < windows; window++) {
    const twice = doubled(base);
    const sum: Accumulator = { X: twice.x, Y: twice.y, Z: 1n };
    jacobian.push({ X: base.x, Y: base.y, Z: 1n }, { ...sum });
    for (let digit = 3; digit < windowSize; digit++) {
      addAffine(sum, base.x, base.y);
      jacobian.push({ ...sum });
    }
    for (let bit = 0; bit < windowBits; bit++) base = doubled(base);
  }
  const xs: bigint[] = [];
  const ys: bigint[] = [];
  normalized(jacobian).forEach((multiple, i) => {
    if (i % (windowSize - 1) === 0) {
      xs.push(0n);
      ys.push(0n);
    }
    xs.push(multiple.x);
    ys.push(multiple.y);
  });
  return { xs, ys };
}

/** The windows of the low 248 bits and the one of the high 4 bits in one table, as the hash walks them. */
function operandTable(low: AffinePoint, high: AffinePoint): WindowTable {
  const lowTable = windowTable(low, 248 / windowBits);
  const highTable = windowTable(high, 4 / windowBits);
  return { xs: [...lowTable.xs, ...highTable.xs], ys: [...lowTable.ys, ...highTable.ys] };
}

/** acc += scalar · (the table's point); `scalar` >= 0 and below 2^252. */
function addMultiple(acc: Accumulator, table: WindowTable, scalar: bigint): void {
  for (let offset = 0; scalar !== 0n; offset += windowSize) {
    const digit = Number(scalar & windowMask);
    if (digit !== 0) addAffine(acc, table.xs[offset + digit]!, table.ys[offset + digit]!);
    scalar >>= windowShift;
  }
}

function affineX(acc: Accumulator): bigint {
  const z = invert(acc.Z, fieldPrime);
  return positive((acc.X * ((z * z) % fieldPrime)) % fieldPrime);
}

function affine(acc: Accumulator): AffinePoint {
  const z = invert(acc.Z, fieldPrime);
  const zz = (z * z) % fieldPrime;
  return {
    x: positive((acc.X * zz) % fieldPrime),
    y: positive((acc.Y * ((zz * z) % fieldPrime)) % fieldPrime),
  };
}

function checkFelt(value: bigint): void {
  if (!(value >= 0n && value < fieldPrime)) {
    throw new BerthError("MODEL_OUT_OF_RANGE", {
      what: "field element",
      value: `of ${value.toString(2).length} bits`,
      range: "[0, 2^251 + 17·2^192]",
    });
  }
}

function bytesOf(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * (31 - i))) & 0xffn));
}

function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/**
 * RFC 6979 §3.2 with SHA-256: yields candidates for the nonce. As StarkWare's signer has it, a candidate with a
 * leading zero byte is not shifted from 256 to 252 bits.
 */
function* nonces(privateKey: bigint, hash: bigint): Generator<bigint, never> {
  const seed = new Uint8Array([...bytesOf(privateKey), ...bytesOf(hash % curveOrder)]);
  let value: Uint8Array = new Uint8Array(32).fill(1);
  let key: Uint8Array = new Uint8Array(32);
  for (const mark of [0, 1]) {
    key = hmac(sha256, key, new Uint8Array([...value, mark, ...seed]));
    value = hmac(sha256, key, value);
  }
  while (true) {
    value = hmac(sha256, key, value);
    yield numberOf(value) >> (value[0] === 0 ? 0n : 4n);
    key = hmac(sha256, key, new Uint8Array([...value, 0]));
    value = hmac(sha256, key, value);
  }
}

export interface StarkSignature {
  readonly r: bigint;
  readonly s: bigint;
}

/** A second operand whose part of the hash is already added up: for what is hashed again and again. */
export interface PreparedOperand {
  readonly x: bigint;
  readonly y: bigint;
}

/** A first operand prepared for many second ones. Same content, another place in the formula. */
export type PreparedFirst = PreparedOperand & { readonly position: "first" };

/** Tables of the curve's constant points and what is computed with them. Holds no key. */
export class StarkCurve {
  readonly #first = operandTable(pedersenPoints.firstLow, pedersenPoints.firstHigh);
  readonly #second = operandTable(pedersenPoints.secondLow, pedersenPoints.secondHigh);
  readonly #generator = windowTable(generator, 252 / windowBits);

  /**
   * shift + a_low·P1 + a_high·P2 + b_low·P3 + b_high·P4, its x coordinate.
   * @throws {BerthError} MODEL_OUT_OF_RANGE when an operand is no field element
   */
  pedersen(a: bigint, b: bigint): bigint {
    checkFelt(a);
    checkFelt(b);
    const acc = { X: pedersenPoints.shift.x, Y: pedersenPoints.shift.y, Z: 1n };
    addMultiple(acc, this.#first, a);
    addMultiple(acc, this.#second, b);
    return affineX(acc);
  }

  /** Adds up `b`'s part of the hash, for `pedersenPrepared`. */
  prepare(b: bigint): PreparedOperand {
    checkFelt(b);
    const acc = { X: pedersenPoints.shift.x, Y: pedersenPoints.shift.y, Z: 1n };
    addMultiple(acc, this.#second, b);
    return affine(acc);
  }

  /** `pedersen(a, b)` where `b` was prepared. */
  pedersenPrepared(a: bigint, b: PreparedOperand): bigint {
    checkFelt(a);
    const acc = { X: b.x, Y: b.y, Z: 1n };
    addMultiple(acc, this.#first, a);
    return affineX(acc);
  }

  /** Adds up `a`'s part of the hash, for `pedersenFrom`. */
  prepareFirst(a: bigint): PreparedFirst {
    checkFelt(a);
    const acc = { X: pedersenPoints.shift.x, Y: pedersenPoints.shift.y, Z: 1n };
    addMultiple(acc, this.#first, a);
    return { ...affine(acc), position: "first" };
  }

  /** `pedersen(a, b)` where `a` was prepared. */
  pedersenFrom(a: PreparedFirst, b: bigint): bigint {
    checkFelt(b);
    const acc = { X: a.x, Y: a.y, Z: 1n };
    addMultiple(acc, this.#second, b);
    return affineX(acc);
  }

  /** ped(…ped(ped(0, e1), e2)…, n): the hash of a list, its length last. */
  hashList(elements: readonly bigint[]): bigint {
    const chain = elements.reduce((hash, element) => this.pedersen(hash, element), 0n);
    return this.pedersen(chain, BigInt(elements.length));
  }

  /** x coordinate of privateKey · G. */
  publicKey(privateKey: bigint): bigint {
    checkScalar(privateKey);
    return affineX(this.#multiply(privateKey));
  }

  /**
   * Signs a message hash (not hashed again).
   * @throws {BerthError} MODEL_OUT_OF_RANGE when the hash is not below 2^251 or the key is no scalar
   */
  sign(hash: bigint, privateKey: bigint): StarkSignature {
    checkScalar(privateKey);
    if (!(hash >= 0n && hash < signatureLimit)) {
      throw new BerthError("MODEL_OUT_OF_RANGE", {
        what: "message hash",
        value: "above",
        range: "[0, 2^251)",
      });
    }
    for (const nonce of nonces(privateKey, hash)) {
      if (nonce === 0n || nonce >= curveOrder) continue;
      const r = affineX(this.#multiply(nonce)) % curveOrder;
      const sum = (hash + privateKey * r) % curveOrder;
      if (r === 0n || r >= signatureLimit || sum === 0n) continue;
      const s = (invert(nonce, curveOrder) * sum) % curveOrder;
      if ((nonce * invert(sum, curveOrder)) % curveOrder < signatureLimit) return { r, s };
    }
    throw degenerate("no nonce");
  }

  #multiply(scalar: bigint): Accumulator {
    const acc = { X: 0n, Y: 0n, Z: 0n };
    addMultiple(acc, this.#generator, scalar);
    return acc;
  }
}

function checkScalar(privateKey: bigint): void {
  if (!(privateKey > 0n && privateKey < curveOrder)) {
    throw new BerthError("MODEL_OUT_OF_RANGE", { what: "private key", value: "given", range: "[1, n − 1]" });
  }
}
