/** What the console is sent, gathered from engine, plugins and the counts of the display. */
import type { ConsolePlugin, ConsoleRun, HostPicture } from "../console/ports.ts";
import type { EngineSurface } from "../engine/surface.ts";
import type { Instrument } from "../model/instrument.ts";
import type { DisplayFeed } from "./display_feed.ts";
import type { PluginView } from "./plugin_manager.ts";

export interface PictureSources {
  readonly engine: EngineSurface;
  readonly feed: Pick<
    DisplayFeed,
    "seen" | "taken" | "orders" | "fills" | "roundTrips" | "gauges" | "latest"
  >;
  readonly plugins: readonly (PluginView & { readonly fingerprint: string | undefined })[];
  readonly run: ConsoleRun;
  readonly tsUs: number;
}

export function hostPicture({ engine, feed, plugins, run, tsUs }: PictureSources): HostPicture {
  const { opportunities, notices } = feed.latest();
  return {
    run,
    engine: engine.snapshot(tsUs),
    instruments: instrumentsOf(engine),
    plugins: plugins.map(pluginOf),
    opportunities: { seen: feed.seen, taken: feed.taken, latest: opportunities },
    notices,
    gauges: [...feed.gauges].map(([key, value]) => {
      const slash = key.indexOf("/");
      return { plugin: key.slice(0, slash), name: key.slice(slash + 1), value };
    }),
    counts: { orders: feed.orders, fills: feed.fills, roundTrips: feed.roundTrips },
  };
}

function instrumentsOf(engine: EngineSurface): readonly Instrument[] {
  const found: Instrument[] = [];
  for (let index = 0;; index++) {
    const instrument = engine.instrument(index);
    if (instrument === undefined) return found;
    found.push(instrument);
  }
}

const pluginOf = (
  { id, kind, version, fingerprint, state, update, restarts, decision, usage }:
    PictureSources["plugins"][number],
): ConsolePlugin => ({
  id,
  kind,
  version,
  fingerprint,
  update,
  state: state.kind,
  why: "why" in state ? state.why : "",
  restarts,
  asks: decision?.kind === "wait" ? decision.words : [],
  usage,
});
