/** What the parts of the host need of each other: small interfaces, implemented once each. */
import type { EngineEvent } from "../engine/events.ts";
import type { EngineSurface } from "../engine/surface.ts";
import type { Clock } from "../model/clock.ts";
import type { BookUpdate } from "../model/market.ts";
import type { Panel } from "../model/panel.ts";
import type { OpportunityMessage } from "../protocol/messages.ts";
import type { SandboxProcess } from "../sandbox/sandbox.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** Where every part writes what people should know. */
export interface HostLog {
  write(level: LogLevel, source: string, message: string, fields?: LogFields): void;
}

/** The engine with its outputs carried out. */
export interface EngineDriver {
  readonly engine: EngineSurface;
  readonly clock: Clock;
  dispatch(event: EngineEvent): void;
  /** A strategy's process, so that messages and market data reach it; undefined takes it away. */
  attachStrategy(plugin: string, subscriber: number, process: SandboxProcess | undefined): void;
  attachAdapter(venue: string, sendRequest: AdapterRequests | undefined): void;
  /** Copies one record to everybody who subscribed to it. */
  route(index: number, kind: "quotes" | "trades" | "marks", record: Uint8Array, at: number): void;
}

/** Hands one request to an adapter's process. */
export type AdapterRequests = (requestId: number, request: Parameters<SandboxProcess["send"]>[0]) => void;

/** Sees all market data on its way to the strategies. */
export interface MarketTap {
  /** The record at `at`, valid during the call only. */
  record(index: number, record: Uint8Array, at: number): void;
  book(update: BookUpdate): void;
}

/** Counts and lists that the display shows beside the engine's own snapshot. */
export interface Tally {
  opportunity(plugin: string, message: OpportunityMessage): void;
  gauge(plugin: string, name: string, value: number): void;
  panel(plugin: string, panel: Panel): void;
}
