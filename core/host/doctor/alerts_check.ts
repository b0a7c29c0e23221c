/** Whether people would be told: by the configuration's channels, and by the host that runs. */
import type { AlertsResource } from "../../console/alerts.ts";
import { BerthError } from "../../errors.ts";
import { readChannels } from "../alerts/alert_settings.ts";
import type { AlertsConfig } from "../config/alerts_section.ts";
import type { Secrets } from "../config/secrets.ts";
import { type CheckEnd, failed, passed, skipped } from "./checks.ts";

/** @param running what the host says of its alerts; undefined when none runs, or it can't be asked */
export function checkAlerts(
  config: AlertsConfig,
  secrets: Pick<Secrets, "get">,
  running: AlertsResource | undefined,
): CheckEnd {
  if (!config.enabled) return skipped("They are off by alerts.enabled.");
  try {
    readChannels(config, {
      secretOf: (name) => secrets.get(name),
      readTextFile: Deno.readTextFileSync,
    });
  } catch (error) {
    if (error instanceof BerthError) return failed(error.text.what, error.text.fix);
    throw error;
  }
  const on = Object.entries(config.channels).filter(([, { enabled }]) => enabled);
  const channels = on.length === 0
    ? "No channel is configured: alerts are in log, display and console alone"
    : on.map(([name, { kind }]) => `${name} (${kind})`).join(", ");
  if (running === undefined) return passed(`${channels}.`);
  const { watch, channels: states } = running;
  if (watch.state === "restarting") {
    return failed(
      `The running host's alerts ended: ${watch.why}`,
      "They begin anew by themselves; where they end again and again, see the log.",
    );
  }
  const failing = states.filter(({ circuit }) => circuit === "open");
  if (failing.length > 0) {
    return failed(
      failing.map(({ name, why }) => `The running host's channel ${name} does not deliver: ${why}`).join(
        "; ",
      ),
      `Mend it, then: berth alerts test --channel ${failing[0]?.name}, and berth alerts reload.`,
    );
  }
  const restarts = watch.restarts === 0 ? "" : `, begun anew ${watch.restarts} times: ${watch.why}`;
  return passed(
    `${channels}; the running host's alerts are ${
      watch.state === "watching" ? "on watch" : watch.state
    }${restarts}.`,
  );
}
