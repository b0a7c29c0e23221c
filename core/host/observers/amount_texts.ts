/** Sizes and prices of orders and fills as exact decimal text, by the instrument's lot and tick. */
import type { EngineSurface } from "../../engine/surface.ts";
import type { InstrumentId } from "../../model/ids.ts";
import type { Instrument } from "../../model/instrument.ts";
import { formatIncrements } from "../../model/ticks.ts";

export class AmountTexts {
  readonly #engine: Pick<EngineSurface, "instrument" | "indexOf">;

  constructor(engine: Pick<EngineSurface, "instrument" | "indexOf">) {
    this.#engine = engine;
  }

  /** In base units. */
  size(id: InstrumentId, lots: number): string {
    const lot = this.#find(id)?.lot;
    return lot === undefined ? `${lots} lots` : formatIncrements(lots, lot);
  }

  price(id: InstrumentId, ticks: number): string {
    const tick = this.#find(id)?.tick;
    return tick === undefined ? `${ticks} ticks` : formatIncrements(ticks, tick);
  }

  #find(id: InstrumentId): Instrument | undefined {
    const index = this.#engine.indexOf(id);
    return index === undefined ? undefined : this.#engine.instrument(index);
  }
}
