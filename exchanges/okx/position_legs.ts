/**
 * What an account holds of each instrument. OKX keeps up to four positions of one: net, or long and short apart, each
 * with cross or isolated margin. berth has one signed position an instrument: their sum.
 */
import { sizeLots, type VenuePosition } from "@berth/sdk";
import { type OkxInstrument, parseContracts } from "./instruments.ts";
import { optionalNumber, type PositionRow } from "./wire.ts";

export type PositionMode = "net_mode" | "long_short_mode";
export type PositionSide = "long" | "short";

interface Leg {
  readonly lots: number;
  /** What orders that close it may still take. */
  readonly closableLots: number;
  readonly row: PositionRow;
}

export class PositionLegs {
  readonly #byInstId = new Map<string, Map<string, Leg>>();

  /** Before a whole list is taken: what it does not name is not held. */
  clear(): void {
    this.#byInstId.clear();
  }

  /** Takes one row. @returns the instrument's whole position @throws on sizes off the lot */
  take(row: PositionRow, one: OkxInstrument): VenuePosition {
    const size = parseContracts(row.posSide === "short" ? `-${row.pos}` : row.pos, one);
    const closable = parseContracts(row.availPos === "" ? row.pos : row.availPos, one);
    const legs = this.#byInstId.get(one.instId) ?? new Map<string, Leg>();
    this.#byInstId.set(one.instId, legs);
    legs.set(`${row.mgnMode}/${row.posSide}`, { lots: size, closableLots: Math.abs(closable), row });
    return positionOf([...legs.values()], row, one);
  }

  /** Lots that an order which closes this side may take, as last heard. */
  closableLots(instId: string, side: PositionSide): number {
    let most = 0;
    for (const { closableLots, row } of this.#byInstId.get(instId)?.values() ?? []) {
      if (row.posSide === side) most = Math.max(most, closableLots);
    }
    return most;
  }
}

/** Entry and liquidation prices belong to one leg: with several open there is no such price. */
function positionOf(legs: readonly Leg[], newest: PositionRow, one: OkxInstrument): VenuePosition {
  const open = legs.filter(({ lots }) => lots !== 0);
  const only = open.length > 1 ? undefined : open[0]?.row ?? newest;
  return {
    instrument: one.instrument.id,
    positionLots: sizeLots(legs.reduce((sum, { lots }) => sum + lots, 0)),
    entryPrice: optionalNumber(only?.avgPx ?? ""),
    markPrice: optionalNumber(newest.markPx),
    liquidationPrice: optionalNumber(only?.liqPx ?? ""),
    leverage: optionalNumber(only?.lever ?? ""),
    tsVenueMs: Number(newest.uTime),
  };
}
