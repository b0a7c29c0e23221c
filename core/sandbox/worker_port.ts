/** What passes between a plugin's thread and its keeper: the byte stream cut into messages, and its end. */
import type { Preamble } from "./preamble.ts";

export interface WorkerStart {
  readonly port: MessagePort;
  readonly preamble: Preamble;
  /** What came behind the preamble. */
  readonly rest: Uint8Array;
}

export type ToWorker = { readonly kind: "bytes"; readonly bytes: Uint8Array } | { readonly kind: "end" };

export type FromWorker =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** So many bytes were used up. */
  | { readonly kind: "taken"; readonly bytes: number }
  | { readonly kind: "exit"; readonly code: number };
