/**
 * When a channel may be tried again: pure. Failures in a row wait longer and longer; after {@link tripAfter} of them the
 * circuit is open, and one note a time tries whether the service is back.
 */
import type { Delivery } from "./channels/channel.ts";

export interface Circuit {
  /** Failures in a row. */
  readonly failures: number;
  /** No attempt before this. */
  readonly notBeforeMs: number;
  readonly isOpen: boolean;
  /** Of the newest failure; empty when the last attempt was good. */
  readonly why: string;
}

export const closedCircuit: Circuit = { failures: 0, notBeforeMs: -Infinity, isOpen: false, why: "" };

export const tripAfter = 5;
const firstPauseMs = 1_000;
const openPauseMs = 60_000;
const longestPauseMs = 900_000;
/** A service that asks for longer is asked again all the same. */
const longestLimitMs = 3_600_000;

/**
 * @param random from 0 up to 1: pauses are spread by up to a quarter, so that channels that failed together don't come
 * back together
 */
export function afterDelivery(
  circuit: Circuit,
  delivery: Delivery,
  nowMs: number,
  spacingMs: number,
  random: number,
): Circuit {
  switch (delivery.kind) {
    case "sent":
      return { ...closedCircuit, notBeforeMs: nowMs + Math.max(spacingMs, delivery.pauseMs) };
    case "sent_in_part":
      return { ...closedCircuit, notBeforeMs: nowMs + spacingMs, why: delivery.reason };
    case "limited":
      // It works and says when: no failure. A little later than it says, for clocks differ.
      return {
        ...circuit,
        notBeforeMs: nowMs + Math.min(Math.max(spacingMs, delivery.afterMs + 50), longestLimitMs),
      };
    case "rejected":
      // The service is there; only this note was wrong.
      return { ...closedCircuit, notBeforeMs: nowMs + spacingMs, why: delivery.reason };
    case "failed":
    case "misconfigured": {
      const failures = circuit.failures + 1;
      const isOpen = delivery.kind === "misconfigured" || failures >= tripAfter;
      const doublings = Math.min(20, isOpen ? Math.max(0, failures - tripAfter) : failures - 1);
      const pauseMs = Math.min((isOpen ? openPauseMs : firstPauseMs) * 2 ** doublings, longestPauseMs);
      const spreadMs = pauseMs * 0.25 * random;
      return {
        failures,
        isOpen,
        why: delivery.reason,
        notBeforeMs: nowMs + Math.max(spacingMs, pauseMs + spreadMs),
      };
    }
    default:
      return delivery satisfies never;
  }
}
