/** Value of the positions on each venue: what may still be added, and which direction brings them nearer to flat. */
import type { Instrument, InstrumentId, PositionView, Quote } from "@berth/sdk";

export interface VenueInventory {
  /** Sum of the positions' values, whatever their sign. */
  readonly grossUsd: number;
  /** Long positive. */
  readonly netUsd: number;
}

/** By venue. */
export type Inventory = ReadonlyMap<string, VenueInventory>;

const nothing: VenueInventory = { grossUsd: 0, netUsd: 0 };

/** By venue; a position without a price counts with its entry. */
export function inventoryOf(
  positions: readonly PositionView[],
  instrument: (id: InstrumentId) => Instrument | undefined,
  quote: (id: InstrumentId) => Quote | undefined,
): Inventory {
  const byVenue = new Map<string, VenueInventory>();
  for (const { instrument: id, sizeBase, averageEntryPrice } of positions) {
    const venue = instrument(id)?.venue;
    if (venue === undefined || sizeBase === 0) continue;
    const now = quote(id);
    const middle = now === undefined ? NaN : (now.bidPrice + now.askPrice) / 2;
    const valueUsd = sizeBase * (middle > 0 ? middle : averageEntryPrice ?? 0);
    const { grossUsd, netUsd } = byVenue.get(venue) ?? nothing;
    byVenue.set(venue, { grossUsd: grossUsd + Math.abs(valueUsd), netUsd: netUsd + valueUsd });
  }
  return byVenue;
}

/** Whether buying here and selling there for this value brings both venues' net nearer to flat. */
export function isRebalancing(
  inventory: Inventory,
  buyVenue: string,
  sellVenue: string,
  valueUsd: number,
): boolean {
  const buyNet = inventory.get(buyVenue)?.netUsd ?? 0;
  const sellNet = inventory.get(sellVenue)?.netUsd ?? 0;
  return Math.abs(buyNet + valueUsd) < Math.abs(buyNet) && Math.abs(sellNet - valueUsd) < Math.abs(sellNet);
}

/** Whether both venues have room for positions of this value more. */
export function hasRoom(
  inventory: Inventory,
  venues: readonly [string, string],
  valueUsd: number,
  maxVenueNotionalUsd: number,
): boolean {
  return venues.every((venue) => (inventory.get(venue)?.grossUsd ?? 0) + valueUsd <= maxVenueNotionalUsd);
}
