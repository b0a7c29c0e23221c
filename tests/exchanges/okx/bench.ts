/** OKX's adapter and simulator on the bench that all venues share. */
import { OkxAdapter } from "../../../exchanges/okx/adapter.ts";
import type { settings } from "../../../exchanges/okx/settings.ts";
import * as simulator from "../../../exchanges/okx/simulator.ts";
import type { VenueSubject } from "../../support/venue_bench.ts";
import { defaultSettings } from "./builders.ts";

export const okx: VenueSubject<typeof settings> = {
  venue: "okx",
  lotsPerBase: 10_000,
  simulator,
  startSimulator: simulator.startSimulator,
  // Disarming it waits for the venue's one request a second: only where it is the matter.
  settings: { ...defaultSettings, deadMansSwitchSeconds: 0 },
  makeAdapter: (ctx, transport) => new OkxAdapter(ctx, transport),
};
