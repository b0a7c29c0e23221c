/** Takes down all market data of a host that trades nothing: what its adapters publish, as it reaches the engine. */
import type { EngineSurface } from "../../engine/surface.ts";
import type { BookUpdate } from "../../model/market.ts";
import { RecordingWriter } from "../../recording/writer.ts";
import type { HostLog, MarketTap } from "../ports.ts";
import { RecordView } from "../record_view.ts";

export interface MarketRecorderOptions {
  readonly folder: string;
  readonly version: string;
  readonly engine: EngineSurface;
  readonly log: HostLog;
  /** It can't be written any more: the recording has ended. */
  readonly onFailure: (error: unknown) => void;
}

/** Beyond every number that a plugin gets. */
const subscriber = 1_000_000;
const flushEveryMs = 30_000;

export class MarketRecorder implements MarketTap {
  readonly #writer: RecordingWriter;
  readonly #options: MarketRecorderOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #view = new RecordView();

  private constructor(options: MarketRecorderOptions, writer: RecordingWriter) {
    this.#options = options;
    this.#writer = writer;
    this.#timer = setInterval(() => this.#flush(), flushEveryMs);
  }

  /** Asks the adapters for everything that they publish, and begins. @throws when the folder can't be written */
  static async start(options: MarketRecorderOptions): Promise<MarketRecorder> {
    const { engine, folder, version } = options;
    const writer = await RecordingWriter.open({
      folder,
      version,
      instrument: (index) => engine.instrument(index),
    });
    engine.router.subscribe(subscriber, {
      venues: ["*"],
      instruments: ["*"],
      data: ["quotes", "trades", "books", "marks"],
      orders: "none",
    });
    return new MarketRecorder(options, writer);
  }

  record(index: number, record: Uint8Array, at: number): void {
    this.#writer.onRecord(index, this.#view.of(record), at);
  }

  book(update: BookUpdate): void {
    const index = this.#options.engine.indexOf(update.instrument);
    if (index !== undefined) this.#writer.onBook(index, update);
  }

  /** Writes what is left. @throws {BerthError} RECORDING_UNWRITABLE */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    this.#options.engine.router.unsubscribe(subscriber);
    await this.#writer.flush();
    this.#tell();
  }

  #flush(): void {
    this.#writer.flush().then(() => this.#tell(), (error: unknown) => this.#options.onFailure(error));
  }

  #tell(): void {
    this.#options.log.write("info", "recorder", "rows recorded", { ...this.#writer.written });
  }
}
