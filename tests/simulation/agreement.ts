/** Venue's ledger = journal = portfolio, to the last unit; or what differs. */
import type { EngineSnapshot } from "../../core/engine/snapshot.ts";
import { formatMoney, money, tickLotMoney } from "../../core/model/money.ts";
import { isResidentStop } from "../../core/model/order.ts";
import { increment } from "../../core/model/ticks.ts";
import type { JournalDisk } from "./memory_journal.ts";
import { accountId, type SimVenue } from "./sim_venues.ts";

interface JournalledFill {
  readonly plugin: string;
  readonly fill: {
    readonly instrument: string;
    readonly fillId: string;
    readonly side: "buy" | "sell";
    readonly sizeLots: number;
    readonly fee: string;
  };
}

const fillsOf = (disk: JournalDisk): readonly JournalledFill[] =>
  disk.records.filter(({ kind }) => kind === "fill").map(({ text }): JournalledFill => JSON.parse(text));

/** Keys of the fills that the journal holds. */
export const bookedFills = (disk: JournalDisk): readonly string[] =>
  fillsOf(disk).map(({ fill }) => `${fill.instrument.split(":")[0]}/${fill.fillId}`);

export function differences(venue: SimVenue, state: EngineSnapshot, disk: JournalDisk): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, ours: unknown, theirs: unknown): void => {
    if (ours !== theirs) {
      found.push(`${venue.name} ${what}: ours ${String(ours)}, the venue's ${String(theirs)}`);
    }
  };
  const isHere = ({ instrument }: { readonly instrument: string }): boolean =>
    instrument.startsWith(`${venue.name}:`);
  const { control } = venue;
  const ledger = control.positions(accountId);
  const ours = state.positions.filter(isHere);
  const sum = (values: readonly bigint[]): string => formatMoney(money(values.reduce((a, b) => a + b, 0n)));
  for (const { symbol, tickSize, lotSize } of control.instruments) {
    const held = ledger.find((position) => position.symbol === symbol);
    const mine = ours.filter(({ instrument }) => instrument === `${venue.name}:${symbol}`);
    const lots = mine.reduce((total, { positionLots }) => total + positionLots, 0);
    compare(`position in ${symbol}`, lots, held?.positionLots ?? 0);
    compare(`fees of ${symbol}`, sum(mine.map(({ feesPaid }) => feesPaid)), sum([held?.feesPaid ?? 0n]));
    // Realized profit alone depends on the order in which fills were told; what went in and out does not.
    const { tick, lot } = { tick: increment(tickSize), lot: increment(lotSize) };
    const unit = tickLotMoney({ tick, lot });
    const flow = (one: { readonly realizedPnl: bigint; readonly costTicksLots: bigint }): bigint =>
      one.realizedPnl - one.costTicksLots * unit;
    compare(`cash flow of ${symbol}`, sum(mine.map(flow)), sum(held === undefined ? [] : [flow(held)]));
    const written = fillsOf(disk).filter(({ fill }) => fill.instrument === `${venue.name}:${symbol}`);
    const signed = written.reduce(
      (total, { fill }) => total + (fill.side === "buy" ? fill.sizeLots : -fill.sizeLots),
      0,
    );
    compare(`journalled position in ${symbol}`, signed, held?.positionLots ?? 0);
    compare(
      `journalled fees of ${symbol}`,
      sum(written.map(({ fill }) => BigInt(fill.fee))),
      sum([held?.feesPaid ?? 0n]),
    );
    const theirs = control.fills(accountId).filter((fill) => fill.symbol === symbol);
    compare(`journalled fills of ${symbol}`, written.length, theirs.length);
  }
  const working = state.workingOrders.filter(isHere);
  const open = control.openOrders(accountId);
  const line = (orders: readonly { readonly clientOrderId: string; readonly filledLots: number }[]): string =>
    orders.map(({ clientOrderId, filledLots }) => `${clientOrderId} ${filledLots}`).sort().join(", ");
  const named = [
    ...open.map((order) => ({ ...order, clientOrderId: venue.hostIdOf(order.clientOrderId) })),
    ...venue.protocol.waitingOrders().map((id) => ({ clientOrderId: venue.hostIdOf(id), filledLots: 0 })),
  ];
  compare("working orders", line(working), line(named));
  found.push(...unguarded(state.exits.filter(isHere), working));
  const known = state.venues.find((one) => one.venue === venue.id);
  compare("comparison", known?.isReconciled ?? false, true);
  for (const { instrument, positionLots } of known?.foreignPositions ?? []) {
    compare(`foreign position in ${instrument}`, positionLots, 0);
  }
  return found;
}

/** Plans whose stop should be at the venue and is not, stops behind no plan, and sizes that differ. */
function unguarded(
  exits: EngineSnapshot["exits"],
  working: EngineSnapshot["workingOrders"],
): readonly string[] {
  const missing = exits.filter(({ phase, residentStop }) =>
    phase === "armed" && residentStop.kind === "absent" && residentStop.why === "not_yet"
  );
  const spare = working.filter(isResidentStop).filter(({ plugin, instrument }) =>
    !exits.some((exit) => exit.plugin === plugin && exit.instrument === instrument)
  );
  return [
    ...missing.map(({ plugin, instrument }) =>
      `${plugin}'s position in ${instrument} has no stop at the venue`
    ),
    ...spare.map(({ clientOrderId }) => `the stop ${clientOrderId} guards nothing`),
  ];
}

/** What is not flat or still works at a venue, by its own word. */
export function remains(venue: SimVenue): readonly string[] {
  return [
    ...venue.control.openOrders(accountId).map((order) => `${venue.name} still works ${order.clientOrderId}`),
    ...venue.protocol.waitingOrders().map((id) => `${venue.name} still has ${id} waiting for a price`),
    ...venue.control.positions(accountId).filter(({ positionLots }) => positionLots !== 0)
      .map(({ symbol, positionLots }) => `${venue.name} still holds ${positionLots} lots of ${symbol}`),
  ];
}
