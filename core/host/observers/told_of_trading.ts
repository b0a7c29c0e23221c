/** Who hears what the engine came to: the display's counts and notices, the alerts, the log of orders and fills. */
import type { DisplayFeed } from "./display_feed.ts";
import type { EngineDriverOptions } from "../engine_driver.ts";
import type { HostAlerts } from "../alerts/host_alerts.ts";
import type { RunObservers } from "./run_observers.ts";

export function toldOfTrading(
  feed: DisplayFeed,
  alerts: HostAlerts | undefined,
  observers: RunObservers,
): Pick<EngineDriverOptions, "onNotice" | "onOrder" | "onFill" | "onPosition" | "onEntry"> {
  return {
    onNotice(severity, code, text, facts) {
      feed.notice(severity, text);
      alerts?.observer.notice(severity, code, text, facts);
    },
    onOrder: () => (feed.orders += 1),
    onFill(plugin, fill) {
      feed.fills += 1;
      alerts?.observer.fill(plugin, fill);
    },
    onPosition(position) {
      feed.position(position);
      alerts?.observer.position(position);
    },
    onEntry: observers.onEntry,
  };
}
