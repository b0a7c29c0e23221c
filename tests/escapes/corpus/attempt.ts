/**
 * The frame of an escape attempt: a strategy that says that it tries, tries, and says how it ended. The test reads
 * these lines in the host and compares the ending with the `expect:` line of the case:
 *
 * - `refused CODE`: the act threw an error of this code; CODE is the `code` of the error, or else its name;
 * - `answered CODE`: the host refused under this code what was asked through the SDK, and nothing was sent;
 * - `answered_partly CODE`: the same, after as many as the budget of a second allows were let through;
 * - `killed CODE|CODE`: the host ended the process under one of these codes;
 * - `killed_at_stop CODE`: the same when the host asked the plugin to stop;
 * - `harmless`: the act was done and changed nothing outside the plugin's own process;
 * - `control`: the act must succeed, so that the refusals beside it mean something.
 */
import { defineStrategy, type StrategyContext, type StrategyModule } from "@berth/sdk";

type NoSettings = Record<never, never>;
export type AttemptContext = StrategyContext<NoSettings>;

export interface AttemptOptions {
  readonly onStop?: () => Promise<void>;
  /** System permissions that the manifest asks for; the test trusts the folder. */
  readonly permissions?: {
    readonly net?: readonly string[];
    readonly read?: readonly string[];
    readonly write?: readonly string[];
  };
}

/** The code of what was thrown: in brackets where it travelled as text, else `code`, else the name. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const inText = /\[(PLUGIN_[A-Z_]+)\]/.exec(error.message)?.[1];
  if (inText !== undefined) return inText;
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

/** What the act returns is the loot: any value counts as an escape unless the case is `harmless` or a `control`. */
export function attempt(
  name: string,
  act: (ctx: AttemptContext) => unknown,
  options: AttemptOptions = {},
): StrategyModule<NoSettings> {
  const { onStop, permissions } = options;
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
    ...(permissions === undefined ? {} : { permissions }),
  }, (ctx) => {
    const run = async (): Promise<void> => {
      try {
        const loot = await act(ctx);
        ctx.log.error("succeeded", { loot: String(loot).slice(0, 200) });
      } catch (error) {
        ctx.log.info("refused", { code: codeOf(error), error: String(error).slice(0, 500) });
      }
    };
    return {
      ...(onStop === undefined ? {} : { onStop }),
      onStart() {
        ctx.log.info("attempting", { name });
        // The line leaves before the act can keep the event loop for itself.
        ctx.time.after(50, () => void run());
      },
    };
  });
}
