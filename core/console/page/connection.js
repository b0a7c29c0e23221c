/**
 * The live stream: server-sent events read by `fetch`, so that the token can go along where reading needs it. Comes
 * back by itself; rests while nobody looks at the tab.
 */
import { authorization } from "./api.js";

/** Something comes every second while the host is well; this long without is a lost connection. */
const silenceMs = 5_000;
const firstRetryMs = 400;
const lastRetryMs = 4_000;

/** @import { Topics } from "./types.ts" */

/**
 * @typedef {"connecting" | "live" | "lost" | "locked" | "paused"} LinkState
 * @typedef {{
 *   readonly handlers: { readonly [T in keyof Topics]: (data: Topics[T]) => void },
 *   readonly onState: (state: LinkState) => void,
 * }} ConnectionOptions
 */

export class Connection {
  /** @type {AbortController | undefined} */
  #running;
  #options;

  /** @param {ConnectionOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** Connects, and stays connected while the tab is looked at. */
  start() {
    document.addEventListener("visibilitychange", () => this.#follow());
    this.#follow();
  }

  /** Tries again at once, with the token that is known now. */
  restart() {
    this.#running?.abort();
    this.#running = undefined;
    this.#follow();
  }

  /**
   * @param {string} topic
   * @returns {topic is keyof Topics}
   */
  #isFollowed(topic) {
    return Object.hasOwn(this.#options.handlers, topic);
  }

  #follow() {
    if (document.hidden) {
      this.#running?.abort();
      this.#running = undefined;
      this.#options.onState("paused");
    } else if (this.#running === undefined) {
      this.#running = new AbortController();
      void this.#run(this.#running.signal);
    }
  }

  /** @param {AbortSignal} stopped */
  async #run(stopped) {
    let retryMs = firstRetryMs;
    this.#options.onState("connecting");
    while (!stopped.aborted) {
      const wasLive = await this.#readOnce(stopped);
      if (stopped.aborted) return;
      retryMs = wasLive ? firstRetryMs : Math.min(retryMs * 1.6, lastRetryMs);
      await pause(retryMs, stopped);
    }
  }

  /**
   * @param {AbortSignal} stopped
   * @returns {Promise<boolean>} whether anything came
   */
  async #readOnce(stopped) {
    const silent = new AbortController();
    let timer = setTimeout(() => silent.abort(), silenceMs);
    let isLive = false;
    try {
      const response = await fetch(`/api/v1/events?topics=${Object.keys(this.#options.handlers)}`, {
        headers: authorization(),
        signal: AbortSignal.any([stopped, silent.signal]),
      });
      if (response.status === 401) {
        this.#options.onState("locked");
        return false;
      }
      if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
      for await (const { topic, data } of eventsOf(response.body)) {
        clearTimeout(timer);
        timer = setTimeout(() => silent.abort(), silenceMs);
        if (!isLive) this.#options.onState("live");
        isLive = true;
        if (this.#isFollowed(topic)) this.#options.handlers[topic](JSON.parse(data));
      }
    } catch {
      // However it ended: the state says so, and it is tried again.
    } finally {
      clearTimeout(timer);
    }
    if (!stopped.aborted) this.#options.onState("lost");
    return isLive;
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} stopped
 * @returns {Promise<void>}
 */
const pause = (ms, stopped) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stopped.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });

/**
 * Cuts a stream into events with data; https://html.spec.whatwg.org/multipage/server-sent-events.html
 * as far as the console makes use of it: one line of data each, lines end with LF.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream
 */
export async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n");
      const topic = lines.find((line) => line.startsWith("event: "))?.slice(7);
      const data = lines.find((line) => line.startsWith("data: "))?.slice(6);
      if (topic !== undefined && data !== undefined) yield { topic, data };
    }
  }
}
