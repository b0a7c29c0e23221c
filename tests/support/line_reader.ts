/** Reads a process's output line by line as it comes, and waits for lines. */
export class LineReader {
  readonly lines: string[] = [];
  /** Resolves when the output has ended. */
  readonly ended: Promise<void>;
  #isEnded = false;
  #news = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.ended = this.#read(stream);
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
      this.#tell();
    }
    this.#isEnded = true;
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
  }

  /** The first line that fits, also of those that have come already. @throws when the output ends without one */
  async until(fits: (line: string) => boolean): Promise<string> {
    for (let at = 0;;) {
      for (; at < this.lines.length; at++) if (fits(this.lines[at] ?? "")) return this.lines[at] ?? "";
      if (this.#isEnded) {
        throw new Error(`the output ended without the line:\n${this.lines.slice(-20).join("\n")}`);
      }
      await this.#news.promise;
    }
  }
}
