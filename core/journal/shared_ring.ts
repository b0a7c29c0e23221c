/**
 * A ring of bytes in shared memory from the engine's thread to the journal's: one writer, one reader, frames with a
 * length in front. Writing copies bytes and stores two numbers; no message is posted, and no thread waits for the other.
 *
 * Invariants:
 * 1. `head` and `tail` only grow (modulo 2^32); head − tail is the number of bytes held, at most the capacity.
 * 2. The writer alone stores `head`, after the frame's bytes; the reader alone stores `tail`, after it copied them.
 */

/** Indexes of the shared control words. */
export const controlWord = {
  head: 0,
  tail: 1,
  /** Raised when there is something to read; the reader sleeps on it. */
  wake: 2,
  /** Raised when someone waits for the commit; the reader cuts its wait for company short. */
  urgent: 3,
  /** Operations committed, modulo 2^32. */
  committed: 4,
  /** Raised when something was taken from the ring or committed; the writer waits on it. */
  progress: 5,
} as const;
const controlWords = 8;
const lengthBytes = 4;

export interface SharedRing {
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

/** @param capacityBytes a power of two */
export function createSharedRing(capacityBytes: number): SharedRing {
  return {
    control: new Int32Array(new SharedArrayBuffer(controlWords * Int32Array.BYTES_PER_ELEMENT)),
    bytes: new Uint8Array(new SharedArrayBuffer(capacityBytes)),
  };
}

/** Largest frame that always fits into an empty ring, with room for a second one. */
export const largestFrameBytes = (ring: SharedRing): number => ring.bytes.length / 2 - lengthBytes;

function copyIn(ring: SharedRing, position: number, source: Uint8Array): void {
  const at = position % ring.bytes.length;
  const untilEnd = Math.min(source.length, ring.bytes.length - at);
  ring.bytes.set(source.subarray(0, untilEnd), at);
  ring.bytes.set(source.subarray(untilEnd), 0);
}

function copyOut(ring: SharedRing, position: number, lengthOf: number): Uint8Array {
  const at = position % ring.bytes.length;
  const copy = new Uint8Array(lengthOf);
  const untilEnd = Math.min(lengthOf, ring.bytes.length - at);
  copy.set(ring.bytes.subarray(at, at + untilEnd), 0);
  copy.set(ring.bytes.subarray(0, lengthOf - untilEnd), untilEnd);
  return copy;
}

const lengthScratchBytes = (value: number): Uint8Array =>
  Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff);

/** Adds a frame; false, and nothing written, when there is no room. Does not wake the reader. */
export function writeFrame(ring: SharedRing, frame: Uint8Array): boolean {
  const head = Atomics.load(ring.control, controlWord.head) >>> 0;
  const tail = Atomics.load(ring.control, controlWord.tail) >>> 0;
  const heldBytes = (head - tail) >>> 0;
  if (!(heldBytes + lengthBytes + frame.length <= ring.bytes.length)) return false;
  copyIn(ring, head, lengthScratchBytes(frame.length));
  copyIn(ring, (head + lengthBytes) >>> 0, frame);
  Atomics.store(ring.control, controlWord.head, (head + lengthBytes + frame.length) | 0);
  return true;
}

/** Takes at most `maxFrames` frames, oldest first. The ring's own bytes are free again when it returns. */
export function readFrames(ring: SharedRing, maxFrames: number): readonly Uint8Array[] {
  const head = Atomics.load(ring.control, controlWord.head) >>> 0;
  let tail = Atomics.load(ring.control, controlWord.tail) >>> 0;
  const frames: Uint8Array[] = [];
  while (tail !== head && frames.length < maxFrames) {
    const prefix = copyOut(ring, tail, lengthBytes);
    const frameBytes = new DataView(prefix.buffer).getUint32(0, true);
    frames.push(copyOut(ring, (tail + lengthBytes) >>> 0, frameBytes));
    tail = (tail + lengthBytes + frameBytes) >>> 0;
  }
  Atomics.store(ring.control, controlWord.tail, tail | 0);
  return frames;
}
