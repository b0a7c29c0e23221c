/** The simulated maintenance as `system/status` and the `status` channel tell it. */
import type { SimulatedVenue } from "../../simulation/ports.ts";
import { timeText } from "./listing.ts";

const plannedMs = 3_600_000;

/** One row of the channel, which tells the end of a window too. */
export function statusRow(isOn: boolean, nowMs: number): Readonly<Record<string, string>> {
  return {
    title: "Trading system upgrade (simulated)",
    state: isOn ? "ongoing" : "completed",
    begin: timeText(nowMs),
    end: timeText(isOn ? nowMs + plannedMs : nowMs),
    preOpenBegin: "",
    href: "",
    serviceType: "5",
    system: "unified",
    scheDesc: "",
    maintType: "1",
    // The simulator is neither production nor demo.
    env: "",
    ts: timeText(nowMs),
  };
}

/** Rows of REST: windows that are over are not listed. */
export const statusRows = (venue: SimulatedVenue): readonly Readonly<Record<string, string>>[] =>
  venue.isMaintenance ? [statusRow(true, venue.clock.nowMs())] : [];
