/**
 * Orders that wait in the host for a price, where a venue keeps none itself or none is wanted there: nothing of them is at
 * the venue before. When the price is reached they are orders like any other and pass the risk gate then.
 */
import type { OrderIntent, OrderTrigger } from "./order.ts";

export interface TriggerOrder {
  /** Unique for ever. */
  readonly id: string;
  /** What is sent when the price is reached. */
  readonly intent: OrderIntent;
  readonly trigger: OrderTrigger;
  /** `fired`: the price was reached, and the order waits for a reason that passes, such as a lost connection. */
  readonly phase: "waiting" | "fired" | "sent" | "cancelled" | "refused";
  readonly tsCreatedUs: number;
}

/** Orders of one plugin that may wait at a time. */
export const maxTriggerOrders = 200;

export const isTriggerEnded = ({ phase }: TriggerOrder): boolean => phase !== "waiting" && phase !== "fired";
