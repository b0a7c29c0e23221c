/** One account as the venue speaks of it, for strategies: estimates for sizing, never for booking. */
import type { InstrumentId, VenueId } from "./ids.ts";

/** What the account holds on one instrument, whoever traded it, in the venue's own words. */
export interface AccountPosition {
  readonly instrument: InstrumentId;
  /** Base units, long positive. */
  readonly sizeBase: number;
  /** Where the venue says it would liquidate; undefined where it does not say. */
  readonly liquidationPrice: number | undefined;
  readonly leverage: number | undefined;
}

export interface AccountState {
  readonly venue: VenueId;
  /** Wallet balances that count as USD: deposits and all that is realized. */
  readonly walletUsd: number;
  /** Free for new margin. */
  readonly availableUsd: number;
  /** Unrealized profit of what other plugins hold there, when this was sent. */
  readonly othersUnrealizedUsd: number;
  readonly positions: readonly AccountPosition[];
}
