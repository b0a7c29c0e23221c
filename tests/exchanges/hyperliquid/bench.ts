/** Hyperliquid's adapter and simulator on the bench that all venues share. */
import { HyperliquidAdapter } from "../../../exchanges/hyperliquid/adapter.ts";
import type { settings } from "../../../exchanges/hyperliquid/settings.ts";
import * as simulator from "../../../exchanges/hyperliquid/simulator.ts";
import type { VenueSubject } from "../../support/venue_bench.ts";
import { defaultSettings } from "./fakes.ts";

export const hyperliquid: VenueSubject<typeof settings> = {
  venue: "hyperliquid",
  lotsPerBase: 100_000,
  simulator,
  startSimulator: simulator.startSimulator,
  settings: defaultSettings,
  makeAdapter: (ctx, transport) => new HyperliquidAdapter(ctx, transport),
};

/** Of an account that has traded before, in USD: some actions want a million. */
export const hyperliquidAfter = (priorVolumeUsd: number): VenueSubject<typeof settings> => ({
  ...hyperliquid,
  startSimulator: (options) => simulator.startSimulator({ ...options, priorVolumeUsd }),
});
