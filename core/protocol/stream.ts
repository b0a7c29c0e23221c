/**
 * Framing of the byte stream between host and plugin. A frame is an 8-byte header and its payload:
 * u32 payload length, u8 kind, u8 protocol version, u16 zero; all little-endian.
 *
 * Invariants:
 * 1. A length is checked before anything of the frame is kept.
 * 2. After a fault nothing more is read: the stream has no way back to a frame's start.
 * 3. All frames of one turn of the event loop leave in one write.
 */
import { BerthError } from "../errors.ts";
import { frameLimits, protocolVersion } from "./messages.ts";
import { recordBytes } from "./records.ts";

export const headerBytes = 8;
export const frameKinds = { message: 1, records: 2, book: 3 } as const;
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

export type StreamFault =
  | { readonly kind: "bad_frame"; readonly reason: string }
  | { readonly kind: "too_large"; readonly sizeBytes: number };

/** The typed error that a fault of this plugin's stream is. */
export function faultError(pluginId: string, fault: StreamFault): BerthError {
  return fault.kind === "too_large"
    ? new BerthError("PROTOCOL_FRAME_TOO_LARGE", {
      pluginId,
      sizeBytes: fault.sizeBytes,
      limitBytes: frameLimits.maxFrameBytes,
    })
    : new BerthError("PROTOCOL_BAD_FRAME", { pluginId, reason: fault.reason });
}

/** Called for each whole frame; `payload` is valid during the call only. */
export type OnFrame = (kind: FrameKind, payload: Uint8Array) => void;

/** Cuts a byte stream into frames, wherever the chunks end. */
export class FrameReader {
  #pending: Uint8Array = new Uint8Array(4_096);
  #length = 0;
  #fault: StreamFault | undefined;

  /** Takes one chunk. Returns the fault that ended the stream, if any, at every call from then on. */
  push(chunk: Uint8Array, onFrame: OnFrame): StreamFault | undefined {
    if (this.#fault !== undefined) return this.#fault;
    if (this.#length === 0) {
      const used = this.#cut(chunk, onFrame);
      if (used < chunk.length) this.#keep(chunk.subarray(used));
    } else {
      this.#keep(chunk);
      const used = this.#cut(this.#pending.subarray(0, this.#length), onFrame);
      this.#pending.copyWithin(0, used, this.#length);
      this.#length -= used;
    }
    return this.#fault;
  }

  /** Bytes of an unfinished frame: not 0 at the end of the stream means that it was torn. */
  get unfinishedBytes(): number {
    return this.#length;
  }

  #keep(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#pending.length) {
      const larger = new Uint8Array(Math.max(this.#pending.length * 2, this.#length + bytes.length));
      larger.set(this.#pending.subarray(0, this.#length));
      this.#pending = larger;
    }
    this.#pending.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Hands over the whole frames of `bytes`; returns how many bytes they took. */
  #cut(bytes: Uint8Array, onFrame: OnFrame): number {
    let at = 0;
    while (this.#fault === undefined && bytes.length - at >= headerBytes) {
      const size = ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) |
        ((bytes[at + 3] ?? 0) << 24)) >>> 0;
      const kind = bytes[at + 4];
      this.#fault = checkHeader(size, kind, bytes[at + 5]);
      if (this.#fault !== undefined || bytes.length - at < headerBytes + size) break;
      if (kind === 1 || kind === 2 || kind === 3) {
        onFrame(kind, bytes.subarray(at + headerBytes, at + headerBytes + size));
      }
      at += headerBytes + size;
    }
    return at;
  }
}

function checkHeader(
  size: number,
  kind: number | undefined,
  version: number | undefined,
): StreamFault | undefined {
  if (version !== protocolVersion) {
    return { kind: "bad_frame", reason: `version ${version} in a frame header` };
  }
  if (size > frameLimits.maxFrameBytes) return { kind: "too_large", sizeBytes: size };
  if (kind === frameKinds.records) {
    return size > 0 && size % recordBytes === 0
      ? undefined
      : { kind: "bad_frame", reason: `${size} bytes are no whole records` };
  }
  return kind === frameKinds.message || kind === frameKinds.book
    ? undefined
    : { kind: "bad_frame", reason: `frame kind ${kind}` };
}

/** Where bytes go: one write at a time. Nothing is returned by a write that is done when it returns. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void> | void;
}

/**
 * For a process whose event loop a flood of input can keep in one turn for long: writes are then made in the middle of
 * it, one per `minGapMs` or `maxBatchBytes`, so that nothing waits for the turn's end. When it is quiet each turn's
 * frames leave at once.
 */
export interface WritePace {
  readonly minGapMs: number;
  readonly maxBatchBytes: number;
  nowMs(): number;
  /** Runs the task in the next turn of the event loop. */
  nextTurn(task: () => void): void;
}

/** What a writer asks for more when it is about to write: market data that waited for its turn. */
export type BeforeWrite = (writer: FrameWriter) => void;

/**
 * Collects frames and writes all of a turn at once. While a write is under way frames pile up, up to `maxQueuedBytes`;
 * beyond it the reader is too slow for what must not be lost, and `onOverflow` is called once.
 */
export class FrameWriter {
  readonly #sink: ByteSink;
  readonly #maxQueuedBytes: number;
  readonly #onOverflow: (queuedBytes: number) => void;
  readonly #onError: (error: unknown) => void;
  readonly #beforeWrite: BeforeWrite | undefined;
  readonly #pace: WritePace | undefined;
  #lastWriteMs = -Infinity;
  #isDeferred = false;
  #buffer: Uint8Array;
  #view: DataView;
  #spare: Uint8Array;
  #length = 0;
  /** Offset of the header of an open records frame, or -1. */
  #openRecords = -1;
  #isScheduled = false;
  #isWriting = false;
  #isEnded = false;
  readonly #waiting: (() => void)[] = [];

