/** Lists Hyperliquid's perpetuals and publishes those that are wanted, now and whenever they change. */
import * as v from "valibot";
import {
  describeError,
  type ExchangeContext,
  type InstrumentIndex,
  type Log,
  type Publish,
} from "@berth/sdk";
import { renamed } from "@berth/sdk/venue/instrument_names.ts";
import { matchesAny } from "@berth/sdk/venue/symbol_patterns.ts";
import {
  type FeeBps,
  feesOf,
  type HyperliquidInstrument,
  type InstrumentBook,
  toInstrument,
  usualSymbol,
} from "./instruments.ts";
import type { RestClient } from "./rest.ts";
import type { HyperliquidSettings } from "./settings.ts";
import { assetSchema, feesSchema, metaSchema } from "./wire.ts";

export interface InstrumentLoaderOptions {
  readonly rest: RestClient;
  /** Whose fees hold; undefined without an account. */
  readonly user: string | undefined;
  readonly symbols: readonly string[];
  readonly symbolFor: ExchangeContext["symbolFor"];
  readonly settings: Pick<HyperliquidSettings, "defaultMakerFeeBps" | "defaultTakerFeeBps">;
  readonly instruments: InstrumentBook;
  /** Takes the number of every coin. */
  readonly assets: Map<string, number>;
  readonly publish: Publish;
  readonly log: Log;
  /** New or changed. */
  readonly onInstrument: (one: HyperliquidInstrument, index: InstrumentIndex) => void;
}

export class InstrumentLoader {
  readonly #options: InstrumentLoaderOptions;

  constructor(options: InstrumentLoaderOptions) {
    this.#options = options;
  }

  /** @throws {BerthError} VENUE_REFUSED, VENUE_UNREACHABLE, VENUE_ANSWER_INVALID */
  async load(signal: AbortSignal): Promise<void> {
    const { assets, instruments, log, rest, symbols, symbolFor } = this.#options;
    const { universe } = await rest.ask({ type: "meta" }, metaSchema, { weight: 20, signal });
    const fees = await this.#fees(signal);
    const unreadable: string[] = [];
    universe.forEach((row, asset) => {
      const parsed = v.safeParse(assetSchema, row);
      if (!parsed.success) return void unreadable.push(`asset ${asset}`);
      assets.set(parsed.output.name, asset);
      try {
        const { name } = parsed.output;
        const symbol = symbolFor(name, usualSymbol(name));
        if (!matchesAny(symbol, symbols)) return;
        const one = toInstrument(parsed.output, asset, fees);
        this.#announce({ ...one, instrument: renamed(one.instrument, symbol) });
      } catch (error) {
        log.debug("an instrument can't be read", { coin: parsed.output.name, why: describeError(error) });
        unreadable.push(parsed.output.name);
      }
    });
    if (unreadable.length > 0) {
      const some = unreadable.slice(0, 5).join(", ");
      log.warn("instruments left out: their metadata is incomplete", { count: unreadable.length, some });
    }
    if (instruments.all().length === 0) {
      log.warn("no instrument matches", { symbols: symbols.join(" "), listed: universe.length });
    }
  }

  /** The account's rates, or the settings' where the venue does not state them. */
  async #fees(signal: AbortSignal): Promise<FeeBps> {
    const { log, rest, settings, user } = this.#options;
    const fallback = { maker: settings.defaultMakerFeeBps, taker: settings.defaultTakerFeeBps };
    if (user === undefined) return fallback;
    const result = await rest.info({ type: "userFees", user }, { weight: 20, signal });
    const parsed = v.safeParse(feesSchema, result.kind === "data" ? result.data : undefined);
    if (!parsed.success) log.warn("the account's fees are not known: the settings' are used", {});
    return feesOf(parsed.success ? parsed.output : undefined, fallback);
  }

  /** Publishes what is new or changed. A listing that is delisted traded once: new ones of that kind are left out. */
  #announce(one: HyperliquidInstrument): void {
    const { instruments, onInstrument, publish } = this.#options;
    const known = instruments.byId(one.instrument.id);
    if (known === undefined && one.instrument.status === "halted") return;
    instruments.add(one);
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(one)) return;
    onInstrument(one, publish.instrument(one.instrument));
  }
}
