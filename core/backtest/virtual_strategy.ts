/** A strategy's process on virtual time, as the backtest deals with it: records ahead, then turns. */
import type { BerthError } from "../errors.ts";
import type { PluginMessage, StrategyHello } from "../protocol/messages.ts";
import type { Sandbox, SandboxExit, SandboxProcess, SandboxSpec } from "../sandbox/sandbox.ts";

/** Something the strategy said, and when by its own clock. */
export interface TimedMessage {
  readonly tsUs: number;
  readonly message: PluginMessage;
}

export interface Turn {
  /** How far the strategy has played. */
  readonly epochUs: number;
  readonly messages: readonly TimedMessage[];
}

export class VirtualStrategy {
  readonly process: SandboxProcess;
  readonly #ready = Promise.withResolvers<void>();
  #turn: PromiseWithResolvers<Turn> | undefined;
  #messages: TimedMessage[] = [];
  #atUs: number;
  #failure: SandboxExit | undefined;

  constructor(sandbox: Sandbox, spec: Omit<SandboxSpec, "hello">, hello: StrategyHello) {
    this.#atUs = hello.epochUs;
    this.#ready.promise.catch(() => undefined); // whoever waits is told; nobody may be waiting yet
    this.process = sandbox.start({ ...spec, hello }, {
      onRecords: () => undefined,
      onBook: () => undefined,
      onErrorLine: () => undefined,
      onMessage: (message) => this.#onMessage(message),
      onExit: (exit) => this.#onExit(exit),
    });
  }

  /** Resolves when `onStart` is done. @throws {BerthError} why it could not start */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Lets it play; resolves with what it said on the way. @throws {BerthError} when its process is gone */
  runUntil(epochUs: number, lookaheadUs: number): Promise<Turn> {
    const turn = Promise.withResolvers<Turn>();
    this.#turn = turn;
    if (this.#failure !== undefined) turn.reject(failureOf(this.#failure));
    else this.process.send({ type: "run_until", epochUs, lookaheadUs });
    return turn.promise;
  }

  /** What it said since the last turn: while it started or stopped. */
  takeMessages(): readonly TimedMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  #onMessage(message: PluginMessage): void {
    switch (message.type) {
      case "ready":
        return this.#ready.resolve();
      case "at":
        this.#atUs = message.epochUs;
        return;
      case "paused":
        this.#turn?.resolve({ epochUs: message.epochUs, messages: this.takeMessages() });
        this.#turn = undefined;
        return;
      default:
        this.#messages.push({ tsUs: this.#atUs, message });
    }
  }

  #onExit(exit: SandboxExit): void {
    this.#failure = exit;
    const reason = failureOf(exit);
    this.#ready.reject(reason);
    this.#turn?.reject(reason);
  }
}

const failureOf = (exit: SandboxExit): BerthError | Error =>
  exit.reason ?? new Error(`the plugin's process ended with code ${exit.code}`);
