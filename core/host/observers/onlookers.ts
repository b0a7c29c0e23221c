/** Whoever is told what happens: display, log, alerts, spans. */
import type { Engine } from "../../engine/engine.ts";
import type { JournalWriter } from "../../journal/writer.ts";
import { type HostAlerts, hostAlerts } from "../alerts/host_alerts.ts";
import { readSecrets } from "../config/secrets.ts";
import { type HostSetup, shownEnvironment } from "../host_setup.ts";
import { DisplayFeed } from "./display_feed.ts";
import { RunFacts } from "./run_facts.ts";
import { openRunLog, type RunLog } from "./run_log.ts";
import { type RunObservers, runObservers } from "./run_observers.ts";

export interface Onlookers {
  readonly facts: RunFacts;
  readonly feed: DisplayFeed;
  readonly runLog: RunLog;
  readonly alerts: HostAlerts | undefined;
  readonly observers: RunObservers;
}

export async function makeOnlookers(
  setup: HostSetup,
  journal: JournalWriter,
  engine: Engine,
): Promise<Onlookers> {
  const { options, runId, secrets, wall, clock, tsStartMs, opened, course, parts } = setup;
  const { config, environment, seed, version, durationMs, isTraced } = options;
  const facts = new RunFacts({
    runId,
    version,
    environment: shownEnvironment(setup),
    seed,
    durationMs,
    wall,
    tsStartMs,
  });
  const feed = new DisplayFeed({
    engine,
    clock,
    manager: () => parts.manager,
    run: () =>
      facts.forDisplay({
        isStopping: course.isStopping,
        consoleUrl: parts.console?.server.url,
        replay: parts.replay?.info(),
      }),
  });
  const runLog = await openRunLog({ options, clock, wall, snapshot: () => feed.snapshot() });
  parts.runLog = runLog;
  const { session, log, levels: logLevels } = runLog;
  const alerts = options.strategies === "all" && opened === undefined
    ? hostAlerts({
      config: config.alerts,
      environment,
      runId,
      clock,
      engine,
      plugins: () => parts.manager?.views() ?? [],
      log,
      feed,
      journal,
      secrets,
      rereadConfig: async () => (await options.rereadConfig()).alerts,
      rereadSecrets: () => readSecrets(options.envFile, Deno.env),
      protect: (values) => session.protect(values),
      redact: session.redact,
    })
    : undefined;
  parts.alerts = alerts;
  const observers = await runObservers({ engine, log, logLevels, version, isTraced });
  parts.observers = observers;
  return { facts, feed, runLog, alerts, observers };
}
