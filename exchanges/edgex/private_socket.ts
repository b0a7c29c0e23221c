/** The account's connection. It logs in by its opening request and pushes by itself: a snapshot first, then what changes. */
import * as v from "valibot";
import type { ConnectionState, Log } from "@berth/sdk";
import {
  type ConnectionPorts,
  type ConnectionView,
  KeptConnection,
  type Link,
  type LinkHandlers,
} from "@berth/sdk/venue/kept_connection.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { shownText } from "@berth/sdk/venue/shown_text.ts";
import { recordFrame } from "@berth/sdk/venue/text_frame.ts";
import { keepAliveAt, pong } from "./keep_alive.ts";
import type { RequestSigner } from "./signing.ts";
import { isRecord, issueText, timeOf, type TradeEvent, tradeEventSchema } from "./wire.ts";

export interface PrivateSocketOptions {
  readonly url: string;
  readonly ports: ConnectionPorts;
  readonly signer: RequestSigner;
  readonly venueNowMs: () => number;
  readonly misfits: TextMisfits;
  readonly log: Log;
  readonly onEvent: (event: TradeEvent, tsRecvUs: number) => void;
  readonly onState: (state: ConnectionState, why: string) => void;
}

const snapshotEvent = "Snapshot";

/** One socket's life; `version` of its newest event. */
interface Session {
  readonly link: Link;
  hasSnapshot: boolean;
  version: number;
}

export class PrivateSocket {
  readonly #options: PrivateSocketOptions;
  readonly #connection: KeptConnection;

  constructor(options: PrivateSocketOptions) {
    this.#options = options;
    this.#connection = new KeptConnection({
      urls: [options.url],
      ports: options.ports,
      keepAlive: keepAliveAt(options.venueNowMs),
      requestOf: (url) => options.signer.socketRequest(url, options.venueNowMs()),
      accept: (link) => this.#accept(link),
      onState: options.onState,
    });
  }

  get connection(): ConnectionView {
    return this.#connection;
  }

  start(): void {
    this.#connection.start();
  }

  stop(): void {
    this.#connection.stop();
  }

  #accept(link: Link): LinkHandlers {
    const session: Session = { link, hasSnapshot: false, version: -Infinity };
    return {
      onOpen: () => {}, // the venue speaks first
      onText: (text) => this.#onText(session, text),
      onEnd: () => {}, // nothing is asked over it
    };
  }

  #onText(session: Session, text: string): void {
    const tsRecvUs = this.#options.ports.clock.epochUs();
    const { misfits } = this.#options;
    const frame = recordFrame(text, misfits, "private_frame");
    if (frame === undefined) return;
    switch (frame["type"]) {
      case "trade-event":
        return this.#onEvent(session, frame["content"], tsRecvUs);
      case "ping":
        session.link.send(pong(shownText(frame["time"], 32)));
        return;
      case "pong":
      case "connected":
        return;
      case "error":
        return this.#onError(session, frame["content"]);
      default:
        return misfits.note("private_frame_not_known", `type ${shownText(frame["type"], 40)}`);
    }
  }

  #onEvent(session: Session, content: unknown, tsRecvUs: number): void {
    const parsed = v.safeParse(tradeEventSchema, content);
    if (!parsed.success) {
      this.#options.misfits.note("private_row_not_readable", issueText(parsed.issues));
      // Something happened, and nobody knows what: the next connection begins with all there is.
      return session.link.fail("an event can't be read");
    }
    const event = parsed.output;
    const version = timeOf(event.version);
    // Versions leave gaps for what is no business of this account; what is older than the last is old news.
    if (version < session.version) return;
    if (version >= session.version) session.version = version;
    this.#options.onEvent(event, tsRecvUs);
    if (event.event !== snapshotEvent || session.hasSnapshot) return;
    session.hasSnapshot = true;
    session.link.ready();
  }

  #onError(session: Session, content: unknown): void {
    // Its words alone: the venue's text may repeat a key.
    const what = shownText(isRecord(content) ? content["code"] : "", 200);
    this.#options.log.error("EdgeX refused on the account's connection", { code: what });
    if (!session.hasSnapshot) session.link.fail(`refused: ${what}`);
  }
}
