/**
 * What the console needs of the host: pictures of its state that come by themselves, and somebody who carries out
 * commands. The console runs on a thread of its own and holds no part of the engine; everything here is plain data that
 * can be posted from thread to thread.
 */
import type { ShownNotice, ShownOpportunity } from "../model/shown.ts";
import type { AlertsReport } from "../alerts/ports.ts";
import type { EngineSnapshot } from "../engine/snapshot.ts";
import type { Instrument } from "../model/instrument.ts";
import type { StrategyReport } from "../model/strategy_report.ts";
import type { Command } from "./commands.ts";

export interface ConsoleRun {
  readonly runId: string;
  readonly version: string;
  readonly environment: "sim" | "paper" | "testnet" | "live" | "replay";
  readonly seed: number;
  readonly startedMs: number;
  readonly uptimeMs: number;
  readonly isStopping: boolean;
  readonly hostRssMb: number;
  /** How late the host's own timer ran at worst since the last picture. */
  readonly loopDelayMs: number;
}

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** A line of the host's log, without secrets. */
export interface ConsoleLogLine {
  /** Counts up without a gap but for lines that were too many to keep. */
  readonly sequence: number;
  readonly tsMs: number;
  readonly level: LogLevel;
  /** A part of the host, or a plugin. */
  readonly source: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

export interface ConsolePlugin {
  readonly id: string;
  readonly kind: "strategy" | "exchange" | "unknown";
  readonly version: string | undefined;
  /** Of what lies in its folder now. */
  readonly fingerprint: string | undefined;
  /** A newer version that does not run, and why. */
  readonly update: { readonly kind: string; readonly why: string } | undefined;
  /** Of its life cycle: `running`, `awaiting_approval`, `quarantined`, … */
  readonly state: string;
  readonly why: string;
  readonly restarts: number;
  /** What it asks for, in plain words, while it waits for approval. */
  readonly asks: readonly string[];
  /** All that its version may do, money first; of what lies in its folder while nothing of it ran. */
  readonly may: readonly string[];
  readonly description: string;
  readonly usage: {
    readonly cpuShare: number;
    readonly rssBytes: number;
    readonly heapUsedBytes: number;
    readonly loopDelayMs: number;
    readonly heartbeatAgeMs: number;
    readonly conflatedRecords: number;
    readonly droppedTrades: number;
  } | undefined;
}

/** What a plugin reported last under a name of its own. */
export interface ConsoleGauge {
  readonly plugin: string;
  readonly name: string;
  readonly value: number;
}

/** The host as it is at one moment. Lists of happenings are newest first. */
export interface HostPicture {
  readonly run: ConsoleRun;
  readonly engine: EngineSnapshot;
  readonly instruments: readonly Instrument[];
  readonly plugins: readonly ConsolePlugin[];
  readonly strategies: readonly StrategyReport[];
  readonly opportunities: {
    readonly seen: number;
    readonly taken: number;
    readonly latest: readonly ShownOpportunity[];
  };
  readonly notices: readonly ShownNotice[];
  readonly alerts: AlertsReport;
  readonly gauges: readonly ConsoleGauge[];
  readonly counts: { readonly orders: number; readonly fills: number; readonly roundTrips: number };
  /** Written since the picture before, oldest first. */
  readonly newLogs: readonly ConsoleLogLine[];
}

/** What became of a command. A refusal says why and what to do instead. */
export type CommandResult =
  | { readonly kind: "done"; readonly value: unknown }
  | {
    readonly kind: "refused";
    /** HTTP's: 404 nothing of that name, 409 not now, 422 not so, 501 this host can't, 504 it does not react. */
    readonly status: 404 | 409 | 422 | 501 | 504;
    readonly title: string;
    readonly detail: string;
  };

/** Carries out commands; only the host implements it for real. */
export type ExecuteCommand = (command: Command, by: string) => Promise<CommandResult>;

export interface ConsoleSettings {
  readonly address: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Names besides the address itself by which browsers may call it: `berth.lan`. */
  readonly allowedHosts: readonly string[];
  /** SHA-256 of the token, hexadecimal: this thread never knows the token itself. */
  readonly tokenHash: string;
  readonly journalFile: string;
  readonly version: string;
  readonly environment: ConsoleRun["environment"];
}

export type ToConsole =
  | { readonly kind: "start"; readonly settings: ConsoleSettings }
  | { readonly kind: "picture"; readonly picture: HostPicture }
  | { readonly kind: "result"; readonly id: number; readonly result: CommandResult }
  | { readonly kind: "stop" };

export type FromConsole =
  | {
    readonly kind: "listening";
    readonly address: string;
    readonly port: number;
    /** Of the system; undefined where it can't be told. */
    readonly threadId: number | undefined;
  }
  | { readonly kind: "failed"; readonly isBusy: boolean; readonly reason: string }
  /** How many follow live: pictures come more often while somebody looks. */
  | { readonly kind: "watchers"; readonly count: number }
  | { readonly kind: "command"; readonly id: number; readonly command: unknown; readonly by: string }
  | { readonly kind: "stopped" };
