/** Aster's adapter and simulator on the bench that all venues share. */
import type { SettingValues } from "@berth/sdk";
import { AsterAdapter } from "../../../exchanges/aster/adapter.ts";
import { settings } from "../../../exchanges/aster/settings.ts";
import * as simulator from "../../../exchanges/aster/simulator.ts";
import type { VenueSubject } from "../../support/venue_bench.ts";

export const defaultSettings: SettingValues<typeof settings> = {
  preferredQuoteAssets: settings.preferredQuoteAssets.default,
  bookSpeed: settings.bookSpeed.default,
  defaultMakerFeeBps: settings.defaultMakerFeeBps.default,
  defaultTakerFeeBps: settings.defaultTakerFeeBps.default,
  triggerPriceType: settings.triggerPriceType.default,
  rateLimitShare: settings.rateLimitShare.default,
  deadMansSwitchSeconds: settings.deadMansSwitchSeconds.default,
};

export const aster: VenueSubject<typeof settings> = {
  venue: "aster",
  lotsPerBase: 1_000,
  simulator,
  startSimulator: simulator.startSimulator,
  settings: defaultSettings,
  makeAdapter: (ctx, transport) => new AsterAdapter(ctx, transport),
};
