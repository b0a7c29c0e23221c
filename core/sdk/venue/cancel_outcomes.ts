/** What many cancels come to together. */
import type { CancelOutcome } from "../../model/order.ts";

const severity: Readonly<Record<CancelOutcome["kind"], number>> = {
  acknowledged: 0,
  already_done: 0,
  rejected: 1,
  unknown: 2,
};

/** The worst of them; an order that is done already is as good as taken back. */
export function worstOf(outcomes: readonly CancelOutcome[]): CancelOutcome {
  let worst: CancelOutcome = { kind: "acknowledged" };
  for (const outcome of outcomes) if (severity[outcome.kind] > severity[worst.kind]) worst = outcome;
  return worst;
}
