/**
 * Which state a breach leads to. A breach moves a scope one step at a time, and only towards stricter: active to what the
 * configuration says, and from `reducing` to `halted` when a loss goes on: another loss limit is reached, or the same one
 * some times over. What stands beyond a limit of exposure never halts: only trading can bring it back.
 */
import type { RiskSettings, TradingState } from "../model/risk_limits.ts";

/** Whether a breach goes on to halt a scope that is reducing already. */
const escalates = {
  daily_loss: true,
  drawdown: true,
  consecutive_losses: false,
  position: false,
  net_exposure: false,
  gross_exposure: false,
  leverage: false,
  margin_buffer: false,
} as const satisfies Readonly<Record<string, boolean>>;

export type BreachReason = keyof typeof escalates;

export interface Breach {
  readonly reason: BreachReason;
  readonly value: number;
  readonly limit: number;
}

/**
 * @param now the scope's state and what moved it there: a breach's reason, or an operator's words
 * @returns undefined when it stays as it is
 */
export function stateAfter(
  now: { readonly state: TradingState; readonly reason: string },
  { reason, value, limit }: Breach,
  { breachState, haltAtBreachFactor }: Pick<RiskSettings, "breachState" | "haltAtBreachFactor">,
): TradingState | undefined {
  if (now.state === "active") return breachState;
  if (now.state === "reducing" && breachState === "halted") return "halted";
  if (now.state === "halted" || haltAtBreachFactor === null || !escalates[reason]) return undefined;
  return value >= limit * (now.reason === reason ? haltAtBreachFactor : 1) ? "halted" : undefined;
}
