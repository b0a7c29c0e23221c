/** What a run did, printed when it ends: for people as a table, for machines as one JSON object. */
import type { GroupTotals } from "../model/leg_group_totals.ts";
import { clockText, countText, priceText, signedUsdText, sizeText, usdStyle, usdText } from "./formats.ts";
import type { DisplayEnvironment, OrderRow, PositionRow } from "./ports.ts";
import { environmentWords } from "./render.ts";
import { clipped, type Line, paint, type PaintOptions, type Span, span } from "./styled_text.ts";
import { type Column, drawTable } from "./table.ts";

export interface VenueSummary {
  readonly venue: string;
  readonly quotes: number;
  readonly orders: number;
  readonly fills: number;
  readonly realizedUsd: number;
  readonly unrealizedUsd: number;
  readonly feesUsd: number;
  /** Positive is paid. */
  readonly fundingUsd: number;
  readonly gaps: number;
  readonly reconnects: number;
  /** Whether the venue's own books say the same, and where they don't; undefined where they can't be asked. */
  readonly ledger: { readonly agrees: boolean; readonly differences: readonly string[] } | undefined;
}

export interface RunSummary {
  readonly runId: string;
  readonly version: string;
  readonly environment: DisplayEnvironment;
  readonly seed: number;
  readonly runTimeMs: number;
  /** `duration`, `SIGINT`, `operator`, or what went wrong. */
  readonly endedBy: string;
  readonly venues: readonly VenueSummary[];
  readonly opportunities: { readonly seen: number; readonly taken: number };
  readonly roundTrips: number;
  readonly groups: GroupTotals;
  /** Value of legs that are alone at the end. */
  readonly nakedUsd: number;
  readonly orders: number;
  readonly fills: number;
  readonly refusals: readonly { readonly code: string; readonly count: number }[];
  readonly realizedUsd: number;
  readonly unrealizedUsd: number;
  readonly feesUsd: number;
  readonly fundingUsd: number;
  /** realized + unrealized − fees − funding. */
  readonly totalUsd: number;
  /** Not flat at the end. */
  readonly positions: readonly PositionRow[];
  /** Not confirmed as done at the end. */
  readonly workingOrders: readonly OrderRow[];
  readonly plugins: readonly { readonly id: string; readonly restarts: number; readonly state: string }[];
  readonly journalFile: string;
}

/**
 * One JSON object on one line, `"event":"summary"`; what is not a number is null.
 *
 * @param exact fields that are added or replace those of the same name: money as exact decimal text, say
 */
export const summaryJson = (summary: RunSummary, exact: Readonly<Record<string, unknown>> = {}): string =>
  `${JSON.stringify({ event: "summary", ...summary, ...exact })}\n`;

const text = (words: string): Line => [span(words)];
const usd = (value: number): Span => span(signedUsdText(value), usdStyle(value));

function column<Row>(
  heading: string,
  alignment: Column<Row>["alignment"],
  minWidth: number,
  cell: (row: Row) => Span,
): Column<Row> {
  return { heading, alignment, minWidth, dropRank: 0, cell };
}

const venueColumns: readonly Column<VenueSummary>[] = [
  column("VENUE", "left", 10, (row) => span(row.venue, "bold")),
  column("QUOTES", "right", 9, (row) => span(countText(row.quotes))),
  column("ORDERS", "right", 7, (row) => span(countText(row.orders))),
  column("FILLS", "right", 7, (row) => span(countText(row.fills))),
  column("FEES", "right", 9, (row) => span(usdText(row.feesUsd))),
  column("REALIZED", "right", 11, (row) => usd(row.realizedUsd)),
  column("UNREALIZED", "right", 11, (row) => usd(row.unrealizedUsd)),
];
const positionColumns: readonly Column<PositionRow>[] = [
  column("POSITION LEFT", "left", 14, (row) => span(row.plugin)),
  column("VENUE", "left", 8, (row) => span(row.venue)),
  column("SYMBOL", "left", 9, (row) => span(row.symbol)),
  column("SIZE", "right", 10, (row) => span(sizeText(row.sizeBase, row.sizeDecimals))),
  column("ENTRY", "right", 10, (row) => span(priceText(row.entryPrice, row.priceDecimals))),
  column("UNREALIZED", "right", 11, (row) => usd(row.unrealizedUsd)),
];
const orderColumns: readonly Column<OrderRow>[] = [
  column("ORDER LEFT", "left", 22, (row) => span(row.clientOrderId, "warn")),
  column("VENUE", "left", 8, (row) => span(row.venue)),
  column("SYMBOL", "left", 9, (row) => span(row.symbol)),
  column("SIDE", "left", 4, (row) => span(row.side)),
  column("SIZE", "right", 10, (row) => span(sizeText(row.sizeBase, row.sizeDecimals))),
  column("STATUS", "left", 10, (row) => span(row.status, "warn")),
];

