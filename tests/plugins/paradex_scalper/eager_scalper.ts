/** The scalper over made-up minutes, with settings by which it trades often. */
import { fileURLToPath } from "node:url";
import type { Bar } from "../../../core/backtest/bars.ts";
import { checkSettings } from "../../../core/host/plugins/manifest_schema.ts";
import { seededRandom } from "../../../core/host/system_clock.ts";
import scalper from "../../../plugins/paradex_scalper/mod.ts";

export const folder = fileURLToPath(new URL("../../../plugins/paradex_scalper", import.meta.url));

export function settingsOf(changes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const checked = checkSettings(scalper.manifest.settings, { symbols: ["BTC-PERP"], ...changes });
  if (checked.kind === "invalid") throw new Error(JSON.stringify(checked.faults));
  return checked.value;
}

/** Minutes that swing, so that averages cross, with noise. */
export function swings(minutes: number): readonly Bar[] {
  const random = seededRandom(11);
  let before = 40_000;
  return Array.from({ length: minutes }, (_, minute) => {
    const open = before;
    const close = 40_000 + 300 * Math.sin(minute / 23) + 60 * (random.next() - 0.5);
    before = close;
    const high = Math.max(open, close) + 20 * random.next();
    const low = Math.min(open, close) - 20 * random.next();
    return {
      openTimeMs: 1_640_995_200_000 + minute * 60_000,
      open,
      high,
      low,
      close,
      volumeBase: 5 + random.next(),
    };
  });
}
export const eager = {
  interval: "1m",
  useTrendFilter: false,
  minScore: 15,
  minConfidence: 50,
  minVolumeRatio: 0,
  lossCooldownMinutes: 0,
};
