/** One signed action on its way: budget, nonce, signature, then by the account's socket or by REST. Nothing is sent twice. */
import { type Action, lengthOf } from "./actions.ts";
import type { NonceSource } from "./nonces.ts";
import type { AddressBudget, WeightBudget } from "./request_budget.ts";
import type { ActionResult, RestClient } from "./rest.ts";
import type { ActionSigner } from "./signing.ts";
import type { VenueTime } from "@berth/sdk/venue/venue_time.ts";

/** How an action ended. `local` never left this machine. */
export type SendResult =
  | ActionResult
  | { readonly kind: "local"; readonly code: "not_sent" | "rate_limited"; readonly text: string };

export interface ActionSenderOptions {
  readonly signer: ActionSigner;
  readonly nonces: NonceSource;
  readonly rest: Pick<RestClient, "exchange">;
  /** Over the account's socket; undefined when it is not ready, so that nothing was sent. */
  readonly socketRequest: (envelope: string, signal: AbortSignal) => Promise<ActionResult> | undefined;
  readonly weight: WeightBudget;
  readonly address: AddressBudget;
  readonly time: VenueTime;
  /** The venue takes what was just sent for late: its time is not what we think. */
  readonly onExpired: () => void;
  /** 0 for none. */
  readonly expiryMs: number;
  readonly vaultAddress: string | undefined;
}

/** The venue weighs one for each of these entries begun. */
const entriesPerWeight = 40;
/** Whoever answers an empty budget is not asked again at once. */
const pauseMs = 2_000;

export class ActionSender {
  readonly #options: ActionSenderOptions;

  constructor(options: ActionSenderOptions) {
    this.#options = options;
  }

  async send(action: Action, signal: AbortSignal): Promise<SendResult> {
    if (signal.aborted) return { kind: "local", code: "not_sent", text: "the deadline had passed" };
    const { address, rest, socketRequest, weight } = this.#options;
    const entries = lengthOf(action);
    const isCancel = action.type === "cancel" || action.type === "cancelByCloid" ||
      action.type === "scheduleCancel";
    if (!weight.tryTake(1 + Math.floor(entries / entriesPerWeight), isCancel ? "cancel" : "order")) {
      return { kind: "local", code: "rate_limited", text: "the budget of requests is empty" };
    }
    if (isCancel) address.count(entries);
    else if (!address.tryTake(entries)) {
      return {
        kind: "local",
        code: "rate_limited",
        text: "the address has no requests left; it earns them by trading",
      };
    }
    const envelope = this.#envelope(action);
    const result = await (socketRequest(envelope, signal) ?? rest.exchange(envelope, signal));
    if (result.kind === "refused") {
      if (result.text.includes("Too many cumulative requests")) weight.pause(pauseMs);
      if (/expired/i.test(result.text)) this.#options.onExpired();
    }
    return result;
  }

  /** JSON in the order of keys that was signed. */
  #envelope(action: Action): string {
    const { expiryMs, nonces, signer, time, vaultAddress } = this.#options;
    const nonce = nonces.next();
    const expiresAfterMs = expiryMs === 0 ? undefined : time.nowMs() + expiryMs;
    const signature = signer.sign(action, { nonce, vaultAddress, expiresAfterMs });
    return JSON.stringify({
      action,
      nonce,
      signature,
      ...(vaultAddress === undefined ? {} : { vaultAddress }),
      ...(expiresAfterMs === undefined ? {} : { expiresAfter: expiresAfterMs }),
    });
  }
}
