/**
 * Accounts of paper as the journal keeps them: written whenever one changes and before the engine hears of it, so that a
 * host that comes back finds its venues of paper as it left them. While it is away nothing is filled.
 */
import * as v from "valibot";
import {
  absent,
  bigInteger,
  branded,
  finite,
  integer,
  lots,
  moneyText,
  pricing,
  ticks,
} from "../../engine/restore_schemas.ts";
import type { PaperLedgerState } from "../../execution/paper/paper_ledger.ts";
import type { JournalWriter, KeptValue } from "../../journal/writer.ts";
import {
  clientOrderId,
  fillId,
  parseInstrumentId,
  type VenueId,
  venueId,
  venueOrderId,
} from "../../model/ids.ts";
import { cancelReasons, rejectCodes, sides } from "../../model/order.ts";
import { instrumentSchema } from "../../recording/instrument_schema.ts";
import type { HostLog } from "../ports.ts";

/** Scope of the kept values; the key is the venue. */
export const paperScope = "paper_account";

const instrument = branded(parseInstrumentId);
const undefinedIfAbsent = <S extends v.GenericSchema>(schema: S) =>
  v.pipe(absent(schema), v.transform((value): v.InferOutput<S> | undefined => value ?? undefined));

const order = v.object({
  request: v.pipe(
    v.object({
      clientOrderId: branded(clientOrderId),
      instrument,
      side: v.picklist(sides),
      sizeLots: lots,
      reduceOnly: v.boolean(),
      pricing,
    }),
  ),
  venueOrderId: branded(venueOrderId),
  tsVenueMs: finite,
  filledLots: integer,
  status: v.picklist(["open", "filled", "cancelled", "rejected", "expired"]),
  reason: v.optional(undefinedIfAbsent(v.picklist([...rejectCodes, ...cancelReasons]))),
  aheadLots: v.optional(undefinedIfAbsent(finite)),
});

const fill = v.object({
  instrument,
  fillId: branded(fillId),
  venueOrderId: branded(venueOrderId),
  clientOrderId: branded(clientOrderId),
  side: v.picklist(sides),
  priceTicks: ticks,
  sizeLots: lots,
  liquidity: v.picklist(["maker", "taker"]),
  fee: moneyText,
  feeAsset: v.string(),
  tsVenueMs: finite,
  tsRecvUs: finite,
});

const payment = v.object({
  instrument,
  paymentId: v.string(),
  amount: moneyText,
  asset: v.string(),
  tsVenueMs: finite,
});

const stateSchema = v.object({
  total: moneyText,
  holdings: v.array(v.object({ instrument: instrumentSchema, lots: integer, cost: bigInteger })),
  orders: v.array(order),
  fills: v.array(fill),
  payments: v.array(payment),
});

/** What the venues of paper go on from, and where they leave what they stand at. */
export interface PaperAccounts {
  /** An earlier run kept some. */
  readonly areKnown: boolean;
  readonly earlier: (venue: VenueId) => PaperLedgerState | undefined;
  readonly keep: (venue: VenueId, state: PaperLedgerState) => void;
}

/** @param isKept false: every account begins anew, and none is kept */
export function paperAccounts(
  journal: Pick<JournalWriter, "kept" | "keep">,
  log: Pick<HostLog, "write">,
  isKept: boolean,
): PaperAccounts {
  if (!isKept) return { areKnown: false, earlier: () => undefined, keep: () => undefined };
  const states = readPaperStates(journal.kept, log);
  return {
    areKnown: states.size > 0,
    earlier: (venue) => states.get(venue),
    keep: (venue, state) => journal.keep(paperScope, venue, state),
  };
}

export type PaperStates = ReadonlyMap<VenueId, PaperLedgerState>;

/** What earlier runs kept. An account that can't be read is told, and begins anew. */
export function readPaperStates(
  kept: readonly Pick<KeptValue, "scope" | "key" | "body">[],
  log: HostLog,
): PaperStates {
  const states = new Map<VenueId, PaperLedgerState>();
  for (const { scope, key, body } of kept) {
    if (scope !== paperScope) continue;
    const result = v.safeParse(stateSchema, body);
    if (!result.success) {
      const [issue] = result.issues;
      const where = v.getDotPath(issue) ?? "it";
      log.write("error", "paper", `the account on ${key} begins anew: ${where}: ${issue.message}`);
      continue;
    }
    const orders = result.output.orders.map(({ reason, aheadLots, ...one }) => ({
      ...one,
      reason,
      aheadLots,
    }));
    states.set(venueId(key), { ...result.output, orders });
  }
  return states;
}
