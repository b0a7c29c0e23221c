/**
 * A strategy's channel to the engine. The plugin's id comes from here, never from a frame; every message is held
 * against the grant before it becomes an event.
 */
import { grantCovers } from "../../engine/router.ts";
import type { GrantedBudget, TradingGrant } from "../../engine/events.ts";
import type { BerthError } from "../../errors.ts";
import type { PluginId } from "../../model/ids.ts";
import type {
  HistoryAnswer,
  HistoryQuestion,
  IndexedInstrument,
  PluginMessage,
} from "../../protocol/messages.ts";
import type { StrategyManifest } from "../../sdk/manifest.ts";
import { MessageBudget } from "./message_budget.ts";
import type { EngineDriver, HostLog, Tally } from "../ports.ts";

export interface StrategyChannelOptions {
  readonly plugin: PluginId;
  readonly manifest: StrategyManifest;
  readonly driver: EngineDriver;
  readonly log: HostLog;
  readonly tally: Tally;
  readonly saveState: (value: unknown) => void;
  /** Answers a question about the past; always resolves. */
  readonly askHistory: (question: HistoryQuestion) => Promise<HistoryAnswer>;
  readonly answer: (questionId: number, answer: HistoryAnswer) => void;
  /** The plugin broke a limit: it must be stopped. */
  readonly onBreach: (reason: BerthError) => void;
}

/** What was granted, in the engine's words. */
export const grantOf = ({ trading }: StrategyManifest): TradingGrant => ({
  venues: trading.venues,
  instruments: trading.instruments,
  data: trading.data,
  orders: trading.orders,
});

/** The budget that the plugin gets: what it asks for, or less where the operator's config says so. */
export function budgetOf(
  { riskBudget }: StrategyManifest,
  configured: Partial<GrantedBudget>,
): GrantedBudget {
  const lower = (
    asked: number,
    given: number | undefined,
  ): number => (given === undefined ? asked : Math.min(asked, given));
  return {
    maxOrderNotionalUsd: lower(riskBudget.maxOrderNotionalUsd, configured.maxOrderNotionalUsd),
    maxPositionNotionalUsd: lower(riskBudget.maxPositionNotionalUsd, configured.maxPositionNotionalUsd),
    maxOrdersPerSecond: lower(riskBudget.maxOrdersPerSecond, configured.maxOrdersPerSecond),
    maxDailyLossUsd: lower(riskBudget.maxDailyLossUsd, configured.maxDailyLossUsd),
  };
}

/** Instruments that a strategy may see, with the host's numbers. */
export function visibleInstruments(
  driver: Pick<EngineDriver, "engine">,
  manifest: Pick<StrategyManifest, "trading">,
): readonly IndexedInstrument[] {
  const visible: IndexedInstrument[] = [];
  for (let index = 0;; index++) {
    const instrument = driver.engine.instrument(index);
    if (instrument === undefined) return visible;
    if (grantCovers(manifest.trading, instrument)) visible.push({ index, instrument });
  }
}

export class StrategyChannel {
  readonly #options: StrategyChannelOptions;
  readonly #budget: MessageBudget;

  constructor(options: StrategyChannelOptions) {
    this.#options = options;
    this.#budget = new MessageBudget(options.plugin, options.driver.clock.monotonicMs());
  }

  onMessage(message: PluginMessage): void {
    const { plugin, driver, log, tally } = this.#options;
    const breach = this.#budget.spend(message, driver.clock.monotonicMs());
    if (breach !== undefined) return this.#options.onBreach(breach);
    const tsUs = driver.clock.epochUs();
    switch (message.type) {
      case "submit":
        return this.#submit(message, tsUs);
      case "amend": {
        const { ref, sizeLots, limitPriceTicks } = message;
        return driver.dispatch({ kind: "amend_intent", tsUs, plugin, ref, sizeLots, limitPriceTicks });
      }
      case "set_exit": {
        const { instrument, terms } = message;
        const intent = { plugin, instrument, terms, entryRef: undefined };
        return driver.dispatch({ kind: "set_exit_intent", tsUs, intent });
      }
      case "clear_exit":
        return driver.dispatch({ kind: "clear_exit_intent", tsUs, plugin, instrument: message.instrument });
      case "submit_group": {
        const { ref, terms, causes } = message;
        return driver.dispatch({ kind: "group_intent", tsUs, intent: { plugin, ref, terms }, causes });
      }
      case "close_group":
        return driver.dispatch({
          kind: "close_group_intent",
          tsUs,
          plugin,
          ref: message.ref,
          reason: message.reason,
        });
      case "cancel":
        return driver.dispatch({ kind: "cancel_intent", tsUs, plugin, ref: message.ref });
      case "cancel_all":
        return driver.dispatch({ kind: "cancel_all_intent", tsUs, plugin, instrument: message.instrument });
      case "save_state":
        return this.#options.saveState(JSON.parse(message.json));
      case "history_question":
        return this.#history(message.questionId, message.question);
      case "log":
        return log.write(message.level, plugin, message.message, message.fields);
      case "callback_error":
        return log.write("error", plugin, `threw in ${message.callback}: ${message.details}`, {
          code: "PLUGIN_CALLBACK_THREW",
        });
      case "gauge":
        return tally.gauge(plugin, message.name, message.value);
      case "panel":
        return tally.panel(plugin, message.panel);
      case "opportunity":
        return tally.opportunity(plugin, message);
      default:
        return; // the sandbox deals with its own; an adapter's words do not pass the schema of a strategy
    }
  }

  /** The past of instruments that were not granted stays unknown. */
  #history(questionId: number, question: HistoryQuestion): void {
    const { driver, manifest, askHistory, answer } = this.#options;
    const index = driver.engine.indexOf(question.instrument);
    const instrument = index === undefined ? undefined : driver.engine.instrument(index);
    if (instrument === undefined || !grantCovers(manifest.trading, instrument)) {
      return answer(questionId, { kind: "failed", code: "instrument_unknown", details: question.instrument });
    }
    askHistory(question).then((found) => answer(questionId, found));
  }

  /** An order outside the grant is refused here, with the same code for the plugin as for the log. */
  #submit(message: Extract<PluginMessage, { readonly type: "submit" }>, tsUs: number): void {
    const { plugin, driver } = this.#options;
    const { ref, terms, causes, exits, trigger } = message;
    driver.dispatch({ kind: "intent", tsUs, intent: { ...terms, plugin, ref, causes }, exits, trigger });
  }
}