  constructor(
    sink: ByteSink,
    options: {
      readonly maxQueuedBytes: number;
      readonly onOverflow: (queuedBytes: number) => void;
      readonly onError: (error: unknown) => void;
      /** Called just before each write. */
      readonly beforeWrite?: BeforeWrite;
      readonly pace?: WritePace;
    },
  ) {
    this.#sink = sink;
    this.#maxQueuedBytes = options.maxQueuedBytes;
    this.#onOverflow = options.onOverflow;
    this.#onError = options.onError;
    this.#beforeWrite = options.beforeWrite;
    this.#pace = options.pace;
    this.#buffer = new Uint8Array(1 << 16);
    this.#spare = new Uint8Array(1 << 16);
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** Bytes waiting for the next write. */
  get queuedBytes(): number {
    return this.#length;
  }

  /** True while the reader has not taken the last write. */
  get isBusy(): boolean {
    return this.#isWriting;
  }

  /** Adds a frame; the payload is copied. */
  frame(kind: FrameKind, payload: Uint8Array): void {
    const at = this.#reserve(headerBytes + payload.length);
    this.#header(at, kind, payload.length);
    this.#buffer.set(payload, at + headerBytes);
    this.#openRecords = -1;
    this.#schedule();
  }

  /** Room for one record; write it at `offset` of `view` at once. Records of one turn share a frame. */
  record(): { readonly view: DataView; readonly offset: number } {
    const offset = this.recordOffset();
    return { view: this.#view, offset };
  }

  /** Like {@link record} without allocating: returns the offset in {@link view}. */
  recordOffset(): number {
    const isOpen = this.#openRecords >= 0 &&
      this.#length - this.#openRecords + recordBytes - headerBytes <= frameLimits.maxFrameBytes - recordBytes;
    if (!isOpen) {
      this.#openRecords = this.#reserve(headerBytes);
      this.#header(this.#openRecords, frameKinds.records, 0);
    }
    const at = this.#reserve(recordBytes);
    this.#view.setUint32(this.#openRecords, this.#length - this.#openRecords - headerBytes, true);
    this.#schedule();
    return at;
  }

  /** The buffer that `recordOffset` points into; changes when it grows. */
  get view(): DataView {
    return this.#view;
  }

  /** Asks for a write at the end of this turn, so that `beforeWrite` can add what it has. */
  wake(): void {
    this.#schedule();
  }

  /** Resolves when everything queued so far is written, or writing has ended. */
  flushed(): Promise<void> {
    if (this.#isEnded || (this.#length === 0 && !this.#isWriting)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Nothing is written from now on. */
  end(): void {
    this.#isEnded = true;
    this.#length = 0;
    this.#openRecords = -1;
    this.#settle();
  }

  #settle(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #header(at: number, kind: FrameKind, size: number): void {
    this.#view.setUint32(at, size, true);
    this.#view.setUint32(at + 4, kind | (protocolVersion << 8), true);
  }

  #reserve(bytes: number): number {
    const at = this.#length;
    if (at + bytes > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#buffer.length * 2, at + bytes));
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = at + bytes;
    return at;
  }

  #schedule(): void {
    if (this.#length > this.#maxQueuedBytes && !this.#isEnded) {
      const queuedBytes = this.#length;
      this.end();
      return this.#onOverflow(queuedBytes);
    }
    if (this.#isScheduled || this.#isWriting || this.#isEnded) return;
    this.#isScheduled = true;
    // After all that this turn's events cause, before the loop waits again.
    queueMicrotask(() => queueMicrotask(() => this.#flush()));
  }

  #flush(): void {
    const pace = this.#pace;
    const isEarly = pace !== undefined && this.#length < pace.maxBatchBytes &&
      pace.nowMs() - this.#lastWriteMs < pace.minGapMs;
    if (pace === undefined || !isEarly) return this.#write();
    this.#isScheduled = false;
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    pace.nextTurn(() => {
      this.#isDeferred = false;
      this.#write();
    });
  }

  #write(): void {
    this.#isScheduled = false;
    if (this.#isEnded || this.#isWriting) return;
    this.#beforeWrite?.(this);
    if (this.#length === 0) return;
    const bytes = this.#buffer.subarray(0, this.#length);
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    this.#view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.byteLength);
    this.#length = 0;
    this.#openRecords = -1;
    this.#isWriting = true;
    let written: Promise<void> | void;
    try {
      written = this.#sink.write(bytes);
    } catch (error) {
      return this.#failed(error);
    }
    if (this.#pace !== undefined) this.#lastWriteMs = this.#pace.nowMs();
    if (written === undefined) return this.#written();
    written.then(() => this.#written(), (error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    this.end();
    this.#isWriting = false;
    this.#settle();
    this.#onError(error);
  }

  #written(): void {
    this.#isWriting = false;
    if (this.#isEnded) return;
    this.#write();
    if (!this.#isWriting) this.#settle();
  }
}
