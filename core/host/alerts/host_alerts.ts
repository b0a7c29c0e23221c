/** Puts the alerts of a host together: who observes, and the service that tells people. */
import * as v from "valibot";
import type { DailyTotals } from "../../alerts/daily_summary.ts";
import type { EngineSurface } from "../../engine/surface.ts";
import type { JournalWriter } from "../../journal/writer.ts";
import type { Clock } from "../../model/clock.ts";
import type { AlertsConfig } from "../config/alerts_section.ts";
import type { DisplayFeed } from "../observers/display_feed.ts";
import type { PluginView } from "../plugins/plugin_manager.ts";
import type { HostLog, Tally } from "../ports.ts";
import type { Secrets } from "../config/secrets.ts";
import { AlertReload, givenSetup } from "./alert_reload.ts";
import { AlertObserver } from "./alert_observer.ts";
import { AlertService } from "./alert_service.ts";

export interface HostAlertsParts {
  readonly config: AlertsConfig;
  readonly environment: string;
  readonly runId: string;
  readonly clock: Clock;
  readonly engine: EngineSurface;
  readonly plugins: () => readonly PluginView[];
  readonly log: HostLog;
  readonly feed: DisplayFeed;
  readonly journal: Pick<JournalWriter, "keep" | "kept">;
  readonly secrets: Pick<Secrets, "get">;
  /** The configuration anew; throws where it has faults. */
  readonly rereadConfig: () => Promise<AlertsConfig>;
  readonly rereadSecrets: () => Promise<Pick<Secrets, "get">>;
  readonly protect: (secrets: readonly string[]) => void;
  readonly redact: (text: string) => string;
}

export interface HostAlerts {
  readonly observer: AlertObserver;
  readonly service: AlertService;
  readonly reload: AlertReload;
  /** Counts as the feed does, and lets the alerts see it. */
  readonly tally: Tally;
}

/** @throws {BerthError} ALERT_CHANNEL_INVALID when a channel can't be used: better no start than nobody told */
export function hostAlerts(parts: HostAlertsParts): HostAlerts {
  const { config, clock, engine, plugins, log, feed, journal, environment, runId, protect, redact } = parts;
  const { setup, channels, minOpportunityBps } = givenSetup(config, environment, parts.secrets, protect);
  const observer = new AlertObserver({ engine, clock, plugins, minOpportunityBps, redact });
  const kept = journal.kept.find(({ scope, key }) => scope === "alerts" && key === "day")?.body;
  const service = new AlertService({
    openThread: () =>
      new Worker(new URL("../../alerts/alerts_worker.ts", import.meta.url), {
        type: "module",
        name: "alerts",
      }),
    every(periodMs, task) {
      const timer = setInterval(task, periodMs);
      return () => clearInterval(timer);
    },
    after(ms, task) {
      const timer = setTimeout(task, ms);
      return () => clearTimeout(timer);
    },
    observer,
    setup,
    runId,
    clock,
    log,
    day: keptDay(kept),
    keepDay: (day) => journal.keep("alerts", "day", day),
    onNotice: (severity, text) => feed.notice(severity, text),
  });
  const reload = new AlertReload({
    config,
    channels,
    environment,
    service,
    observer,
    log,
    protect,
    rereadConfig: parts.rereadConfig,
    rereadSecrets: parts.rereadSecrets,
  });
  return {
    observer,
    service,
    reload,
    tally: {
      opportunity: (plugin, message) => {
        feed.opportunity(plugin, message);
        observer.opportunity(plugin, message);
      },
      gauge: (plugin, name, value) => feed.gauge(plugin, name, value),
      panel: (plugin, panel) => feed.panel(plugin, panel),
    },
  };
}

const figure = v.pipe(v.number(), v.finite());
const daySchema = v.object({
  sinceMs: figure,
  pnlUsd: figure,
  feesUsd: figure,
  fundingUsd: figure,
  volumeUsd: figure,
  fills: figure,
  refusals: figure,
  wins: figure,
  losses: figure,
  worstDrawdownUsd: figure,
});

/** What a run before kept; what can't be read is begun anew. */
function keptDay(kept: unknown): DailyTotals | undefined {
  const parsed = v.safeParse(daySchema, kept);
  return parsed.success ? parsed.output : undefined;
}
