/**
 * Taking profit in steps: each closes its share of the whole position when its price is reached. Pure; what it sends is
 * sent as the plan's other exits are.
 *
 * Invariants:
 * 1. Steps are taken in their order, each once, over restarts too.
 * 2. A step closes its share of the largest size that was built up, what filled later included, and never more than is held.
 * 3. A rest that would be too small for an order of its own goes with the step.
 */
import type { ProfitStep, StepProgress } from "../../model/exit_plan.ts";

export const noSteps: StepProgress = { done: 0, fullLots: 0, seenLots: 0, targetLots: undefined };

/** What fills did since the last look: growth counts to the whole, and to what the present step leaves. */
export function withPosition(progress: StepProgress, heldLots: number): StepProgress {
  if (heldLots === progress.seenLots) return progress;
  const grown = Math.max(0, heldLots - progress.seenLots);
  const { targetLots } = progress;
  return {
    ...progress,
    seenLots: heldLots,
    fullLots: progress.fullLots + grown,
    targetLots: targetLots === undefined ? undefined : targetLots + grown,
  };
}

/**
 * Lots that the next step leaves. Of 10 lots built up and all held, a share of 0.3 leaves 7; 0 when the rest would be
 * smaller than `minSizeLots`.
 */
export function lotsLeft(share: number, { fullLots, seenLots }: StepProgress, minSizeLots: number): number {
  const left = seenLots - Math.max(1, Math.round(fullLots * share));
  return left < Math.max(1, minSizeLots) ? 0 : left;
}

const maxSteps = 10;

/** What is wrong with steps, as the field and what was found; undefined for good ones. */
export function invalidSteps(
  steps: readonly ProfitStep[],
): { readonly field: string; readonly found: string } | undefined {
  if (steps.length < 1 || steps.length > maxSteps) {
    return { field: "takeProfitSteps", found: `${steps.length} steps` };
  }
  let sum = 0;
  for (const [at, { bps, price, share }] of steps.entries()) {
    const field = `takeProfitSteps[${at}]`;
    if ((bps === undefined) === (price === undefined)) return { field, found: "not one of bps and price" };
    const distance = bps ?? price ?? NaN;
    if (!(Number.isFinite(distance) && distance > 0)) return { field, found: String(distance) };
    if (!(share > 0 && share <= 1)) return { field: `${field}.share`, found: String(share) };
    sum += share;
  }
  // Three thirds are a whole.
  return sum <= 1 + 1e-9 ? undefined : { field: "takeProfitSteps", found: `shares of ${sum}` };
}
