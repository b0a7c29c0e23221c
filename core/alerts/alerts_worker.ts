/** Entry of the alerts' thread. */
import { type AlertsThread, runAlertsThread } from "./alerts_thread.ts";

declare const self: AlertsThread;

runAlertsThread(self);
