/** Whoever asks for an action: limits, form, signature, nonce, expiry, budget, in this order; then the desk. The same by HTTP and by WebSocket. */
import * as v from "valibot";
import type { SimulationClock } from "../../simulation/ports.ts";
import { type AddressBudget, type Agents } from "./accounts.ts";
import {
  approveAgentSchema,
  countOf,
  type Envelope,
  envelopeSchema,
  type L1Action,
  l1ActionSchema,
} from "./actions.ts";
import { signerOfAction, signerOfApproval } from "./authentication.ts";
import type { ActionResult, ExchangeDesk } from "./exchange_desk.ts";
import type { NonceSets } from "./nonces.ts";

export type Reply =
  /** `{status:"ok"|"err"}`, HTTP 200. */
  | { readonly kind: "body"; readonly body: Readonly<Record<string, unknown>> }
  /** An HTTP status with plain text. */
  | { readonly kind: "refused"; readonly status: number; readonly text: string };

export const unreadable = "Failed to deserialize the JSON body into the target type";

export interface GatewayOptions {
  readonly clock: SimulationClock;
  readonly agents: Agents;
  readonly nonces: NonceSets;
  readonly budget: AddressBudget;
  readonly desk: ExchangeDesk;
  readonly volumeUsd: () => number;
}

const refused = (text: string): Reply => ({ kind: "body", body: { status: "err", response: text } });
const malformed: Reply = { kind: "refused", status: 422, text: unreadable };

/** Request weight of an action: one for each 40 entries begun. */
export function weightOf(body: unknown): number {
  const parsed = v.safeParse(envelopeSchema, body);
  const action = parsed.success ? v.safeParse(l1ActionSchema, parsed.output.action) : undefined;
  return 1 + (action?.success === true ? Math.floor(countOf(action.output) / 40) : 0);
}

/** All that the simulated venue signs is testnet's: a signature made here is worth nothing on mainnet. */
const source = "b";
const chain = "Testnet";

export class Gateway {
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  handle(body: unknown): Reply {
    const parsed = v.safeParse(envelopeSchema, body);
    if (!parsed.success) return malformed;
    const envelope = parsed.output;
    if (envelope.action.type === "approveAgent") return this.#approve(envelope);
    const action = v.safeParse(l1ActionSchema, envelope.action);
    return action.success ? this.#act(action.output, envelope) : malformed;
  }

  #act(action: L1Action, envelope: Envelope): Reply {
    const { agents, budget, clock, desk, nonces, volumeUsd } = this.#options;
    const signer = signerOfAction(action, envelope, source);
    if (agents.accountOf(signer) === undefined) {
      return refused(`User or API Wallet ${signer} does not exist.`);
    }
    const { vaultAddress, expiresAfter } = envelope;
    if (typeof vaultAddress === "string") return refused(`Vault not registered: ${vaultAddress}`);
    const wrongNonce = nonces.use(signer, envelope.nonce, clock.nowMs());
    if (wrongNonce !== undefined) return refused(wrongNonce);
    const count = countOf(action);
    const isCancel = action.type === "cancel" || action.type === "cancelByCloid";
    // What came too late costs five times as much.
    const isLate = typeof expiresAfter === "number" && clock.nowMs() > expiresAfter;
    const overdrawn = budget.take(isLate ? 5 * count : count, isCancel, volumeUsd());
    if (overdrawn !== undefined) return refused(overdrawn);
    if (isLate) return refused(`Action expired at ${expiresAfter}.`);
    return { kind: "body", body: bodyOf(desk.perform(action)) };
  }

  #approve(envelope: Envelope): Reply {
    const { agents, clock, nonces } = this.#options;
    const parsed = v.safeParse(approveAgentSchema, envelope.action);
    if (!parsed.success) return malformed;
    const action = parsed.output;
    const signer = signerOfApproval(action, envelope);
    if (agents.accountOf(signer) === undefined) {
      return refused(`Must deposit before performing actions. User: ${signer}`);
    }
    // Agents approve no agents.
    if (agents.isAgent(signer)) return refused(`User or API Wallet ${signer} does not exist.`);
    if (typeof envelope.vaultAddress === "string") return refused("Vault may not perform this action.");
    if (action.nonce !== envelope.nonce || action.hyperliquidChain !== chain) return malformed;
    const wrongNonce = nonces.use(signer, envelope.nonce, clock.nowMs());
    if (wrongNonce !== undefined) return refused(wrongNonce);
    const refusal = agents.approve(action.agentAddress, action.agentName ?? "");
    return refusal === undefined
      ? { kind: "body", body: { status: "ok", response: { type: "default" } } }
      : refused(refusal);
  }
}

function bodyOf(result: ActionResult): Readonly<Record<string, unknown>> {
  switch (result.kind) {
    case "error":
      return { status: "err", response: result.text };
    case "default":
      return { status: "ok", response: { type: "default" } };
    case "statuses":
      return { status: "ok", response: { type: result.type, data: { statuses: result.statuses } } };
    default:
      return result satisfies never;
  }
}
