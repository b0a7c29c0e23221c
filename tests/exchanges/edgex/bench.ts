/** EdgeX's adapter and simulator on the bench that all venues share. */
import { EdgexAdapter } from "../../../exchanges/edgex/adapter.ts";
import type { EdgexSettings, settings } from "../../../exchanges/edgex/settings.ts";
import * as simulator from "../../../exchanges/edgex/simulator.ts";
import type { VenueSubject } from "../../support/venue_bench.ts";

export const defaultSettings: EdgexSettings = {
  bookLevels: "200",
  triggerPriceType: "ORACLE_PRICE",
  ordersPerMinute: 240,
  questionsPerMinute: 300,
};

export const edgex: VenueSubject<typeof settings> = {
  venue: "edgex",
  lotsPerBase: 1_000,
  simulator,
  startSimulator: simulator.startSimulator,
  settings: defaultSettings,
  makeAdapter: (ctx, transport) => new EdgexAdapter(ctx, transport),
};
