/** A way to people: takes one note, tries once, and says what became of it. Waiting and trying again is the queue's. */
import type { AlertNote, AlertSender } from "../alert.ts";

/** Reasons are words for people: a status and what the other side said, never an address or a secret. */
export type Delivery =
  | {
    readonly kind: "sent";
    /** The service wants nothing more for so long; 0 for no such wish. */
    readonly pauseMs: number;
  }
  /** Taken, but not for everybody it was meant for. */
  | { readonly kind: "sent_in_part"; readonly reason: string }
  /** It asks to slow down: the same note again after this. */
  | { readonly kind: "limited"; readonly afterMs: number }
  /** It may work later: no connection, an error of the service. */
  | { readonly kind: "failed"; readonly reason: string }
  /** This note never will be taken. */
  | { readonly kind: "rejected"; readonly reason: string }
  /** No note will be taken until the operator changes something: a wrong token, a deleted webhook. */
  | { readonly kind: "misconfigured"; readonly reason: string };

export interface Channel {
  /** Least time between two notes, as the service allows. */
  readonly spacingMs: number;
  /** Never throws; ends soon after `signal` aborts. */
  deliver(note: AlertNote, signal: AbortSignal): Promise<Delivery>;
}

/** What every channel needs beside its own settings. */
export interface ChannelSurroundings {
  readonly sender: AlertSender;
  /** Seconds since the epoch are what signatures state. */
  readonly epochMs: () => number;
}
