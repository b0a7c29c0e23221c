/** Who gets which market data: strategies learn of instruments, adapters of what is wanted of them. */
import { venueId } from "../../model/ids.ts";
import type { IndexedBook } from "../../protocol/codec.ts";
import type { SandboxProcess } from "../../sandbox/sandbox.ts";
import type { ExchangeManifest, Manifest, StrategyManifest } from "../../sdk/manifest.ts";
import type { EngineDriver } from "../ports.ts";
import { visibleInstruments } from "./strategy_channel.ts";

/** A plugin with a process. */
export interface RunningPlugin {
  readonly manifest: Manifest;
  readonly process: SandboxProcess;
  /** Number of a strategy; -1 for an adapter. */
  readonly subscriber: number;
}

/** What an adapter says of itself when it is ready. */
export interface AdapterAbilities {
  readonly hasTrading: boolean;
  readonly capabilities: Readonly<Record<string, boolean>> | undefined;
}

/**
 * The books that a strategy which comes now must be given whole: a venue tells a book's snapshot once, to whoever asked
 * first, and changes from then on.
 */
export function knownBooks(
  driver: Pick<EngineDriver, "engine">,
  manifest: Pick<StrategyManifest, "trading">,
): readonly IndexedBook[] {
  if (!manifest.trading.data.includes("books")) return [];
  return visibleInstruments(driver, manifest).flatMap(({ index }) => {
    const book = driver.engine.orderBook(index)?.snapshot();
    return book === undefined ? [] : [{ ...book, index }];
  });
}

export class PluginSubscriptions {
  readonly #driver: EngineDriver;
  readonly #running: () => Iterable<RunningPlugin>;
  readonly #wanted = new Set<string>();
  /** How many of the wanted symbols an adapter knows of. */
  readonly #told = new WeakMap<SandboxProcess, number>();

  constructor(driver: EngineDriver, running: () => Iterable<RunningPlugin>) {
    this.#driver = driver;
    this.#running = running;
  }

  /** What adapters should list for these plugins. It only grows: what is listed may have orders. */
  wantedSymbols(manifests: readonly (Manifest | undefined)[]): readonly string[] {
    for (const manifest of manifests) {
      if (manifest?.kind !== "strategy") continue;
      for (const pattern of manifest.trading.instruments) this.#wanted.add(pattern);
    }
    if (this.#wanted.size === 0) this.#wanted.add("*-PERP"); // with no strategy there is still something to look at
    return [...this.#wanted];
  }

  /** An adapter was started with these symbols. */
  startedWith(adapter: SandboxProcess, symbols: readonly string[]): void {
    this.#told.set(adapter, symbols.length);
  }

  /** A strategy came that may want more than the adapters were asked for. */
  tellSymbols(symbols: readonly string[]): void {
    for (const { manifest, process } of this.#running()) {
      if (manifest.kind !== "exchange" || (this.#told.get(process) ?? 0) >= symbols.length) continue;
      this.#told.set(process, symbols.length);
      process.send({ type: "symbols", symbols });
    }
  }

  onAdapterReady(manifest: ExchangeManifest, abilities: AdapterAbilities): void {
    this.#driver.dispatch({
      kind: "adapter_started",
      tsUs: this.#driver.clock.epochUs(),
      venue: venueId(manifest.venue),
      hasTrading: abilities.hasTrading,
      capabilities: abilities.capabilities ?? {},
    });
    this.refresh();
  }

  onInstrument(index: number, isNew: boolean): void {
    const instrument = this.#driver.engine.instrument(index);
    if (instrument === undefined) return;
    for (const { manifest, process } of this.#running()) {
      if (manifest.kind !== "strategy") continue;
      const visible = visibleInstruments(this.#driver, manifest).filter((one) => one.index === index);
      if (visible.length > 0) process.send({ type: "instruments", instruments: visible });
    }
    if (isNew) this.#subscribe(index);
  }

  onBook(index: number, book: IndexedBook): void {
    for (const subscriber of this.#driver.engine.router.subscribers(index, "books")) {
      this.#bySubscriber(subscriber)?.pushBook(book);
    }
  }

  /** Asks the adapters again for everything, after strategies came or went. */
  refresh(): void {
    for (let index = 0; this.#driver.engine.instrument(index) !== undefined; index++) {
      this.#subscribe(index);
    }
  }

  /** Quotes and marks of every instrument are wanted by the risk gate itself, the rest by strategies. */
  #subscribe(index: number): void {
    const { engine } = this.#driver;
    const instrument = engine.instrument(index);
    if (instrument === undefined) return;
    const extra = (["trades", "books"] as const).filter((kind) =>
      engine.router.subscribers(index, kind).length > 0
    );
    this.#adapterOf(instrument.venue)?.send({
      type: "subscribe",
      instrument: instrument.id,
      kinds: ["quotes", "marks", ...extra],
    });
  }

  #adapterOf(venue: string): SandboxProcess | undefined {
    for (const { manifest, process } of this.#running()) {
      if (manifest.kind === "exchange" && manifest.venue === venue) return process;
    }
    return undefined;
  }

  #bySubscriber(subscriber: number): SandboxProcess | undefined {
    for (const plugin of this.#running()) {
      if (plugin.subscriber === subscriber) return plugin.process;
    }
    return undefined;
  }
}
