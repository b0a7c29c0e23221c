/** What the console is sent, gathered from engine, plugins and the counts of the display. */
import type { AlertsReport } from "../../alerts/ports.ts";
import type { ConsoleLogLine, ConsolePlugin, ConsoleRun, HostPicture } from "../../console/ports.ts";
import type { EngineSurface } from "../../engine/surface.ts";
import type { Instrument } from "../../model/instrument.ts";
import { redactedReport } from "../../model/strategy_report.ts";
import type { DisplayFeed } from "../observers/display_feed.ts";
import { powersOf } from "../plugins/plain_words.ts";
import type { PluginView } from "../plugins/plugin_manager.ts";
import { whyOf } from "../plugins/plugin_states.ts";

export interface PictureSources {
  readonly engine: EngineSurface;
  readonly feed: Pick<
    DisplayFeed,
    "seen" | "taken" | "orders" | "fills" | "roundTrips" | "gauges" | "latest" | "strategies"
  >;
  readonly plugins: readonly (PluginView & { readonly fingerprint: string | undefined })[];
  readonly run: ConsoleRun;
  readonly alerts: AlertsReport;
  readonly tsUs: number;
  /** Since the picture before. */
  readonly newLogs: readonly ConsoleLogLine[];
  /** Takes secrets out of what plugins and venues had a hand in. */
  readonly redact: (text: string) => string;
}

export function hostPicture(sources: PictureSources): HostPicture {
  const { engine, feed, plugins, run, alerts, tsUs, newLogs, redact } = sources;
  const { opportunities, notices } = feed.latest();
  const state = engine.snapshot(tsUs);
  return {
    run,
    engine: state,
    instruments: instrumentsOf(engine),
    plugins: plugins.map((plugin) => pluginOf(plugin, redact)),
    strategies: feed.strategies(state).map((report) => redactedReport(report, redact)),
    opportunities: { seen: feed.seen, taken: feed.taken, latest: opportunities },
    notices: notices.map((notice) => ({ ...notice, text: redact(notice.text) })),
    alerts,
    gauges: [...feed.gauges].map(([key, value]) => {
      const slash = key.indexOf("/");
      return { plugin: key.slice(0, slash), name: key.slice(slash + 1), value };
    }),
    counts: { orders: feed.orders, fills: feed.fills, roundTrips: feed.roundTrips },
    newLogs,
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
  { id, kind, version, manifest, fingerprint, state, update, restarts, decision, usage }:
    PictureSources["plugins"][number],
  redact: (text: string) => string,
): ConsolePlugin => ({
  id,
  kind,
  version,
  fingerprint,
  update: update === undefined ? undefined : { ...update, why: redact(update.why) },
  state: state.kind,
  why: redact(whyOf(state)),
  restarts,
  asks: decision?.kind === "wait" ? decision.words : [],
  may: manifest === undefined ? [] : powersOf(manifest).map(({ words }) => words),
  description: manifest?.description ?? "",
  usage,
});
