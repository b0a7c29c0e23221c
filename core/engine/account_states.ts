/**
 * Tells strategies of the accounts they trade on: at their start, and when the venue's word on balances or positions
 * changes. What a strategy's own positions make it reckons by its own quotes; prices alone cause no message.
 */
import type { AccountPosition, AccountState } from "../model/account_state.ts";
import type { PluginId } from "../model/ids.ts";
import { incrementsToNumber } from "../model/ticks.ts";
import { mayTradeOn, type PluginRecord } from "./plugin_record.ts";
import type { Rooms } from "./rooms.ts";
import type { VenueAccount } from "./venue_account.ts";

/** The venue's word, the same for all plugins. */
type VenueWord = Omit<AccountState, "othersUnrealizedUsd">;

/** Undefined before the venue has told a balance that counts as USD. */
function venueWord({ instruments }: Rooms, account: VenueAccount): VenueWord | undefined {
  const { venue, usdTotals: { totalUsd, availableUsd } } = account;
  if (Number.isNaN(totalUsd)) return undefined;
  const positions = [...account.positions.values()].flatMap((position): AccountPosition[] => {
    const { instrument: id, positionLots, liquidationPrice, leverage } = position;
    const instrument = instruments.get(instruments.indexOf(id) ?? -1);
    if (instrument === undefined || positionLots === 0) return [];
    const sizeBase = incrementsToNumber(positionLots, instrument.lot);
    return [{ instrument: id, sizeBase, liquidationPrice, leverage }];
  });
  return { venue, walletUsd: totalUsd, availableUsd, positions };
}

export class AccountStates {
  readonly #rooms: () => Rooms;
  readonly #told = new Map<string, VenueWord>();

  constructor(rooms: () => Rooms) {
    this.#rooms = rooms;
  }

  /** A plugin has come. */
  pluginStarted(plugin: PluginId): void {
    const rooms = this.#rooms();
    const record = rooms.plugins.get(plugin);
    if (record === undefined) return;
    for (const account of rooms.accounts.values()) {
      const word = venueWord(rooms, account);
      if (word !== undefined) this.#tell(record, word);
    }
  }

  tick(): void {
    const rooms = this.#rooms();
    for (const account of rooms.accounts.values()) {
      const word = venueWord(rooms, account);
      if (word === undefined || isSame(this.#told.get(account.venue), word)) continue;
      this.#told.set(account.venue, word);
      for (const record of rooms.plugins.values()) this.#tell(record, word);
    }
  }

  #tell(record: PluginRecord, word: VenueWord): void {
    if (!record.isRunning || !mayTradeOn(record, word.venue)) return; // who may not trade there may not know
    const account = { ...word, othersUnrealizedUsd: this.#othersUnrealizedUsd(record.plugin, word) };
    this.#rooms().outbox.toPlugin(record.plugin, { type: "account", account });
  }

  /** What has no price counts as nothing made. */
  #othersUnrealizedUsd(plugin: PluginId, { venue }: VenueWord): number {
    const { portfolio, instruments, time: { nowUs } } = this.#rooms();
    const markTicks = (index: number): number => instruments.valuationTicks(index, nowUs);
    const others = portfolio.unrealizedUsd({ kind: "account", venue }, markTicks, plugin);
    return Number.isFinite(others) ? others : 0;
  }
}

function isSame(before: VenueWord | undefined, after: VenueWord): boolean {
  return before !== undefined && before.walletUsd === after.walletUsd &&
    before.availableUsd === after.availableUsd && before.positions.length === after.positions.length &&
    before.positions.every((one, at) => isSamePosition(one, after.positions[at]));
}

const isSamePosition = (a: AccountPosition, b: AccountPosition | undefined): boolean =>
  a.instrument === b?.instrument && a.sizeBase === b.sizeBase &&
  a.liquidationPrice === b.liquidationPrice && a.leverage === b.leverage;
