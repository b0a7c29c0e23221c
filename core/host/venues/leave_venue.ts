/** A venue that the operator switches off: what rests there is cancelled while its adapter still can. */
import { type VenueId, venueOf } from "../../model/ids.ts";
import { isResidentStop, type Order } from "../../model/order.ts";
import type { EngineDriver } from "../ports.ts";

const deadlineMs = 3_000;
/** Strategies that have not noticed yet may place another. */
const cancelEveryMs = 500;
const lookEveryMs = 25;

/**
 * Positions stay, and the stops that the venue keeps for them.
 *
 * @returns what is not known to be cancelled when the time is over
 */
export async function leaveVenue(driver: EngineDriver, venue: VenueId): Promise<readonly Order[]> {
  const { clock, engine } = driver;
  const resting = (): readonly Order[] =>
    engine.snapshot(clock.epochUs()).workingOrders.filter((order) =>
      venueOf(order.instrument) === venue && !isResidentStop(order)
    );
  const untilMs = clock.monotonicMs() + deadlineMs;
  let nextCancelMs = clock.monotonicMs();
  for (let left = resting(); left.length > 0; left = resting()) {
    const nowMs = clock.monotonicMs();
    if (nowMs >= untilMs) return left;
    if (nowMs >= nextCancelMs) {
      nextCancelMs = nowMs + cancelEveryMs;
      const scope = { kind: "account", venue } as const;
      driver.dispatch({
        kind: "operator",
        tsUs: clock.epochUs(),
        by: "host",
        command: { kind: "cancel_orders", scope },
      });
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  return [];
}
