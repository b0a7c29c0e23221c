/** How far the price may go against a leg before its venue liquidates the account, in bps of the price now. */
import type { AccountView, PositionView } from "@berth/sdk";

export interface LegRisk {
  /** Long positive. */
  readonly sizeBase: number;
  readonly price: number;
  readonly account: AccountView | undefined;
  /** Value of all positions of the strategy on the venue, whatever their sign. */
  readonly venueValueUsd: number;
  /** Share of a position's value that the venue wants as margin for holding it: 0.01 is 1 %. */
  readonly maintenanceShare: number;
}

/** The venue's own liquidation price. Long at 100, liquidated at 92: 800 bps. */
export function statedDistanceBps(sizeBase: number, price: number, liquidationPrice: number): number {
  const distance = sizeBase > 0 ? price - liquidationPrice : liquidationPrice - price;
  return (distance / price) * 10_000;
}

/**
 * Of a cross-margined account, while nothing else moves: equity less the move's loss is what the positions' maintenance
 * margin asks for. Equity 1,000, long 5,000 with 1 %: (1,000 − 50) ÷ (5,000 × 0.99) is 1,919 bps.
 */
export function estimatedDistanceBps(
  { sizeBase, price, venueValueUsd, maintenanceShare }: LegRisk,
  equityUsd: number,
): number {
  const freeUsd = equityUsd - maintenanceShare * venueValueUsd;
  const perMove = Math.abs(sizeBase) * price * (sizeBase > 0 ? 1 - maintenanceShare : 1 + maintenanceShare);
  return Math.max(0, freeUsd / perMove) * 10_000;
}

/**
 * The venue's word where it gives one for the instrument, else the estimate; NaN while the account is not known: nothing is
 * closed for what nobody knows.
 */
export function liquidationDistanceBps(instrument: PositionView["instrument"], risk: LegRisk): number {
  const { account, sizeBase, price } = risk;
  if (account === undefined || !(price > 0) || sizeBase === 0) return NaN;
  const stated = account.positions.find((one) => one.instrument === instrument);
  // A net position of the other sign is another strategy's: its liquidation is not this leg's.
  const isSameSide = stated !== undefined && stated.sizeBase > 0 === sizeBase > 0;
  const liquidationPrice = isSameSide ? stated.liquidationPrice : undefined;
  return liquidationPrice !== undefined && liquidationPrice > 0
    ? statedDistanceBps(sizeBase, price, liquidationPrice)
    : estimatedDistanceBps(risk, account.equityUsd);
}

/** Half of what the largest leverage asks for at the opening, as most venues have it; NaN where that is not known. */
export const maintenanceShareOf = (maxLeverage: number | undefined, percent: number): number =>
  percent > 0 ? percent / 100 : maxLeverage !== undefined && maxLeverage > 0 ? 0.5 / maxLeverage : NaN;
