/** The accounts that a strategy trades on, as it sees them. */
import type { AccountPosition, AccountState } from "../model/account_state.ts";
import { type VenueId, venueOf } from "../model/ids.ts";
import type { PositionView } from "./strategy.ts";

export interface AccountView extends AccountState {
  /**
   * Wallet balances that count as USD, and the unrealized profit of all that berth's plugins hold on the venue; this
   * strategy's own by its newest quotes. An estimate for sizing: a fill moves it before the venue's wallet follows.
   */
  readonly equityUsd: number;
}

export type { AccountPosition };

export class Accounts {
  readonly #states = new Map<VenueId, AccountState>();

  onState(state: AccountState): void {
    this.#states.set(state.venue, state);
  }

  /** @param own the strategy's positions, on whatever venue */
  view(venue: VenueId, own: readonly PositionView[]): AccountView | undefined {
    const state = this.#states.get(venue);
    if (state === undefined) return undefined;
    const ownUsd = own.filter(({ instrument }) => venueOf(instrument) === venue)
      .reduce((sum, { unrealizedPnl }) => sum + unrealizedPnl, 0);
    return { ...state, equityUsd: state.walletUsd + state.othersUnrealizedUsd + ownUsd };
  }
}
