/**
 * The frame of an escape attempt: a strategy that says that it tries, tries, and says how it ended. The test reads
 * these lines in the host and compares the ending with the `expect:` line of the case:
 *
 * - `refused /pattern/`: the act threw an error whose text matches;
 * - `not_started /pattern/`: the plugin was not let in, with a fault that matches;
 * - `killed CODE`: the host ended the process under this code;
 * - `answered CODE`: the host refused what was asked through the SDK, under this code;
 * - `harmless`: the act succeeded and changed nothing outside the plugin's own process.
 */
import { defineStrategy, type StrategyContext, type StrategyModule } from "@berth/sdk";

type NoSettings = Record<never, never>;
export type AttemptContext = StrategyContext<NoSettings>;

/** What the act returns is the loot: any value counts as an escape unless the case is `harmless`. */
export function attempt(
  name: string,
  act: (ctx: AttemptContext) => unknown,
  hooks: { readonly onStop?: () => Promise<void> } = {},
): StrategyModule<NoSettings> {
  return defineStrategy({
    kind: "strategy",
    id: `escape_${name}`.slice(0, 48),
    version: "1.0.0",
    sdkVersion: 1,
    author: "escape corpus",
    description: `Escape attempt: ${name}.`,
    trading: { venues: ["alpha"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
    riskBudget: {
      maxOrderNotionalUsd: 100,
      maxPositionNotionalUsd: 100,
      maxOrdersPerSecond: 10,
      maxDailyLossUsd: 10,
    },
    onStop: "keep_positions",
    settings: {},
  }, (ctx) => ({
    ...hooks,
    async onStart() {
      ctx.log.info("attempting", { name });
      try {
        const loot = await act(ctx);
        ctx.log.error("succeeded", { loot: String(loot).slice(0, 200) });
      } catch (error) {
        ctx.log.info("refused", {
          error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
        });
      }
    },
  }));
}