function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): readonly Line[] {
  if (rows.length === 0) return [];
  const table = drawTable(columns, rows, width);
  return [[], table.heading, ...table.rows];
}

function ledgerLines(summary: RunSummary): readonly Line[] {
  return summary.venues.flatMap(({ venue, ledger }): readonly Line[] => {
    if (ledger === undefined) return [];
    if (ledger.agrees) return [[span(`${venue}: the venue's own books agree to the last unit`, "good")]];
    return [[span(`${venue}: the venue's own books differ: ${ledger.differences.join("; ")}`, "bad")]];
  });
}

/** Nothing where no plugin trades in legs. */
function groupLines({ groups, nakedUsd }: RunSummary): readonly Line[] {
  if (groups.begun === 0) return [];
  const { verified } = groups;
  const most = groups.maxNakedUsd === 0
    ? ""
    : ` · at most ${usdText(groups.maxNakedUsd)} USD alone, for ${Math.round(groups.maxNakedMs)} ms`;
  const counts =
    `leg groups ${groups.opened} opened, ${groups.closed} closed, ${groups.broken} broken, ${groups.unwound} taken back${most}`;
  const reads = `positions read back ${verified.agreed} equal, ${verified.differed} different`;
  const isEven = nakedUsd === 0 && groups.halted === 0 && verified.differed === 0;
  return [
    text(counts),
    [
      span(
        nakedUsd === 0 ? "no leg alone" : `${usdText(nakedUsd)} USD of legs alone`,
        nakedUsd === 0 ? "good" : "bad",
      ),
      span(` · ${reads}`, isEven ? "plain" : "warn"),
    ],
  ];
}

function restartLines(summary: RunSummary): readonly Line[] {
  return summary.plugins
    .filter((plugin) => plugin.restarts > 0 || plugin.state === "quarantined")
    .map((plugin) => [span(`${plugin.id}: ${plugin.restarts} restarts, ${plugin.state} at the end`, "warn")]);
}

/** Lines for a person, each at most `columns` cells. */
export function summaryLines(
  summary: RunSummary,
  options: PaintOptions & { readonly columns: number },
): string[] {
  const { opportunities } = summary;
  const refused = summary.refusals.reduce((sum, refusal) => sum + refusal.count, 0);
  const positions = summary.positions.length === 0
    ? "no positions left"
    : `${summary.positions.length} positions left`;
  const left = summary.workingOrders.filter(({ isStop }) => !isStop);
  const stops = summary.workingOrders.length - left.length;
  const orders = `${left.length === 0 ? "no" : left.length} orders left working${
    stops === 0 ? "" : `, ${stops} stops kept at the venues`
  }`;
  const lines: readonly Line[] = [
    [
      span(
        `berth ${summary.version} ran ${clockText(summary.runTimeMs)}, ended by ${summary.endedBy}  `,
        "bold",
      ),
      span(` ${environmentWords[summary.environment]} `, summary.environment),
    ],
    ...tableLines(venueColumns, summary.venues, options.columns),
    [],
    text(
      `opportunities ${opportunities.seen} seen, ${opportunities.taken} taken · round trips ${summary.roundTrips} · orders ${summary.orders} · fills ${summary.fills} · refused ${refused}`,
    ),
    ...groupLines(summary),
    [
      span("realized "),
      usd(summary.realizedUsd),
      span("  unrealized "),
      usd(summary.unrealizedUsd),
      span(`  fees ${usdText(summary.feesUsd)}  funding ${usdText(summary.fundingUsd)}  net `),
      usd(summary.totalUsd),
      span(" USD"),
    ],
    [
      span(positions, summary.positions.length === 0 ? "good" : "warn"),
      span(" · "),
      span(orders, left.length === 0 ? "good" : "warn"),
    ],
    ...tableLines(positionColumns, summary.positions, options.columns),
    ...tableLines(orderColumns, left, options.columns),
    ...ledgerLines(summary),
    ...restartLines(summary),
    [],
    [span(`run ${summary.runId} · seed ${summary.seed} · journal ${summary.journalFile}`, "dim")],
  ];
  return lines.map((line) => paint(clipped(line, options.columns), options));
}
