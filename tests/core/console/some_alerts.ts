/** Alerts of a small run: a venue is gone, one channel works and one does not. */
import type { AlertsReport, AlertStatus } from "../../../core/alerts/ports.ts";
import { defaultAlertSettings } from "../../../core/alerts/settings.ts";

const channel = { queued: 0, sent: 3, failed: 0, limited: 0, dropped: 0, failuresInARow: 0, why: "" };

export const someAlerts: AlertStatus = {
  settings: defaultAlertSettings,
  active: [{
    rule: "venue_disconnected",
    subject: "alpha",
    severity: "critical",
    text: "alpha disconnected: market data is reconnecting",
    sinceMs: 1,
    isTold: true,
  }],
  recent: [{
    id: "run-1-1",
    kind: "raised",
    rule: "venue_disconnected",
    subject: "alpha",
    severity: "critical",
    text: "alpha disconnected: market data is reconnecting",
    tsMs: 1,
    lastedMs: undefined,
  }],
  told: [{ rule: "venue_disconnected", severity: "critical", kind: "raised", count: 1 }],
  channels: [
    { ...channel, name: "phone", kind: "telegram", circuit: "closed", lastSentMs: 1 },
    {
      ...channel,
      name: "desk",
      kind: "slack",
      circuit: "open",
      lastSentMs: undefined,
      failed: 2,
      failuresInARow: 2,
      why: "status 404: no_service",
      queued: 1,
    },
  ],
};

export const watchedAlerts: AlertsReport = {
  watch: { state: "watching", restarts: 1, why: "out of luck" },
  status: someAlerts,
};
