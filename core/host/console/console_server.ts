/**
 * The host's side of the console: its thread, the pictures it is sent, and the commands that come back. The console is
 * served beside trading, never before it: it is begun when everything else runs, and its end ends nothing else.
 */
import * as v from "valibot";
import { type Command, commandSchema } from "../../console/commands.ts";
import type {
  CommandResult,
  ConsoleSettings,
  FromConsole,
  HostPicture,
  ToConsole,
} from "../../console/ports.ts";
import { BerthError } from "../../errors.ts";
import { moveToBackground } from "./background_thread.ts";
import { readOrMakeToken, removeAddress, tokenPath, writeAddress } from "./console_files.ts";
import type { HostLog } from "../ports.ts";

const pictureEveryMs = 1_000;
const livePictureEveryMs = 250;
/** With more followers than a person has, pictures come less often: what goes out a second stays bounded. */
const perFollowerMs = 2;
const stopDeadlineMs = 1_000;

export interface ConsoleServerOptions {
  readonly address: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  readonly version: string;
  readonly environment: ConsoleSettings["environment"];
  readonly dataDir: string;
  /** Of the environment. */
  readonly folder: string;
  readonly journalFile: string;
  readonly pid: number;
  readonly log: HostLog;
  /** The run is ending: its summary is the last that is printed. */
  readonly isStopping: () => boolean;
  readonly picture: () => HostPicture;
  readonly execute: (command: Command, by: string) => Promise<CommandResult>;
  /** A person watches: what is printed is not kept as a log. */
  readonly isTerminal: boolean;
  /** The token can't be printed from then on. */
  readonly protect: (secrets: readonly string[]) => void;
}

/** @throws {BerthError} HOST_PORT_BUSY when somebody listens there */
export function checkPort(address: string, port: number): void {
  if (port === 0) return;
  try {
    Deno.listen({ hostname: address, port }).close();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new BerthError("HOST_PORT_BUSY", { port, purpose: "console" });
    }
    throw error;
  }
}

export class ConsoleServer {
  readonly #options: ConsoleServerOptions;
  #worker: Worker | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Empty until it is prepared: no token fits it. */
  #tokenHash = "";
  #watchers = 0;
  #url: string | undefined;
  #stopped = Promise.withResolvers<void>();
  readonly #listening = Promise.withResolvers<string | undefined>();

  constructor(options: ConsoleServerOptions) {
    this.#options = options;
  }

  /** Undefined until it listens. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Its address once it listens; undefined when it could not. */
  get listening(): Promise<string | undefined> {
    return this.#listening.promise;
  }

  /** Makes the token where there is none, and shows it to a person, never to a log: before a display takes the screen. */
  async prepare(): Promise<void> {
    const { dataDir, log, protect, isTerminal } = this.#options;
    const { token, isNew } = await readOrMakeToken(dataDir);
    if (isNew) {
      log.write(
        "info",
        "console",
        isTerminal
          ? `the console's token, shown this once: ${token} (kept in ${tokenPath(dataDir)})`
          : `the console's token was made; it is kept in ${tokenPath(dataDir)}`,
      );
    }
    protect([token]);
    this.#tokenHash = await sha256(token);
  }

  /** After {@link prepare}. Says by `listening` what became of it. */
  start(): void {
    const { address, port, allowedHosts, journalFile, version, environment } = this.#options;
    const worker = new Worker(new URL("../../console/console_worker.ts", import.meta.url), {
      type: "module",
      name: "console",
    });
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromConsole>) => void this.#onMessage(data);
    worker.onerror = (event) => {
      event.preventDefault(); // the console's failure is not the host's
      this.#failed(event.message);
    };
    const settings: ConsoleSettings = {
      address,
      port,
      allowedHosts,
      tokenHash: this.#tokenHash,
      journalFile,
      version,
      environment,
    };
    this.#send({ kind: "start", settings });
    this.#sendPictures();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#send({ kind: "stop" });
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      this.#stopped.promise,
      new Promise((resolve) => (timer = setTimeout(resolve, stopDeadlineMs))),
    ]);
    clearTimeout(timer);
    worker.terminate();
    this.#worker = undefined;
    if (this.#url !== undefined) await removeAddress(this.#options.folder);
  }

  #send(message: ToConsole): void {
    this.#worker?.postMessage(message);
  }

  #sendPictures(): void {
    if (this.#worker === undefined) return;
    this.#send({ kind: "picture", picture: this.#options.picture() });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#sendPictures(), pictureEveryFor(this.#watchers));
  }

  async #onMessage(message: FromConsole): Promise<void> {
    const { log, folder, pid } = this.#options;
    switch (message.kind) {
      case "listening": {
        const named = message.address.includes(":") ? `[${message.address}]` : message.address;
        const url = `http://${named}:${message.port}`;
        this.#url = url;
        await writeAddress(folder, { url, pid });
        if (!this.#options.isStopping()) log.write("info", "console", `console at ${url}`);
        this.#listening.resolve(url);
        return await this.#moveToBackground(message.threadId);
      }
      case "failed":
        return this.#failed(message.isBusy ? `port ${this.#options.port} is in use` : message.reason);
      case "watchers": {
        const isFirst = this.#watchers === 0 && message.count > 0;
        this.#watchers = message.count;
        if (isFirst) this.#sendPictures();
        return;
      }
      case "command": {
        const result = await this.#execute(message.command, message.by);
        // What was changed is to be seen by whoever asks next.
        this.#send({ kind: "picture", picture: this.#options.picture() });
        return this.#send({ kind: "result", id: message.id, result });
      }
      case "stopped":
        return this.#stopped.resolve();
      default:
        message satisfies never;
    }
  }

  /** Quotes and orders come first: the console takes what they leave of the processors. */
  async #moveToBackground(threadId: number | undefined): Promise<void> {
    if (threadId === undefined) return;
    const reason = Number.isSafeInteger(threadId)
      ? await moveToBackground(threadId)
      : "no thread of that number";
    if (reason === undefined || this.#options.isStopping()) return;
    this.#options.log.write("debug", "console", `the console keeps its usual priority: ${reason}`);
  }

  /** What the console's thread sends is checked again: it is the thread that faces the network. */
  async #execute(found: unknown, by: string): Promise<CommandResult> {
    const checked = v.safeParse(commandSchema, found);
    if (!checked.success) {
      return {
        kind: "refused",
        status: 422,
        title: "Not a command",
        detail: checked.issues[0].message.slice(0, 200),
      };
    }
    return await this.#options.execute(checked.output, by === "cli" ? "cli" : "http");
  }

  #failed(reason: string): void {
    const { log, isStopping } = this.#options;
    if (!isStopping()) log.write("error", "console", `the console is not served: ${reason}`);
    this.#listening.resolve(undefined);
  }
}

/** Milliseconds between pictures: four a second for up to 125 followers, one a second from 500 on. */
export const pictureEveryFor = (followers: number): number =>
  followers === 0
    ? pictureEveryMs
    : Math.min(pictureEveryMs, Math.max(livePictureEveryMs, followers * perFollowerMs));

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
