/**
 * Leg groups: a trade of two legs that the host holds as one. A leg is opened in its own direction (bought on one
 * venue, sold on the other), both are meant to be held in the proportion of their sizes, and both are closed together.
 * What this file has is data: it is journalled as it stands and taken up again after a restart.
 */
import type { InstrumentId, PluginId } from "./ids.ts";
import type { Side } from "./order.ts";
import type { PriceTicks, SizeLots } from "./ticks.ts";

export type LegIndex = 0 | 1;
export const legIndexes = [0, 1] as const satisfies readonly LegIndex[];
export const otherLeg = (leg: LegIndex): LegIndex => (leg === 0 ? 1 : 0);

/** One leg as it is opened: an IOC order at `limitPriceTicks` or better; the first leg of `maker_first` rests there. */
export interface LegTerms {
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly sizeLots: SizeLots;
  readonly limitPriceTicks: PriceTicks;
}

/**
 * `sequential`: the second leg is sized by the first one's fills. `together`: both are sent at once. `maker_first`: the first
 * leg rests at its price, post-only, and the second is taken as fills come, while it still can be had at its own limit.
 */
export const legModes = ["sequential", "together", "maker_first"] as const;
export type LegMode = (typeof legModes)[number];

export interface LegGroupTerms {
  readonly legs: readonly [LegTerms, LegTerms];
  readonly mode: LegMode;
  /** A group of which one leg alone could be worth more is refused. The host's own bound holds besides. */
  readonly maxNakedNotionalUsd: number;
  /** A leg that is alone for longer is only unwound any more, at the gate's widest price. The host's bound holds besides. */
  readonly maxNakedMs: number;
  /** A lagging leg is completed while that costs at most this many bps more than unwinding the other, fees included. */
  readonly completeWithinBps: number;
  /** How much worse than the best price an unwinding or closing order may be; doubled at each attempt. */
  readonly exitCapBps: number;
  /** The host closes the group when it is this old; undefined: when the plugin says so. */
  readonly maxHoldMs: number | undefined;
  /** How long the first leg of `maker_first` may rest before it is cancelled; what was filled by then is the group's size. */
  readonly maxRestMs: number | undefined;
}

/** What a plugin asks for. */
export interface LegGroupIntent {
  readonly plugin: PluginId;
  /** The plugin's own name for it. */
  readonly ref: string;
  readonly terms: LegGroupTerms;
}

export type LegGroupOutcome =
  /** Neither leg was filled. */
  | "nothing_filled"
  /** It could not be made whole; what was filled was sold back. */
  | "unwound"
  /** It was open, and both legs were closed. */
  | "closed"
  /** Its positions were closed by other orders (flattening, the plugin's own). */
  | "closed_elsewhere";

export type LegGroupPhase =
  | { readonly kind: "opening"; readonly stage: "first" | "second" | "both" }
  /** One leg holds more than the other: completed or unwound. */
  | { readonly kind: "repairing" }
  | { readonly kind: "open" }
  | { readonly kind: "closing" }
  /** Attempts are used up; nothing is tried until an operator lifts the plugin's halt. */
  | { readonly kind: "halted"; readonly why: string }
  | { readonly kind: "ended"; readonly outcome: LegGroupOutcome };

export const legGroupPhases = ["opening", "repairing", "open", "closing", "halted", "ended"] as const;

/** `open` is the first order of a leg, `complete` brings a lagging leg up, `unwind` the leading one down. */
export const legOrderRoles = ["open", "complete", "unwind", "close"] as const;
export type LegOrderRole = (typeof legOrderRoles)[number];

/** An order of the group; its name at the host is `ref`. Kept after its end: a fill may come late. */
export interface LegOrder {
  readonly ref: string;
  readonly leg: LegIndex;
  readonly role: LegOrderRole;
  readonly side: Side;
  readonly sizeLots: SizeLots;
  readonly filledLots: SizeLots;
  readonly isDone: boolean;
}

/** What a leg's fills made. Sums over fills of lots and of ticks × lots, exact; fees in the settlement asset at 1e-18. */
export interface LegTotals {
  readonly openedLots: SizeLots;
  readonly openedTicksLots: bigint;
  readonly closedLots: SizeLots;
  readonly closedTicksLots: bigint;
  /** Lots that other orders than the group's took away. */
  readonly takenLots: SizeLots;
  readonly feesPaid: bigint;
}

export interface LegGroup {
  /** Unique for ever. */
  readonly id: string;
  readonly plugin: PluginId;
  readonly ref: string;
  readonly terms: LegGroupTerms;
  readonly phase: LegGroupPhase;
  readonly totals: readonly [LegTotals, LegTotals];
  readonly orders: readonly LegOrder[];
  readonly nextSerial: number;
  /** Attempts at repairing or closing since the last one that changed something, and in all. */
  readonly attempts: number;
  readonly totalAttempts: number;
  /** No attempt before. */
  readonly nextAttemptUs: number;
  /** The gate or the venue would not have the lagging leg; only unwinding is left. */
  readonly isCompletionOff: boolean;
  /** Closing was asked for: by whom or why. */
  readonly closeReason: string | undefined;
  /** It was whole at least once. */
  readonly wasOpen: boolean;
  /** A leg had to be completed or unwound. */
  readonly wasBroken: boolean;
  /** Since when one leg has been alone. */
  readonly nakedSinceUs: number | undefined;
  readonly isNakedNoticed: boolean;
  /** When the venue was last asked to cancel the resting leg; undefined: not yet. */
  readonly cancelAskedUs: number | undefined;
  readonly tsCreatedUs: number;
  readonly tsUpdatedUs: number;
}

/** Lots that the group's own direction holds; negative when more was closed than opened. */
export const heldLots = ({ openedLots, closedLots, takenLots }: LegTotals): number =>
  openedLots - closedLots - takenLots;

export const isGroupEnded = ({ phase }: LegGroup): boolean => phase.kind === "ended";

/** Nothing to be done about it: whole, over, or waiting for an operator. */
export const isGroupSettled = ({ phase }: LegGroup): boolean =>
  phase.kind === "open" || phase.kind === "ended" || phase.kind === "halted";

/** The host's own bounds on groups, whatever their terms say. */
export interface LegGroupLimits {
  readonly maxNakedNotionalUsd: number;
  readonly maxNakedMs: number;
  /** Attempts without an effect, and in all, before the plugin is halted. */
  readonly maxAttempts: number;
  readonly maxTotalAttempts: number;
  /** Pause after an attempt; doubled with each that had no effect. */
  readonly retryMs: number;
  /** Groups that are not over, for one plugin. */
  readonly maxGroups: number;
  /** Before a group both venues' open orders must have been listed within this time. */
  readonly maxSweepAgeMs: number;
  /** After a group the venues' positions must have been read within this time, or no other group follows. */
  readonly verifyWithinMs: number;
}

export const defaultLegGroupLimits: LegGroupLimits = {
  maxNakedNotionalUsd: 10_000,
  maxNakedMs: 10_000,
  maxAttempts: 6,
  maxTotalAttempts: 30,
  retryMs: 250,
  maxGroups: 50,
  maxSweepAgeMs: 20_000,
  verifyWithinMs: 30_000,
};
