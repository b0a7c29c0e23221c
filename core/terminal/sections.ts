/** The parts of the display: each turns its rows of the snapshot into a table, whatever the width. */
import type { ShownNotice, ShownOpportunity } from "../model/shown.ts";
import {
  ageStyle,
  ageText,
  bpsText,
  countText,
  priceText,
  shortNumberText,
  signedUsdText,
  sizeText,
  timeOfDayText,
  usdStyle,
  usdText,
} from "./formats.ts";
import type {
  DisplaySnapshot,
  GroupRow,
  OrderRow,
  PluginRow,
  PositionRow,
  QuoteRow,
  RiskRow,
  VenueRow,
} from "./ports.ts";
import { bestSpreadFor } from "./spreads.ts";
import { column, type Section, section } from "./section.ts";
import { type Span, span, type Style } from "./styled_text.ts";

const usdCell = (value: number): Span => span(signedUsdText(value), usdStyle(value));

function venueState(row: VenueRow): Span {
  switch (row.state) {
    case "connected":
      return connectedState(row);
    case "connecting":
      return span("○ joining", "warn");
    case "reconnecting":
      return span("○ rejoining", "warn");
    case "stopped":
      return span("○ down", "bad");
    case "not_started":
      return span("○ waiting", "dim");
    default:
      return row.state satisfies never;
  }
}

function connectedState(row: VenueRow): Span {
  switch (row.trading) {
    case "ready":
      return span("● up", "good");
    case "reconciling":
      return span("● comparing", "warn");
    case "disconnected":
      return span("● no orders", "bad");
    case "none":
      return span("● data only", "good");
    default:
      return row.trading satisfies never;
  }
}

const alarm = (count: number): Style => count > 0 ? "warn" : "dim";

export const venuesSection = ({ venues }: DisplaySnapshot): Section =>
  section<VenueRow>(1, 2, venues, [
    column("VENUES", "left", 8, 0, (row) => span(row.venue, "bold")),
    column("STATE", "left", 11, 0, venueState),
    column("BEAT", "right", 5, 4, (row) =>
      span(ageText(row.heartbeatAgeMs), ageStyle(row.heartbeatAgeMs, 2000, 10_000))),
    column("UPD/S", "right", 5, 3, (row) =>
      span(shortNumberText(row.updatesPerSecond))),
    column("AVG", "right", 5, 6, (row) =>
      span(ageText(row.latencyAverageMs))),
    column("P99", "right", 5, 5, (row) =>
      span(ageText(row.latencyP99Ms), ageStyle(row.latencyP99Ms, 250, 1000))),
    column("GAPS", "right", 4, 7, (row) =>
      span(countText(row.gaps), alarm(row.gaps))),
    column("RECON", "right", 5, 8, (row) =>
      span(countText(row.reconnects), alarm(row.reconnects))),
    column("REALIZED", "right", 10, 1, (row) =>
      usdCell(row.realizedUsd)),
    column("UNREAL", "right", 9, 2, (row) =>
      usdCell(row.unrealizedUsd)),
    column("FEES", "right", 8, 9, (row) =>
      span(usdText(row.feesUsd), "dim")),
  ]);

interface QuoteLine extends QuoteRow {
  readonly isFirstOfSymbol: boolean;
  readonly bestSpreadBps: number;
  readonly buyVenue: string;
}

function quoteLines(quotes: readonly QuoteRow[]): readonly QuoteLine[] {
  const symbols = [...new Set(quotes.map((quote) => quote.symbol))];
  return symbols.flatMap((symbol) =>
    quotes.filter((quote) => quote.symbol === symbol).map((quote, index): QuoteLine => {
      const spread = bestSpreadFor(quote, quotes);
      return {
        ...quote,
        isFirstOfSymbol: index === 0,
        bestSpreadBps: spread?.spreadBps ?? NaN,
        buyVenue: spread?.buyVenue ?? "",
      };
    })
  );
}

const freshness = (row: QuoteRow): Style => ageStyle(row.ageMs, 500, 2000);

export const quotesSection = ({ quotes }: DisplaySnapshot): Section =>
  section<QuoteLine>(2, 4, quoteLines(quotes), [
    column("QUOTES", "left", 9, 0, (row) => span(row.isFirstOfSymbol ? row.symbol : "", "bold")),
    column("VENUE", "left", 8, 0, (row) => span(row.venue)),
    column("BID SIZE", "right", 8, 3, (row) => span(sizeText(row.bidSizeBase, row.sizeDecimals), "dim")),
    column("BID", "right", 9, 0, (row) => span(priceText(row.bidPrice, row.priceDecimals), "good")),
    column("ASK", "right", 9, 0, (row) => span(priceText(row.askPrice, row.priceDecimals), "bad")),
    column("ASK SIZE", "right", 8, 4, (row) => span(sizeText(row.askSizeBase, row.sizeDecimals), "dim")),
    column("AGE", "right", 5, 1, (row) => span(ageText(row.ageMs), freshness(row))),
    column(
      "SPR BPS",
      "right",
      7,
      2,
      (row) => span(bpsText(row.bestSpreadBps), row.bestSpreadBps > 0 ? "good" : "dim"),
    ),
    column("BUY ON", "left", 8, 5, (row) => span(row.buyVenue, "dim")),
  ]);

export const opportunitiesSection = ({ opportunities }: DisplaySnapshot): Section =>
  section<ShownOpportunity>(6, 1, opportunities.latest, [
    column(
      `OPPORTUNITIES ${countText(opportunities.seen)} seen, ${countText(opportunities.taken)} taken`,
      "left",
      30,
      0,
      (row) => span(`${timeOfDayText(row.tsMs)} ${row.plugin}`),
    ),
    column("SYMBOL", "left", 9, 1, (row) => span(row.symbol)),
    column("NET BPS", "right", 7, 0, (row) => span(bpsText(row.edgeBps), row.edgeBps > 0 ? "good" : "dim")),
    column("", "left", 5, 0, (row) => row.isTaken ? span("taken", "accent") : span("seen", "dim")),
    column("HOW", "left", 12, 2, (row) => span(row.words, "dim")),
  ]);

/** A stop that only this host keeps is as good as this machine. */
function stopCell({ stop, venueStopPrice, priceDecimals, sizeBase }: PositionRow): Span {
  if (sizeBase === 0 || stop === "none") return span("", "dim");
  return stop === "host"
    ? span("host", "warn")
    : span(`venue ${priceText(venueStopPrice, priceDecimals)}`, "good");
}

export const positionsSection = ({ positions }: DisplaySnapshot): Section =>
  section<PositionRow>(3, 2, positions, [
    column("POSITIONS", "left", 12, 0, (row) => span(row.plugin)),
    column("VENUE", "left", 8, 0, (row) => span(row.venue)),
    column("SYMBOL", "left", 8, 0, (row) => span(row.symbol)),
    column(
      "SIZE",
      "right",
      9,
      0,
      (row) => span(sizeText(row.sizeBase, row.sizeDecimals), sizeStyle(row.sizeBase)),
    ),
    column("ENTRY", "right", 9, 2, (row) => span(priceText(row.entryPrice, row.priceDecimals))),
    column("MARK", "right", 9, 3, (row) => span(priceText(row.markPrice, row.priceDecimals))),
    column("STOP", "left", 15, 4, stopCell),
    column("UNREAL", "right", 9, 0, (row) => usdCell(row.unrealizedUsd)),
    column("REALIZED", "right", 9, 1, (row) => usdCell(row.realizedUsd)),
  ]);

const calmPhases = ["open", "opening", "closing"];

export const groupsSection = ({ groups, groupCounts }: DisplaySnapshot): Section => {
  const isCalm = groups.every(({ nakedUsd, phase }) => nakedUsd === 0 && phase !== "halted");
  const heading = `GROUPS ${countText(groupCounts.opened)} opened, ${countText(groupCounts.broken)} broken`;
  return section<GroupRow>(isCalm ? 4 : 0, isCalm ? 1 : 2, groups, [
    column(heading, "left", 24, 0, (row) => span(row.plugin)),
    column("SYMBOL", "left", 8, 0, (row) => span(row.symbol)),
    column("LEGS", "left", 12, 3, (row) => span(row.words, "dim")),
    column("PHASE", "left", 9, 0, (row) => span(row.phase, phaseStyle(row))),
    column("SIZE", "right", 8, 2, (row) => span(sizeText(row.sizeBase, row.sizeDecimals))),
    column("NAKED", "right", 8, 0, (row) => span(usdText(row.nakedUsd), row.nakedUsd > 0 ? "bad" : "dim")),
    column("FOR", "right", 5, 1, (row) => span(ageText(row.nakedMs), ageStyle(row.nakedMs, 500, 3_000))),
    column("AGE", "right", 5, 4, (row) => span(ageText(row.ageMs), "dim")),
    column("WHY", "left", 0, 5, (row) => span(row.why, "dim")),
  ]);
};

const phaseStyle = (row: GroupRow): Style =>
  row.phase === "halted" ? "bad" : !calmPhases.includes(row.phase) || row.isBroken ? "warn" : "good";

const sizeStyle = (sizeBase: number): Style => sizeBase > 0 ? "good" : sizeBase < 0 ? "bad" : "dim";

export const ordersSection = ({ orders }: DisplaySnapshot): Section =>
  section<OrderRow>(5, 1, orders, [
    column("ORDERS", "left", 12, 0, (row) => span(row.plugin)),
    column("VENUE", "left", 8, 0, (row) => span(row.venue)),
    column("SYMBOL", "left", 8, 0, (row) => span(row.symbol)),
    column("SIDE", "left", 4, 0, (row) => span(row.side, row.side === "buy" ? "good" : "bad")),
    column("SIZE", "right", 8, 0, (row) => span(sizeText(row.sizeBase, row.sizeDecimals))),
    column("FILLED", "right", 8, 2, (row) => span(sizeText(row.filledBase, row.sizeDecimals))),
    column(
      "PRICE",
      "right",
      9,
      0,
      (row) => span(Number.isNaN(row.price) ? "market" : priceText(row.price, row.priceDecimals)),
    ),
    column("AGE", "right", 5, 1, (row) => span(ageText(row.ageMs))),
    column("STATUS", "left", 9, 0, (row) => span(row.status, row.status === "unknown" ? "bad" : "dim")),
    column("ID", "left", 21, 3, (row) => span(row.clientOrderId, "dim")),
  ]);

const calmStates = ["running", "approved"];
const alarmingStates = ["quarantined", "crashed", "failed"];

const pluginStyle = (state: string): Style =>
  calmStates.includes(state) ? "good" : alarmingStates.includes(state) ? "bad" : "warn";

export const pluginsSection = ({ plugins }: DisplaySnapshot): Section =>
  section<PluginRow>(4, 3, plugins, [
    column("PLUGINS", "left", 12, 0, (row) => span(row.id, row.kind === "exchange" ? "plain" : "bold")),
    column("STATE", "left", 8, 0, (row) => span(row.state.replaceAll("_", " "), pluginStyle(row.state))),
    column("CPU %", "right", 5, 2, (row) =>
      span(shortNumberText(row.cpuPercent), row.cpuPercent > 80 ? "warn" : "plain")),
    column("RSS MB", "right", 6, 3, (row) =>
      span(shortNumberText(row.rssMb))),
    column("HEAP", "right", 5, 5, (row) =>
      span(shortNumberText(row.heapMb))),
    column("BEAT", "right", 5, 4, (row) =>
      span(ageText(row.heartbeatAgeMs), ageStyle(row.heartbeatAgeMs, 250, 1000))),
    column("RESTARTS", "right", 8, 6, (row) =>
      span(countText(row.restarts), alarm(row.restarts))),
    column("WHY", "left", 0, 1, (row) =>
      span(row.why, "dim")),
  ]);

const riskStyle = (state: RiskRow["state"]): Style =>
  state === "active" ? "good" : state === "reducing" ? "warn" : "bad";

export const riskSection = ({ risk }: DisplaySnapshot): Section => {
  const isCalm = risk.every((row) => row.state === "active");
  return section<RiskRow>(isCalm ? 8 : 0, isCalm ? 0 : 2, [...risk].sort(worstFirst), [
    column("RISK", "left", 12, 0, (row) => span(row.scope)),
    column("STATE", "left", 8, 0, (row) => span(row.state, riskStyle(row.state))),
    column("TODAY", "right", 10, 0, (row) => usdCell(row.todayUsd)),
    column("GROSS", "right", 10, 2, (row) => span(usdText(row.grossExposureUsd))),
    column("REASON", "left", 6, 1, (row) => span(row.reason, "dim")),
  ]);
};

const severityOf: Readonly<Record<RiskRow["state"], number>> = { halted: 0, reducing: 1, active: 2 };
const worstFirst = (a: RiskRow, b: RiskRow): number => severityOf[a.state] - severityOf[b.state];

export const refusalsSection = ({ refusals }: DisplaySnapshot): Section =>
  section(9, 0, refusals, [
    column("REFUSALS", "left", 20, 0, (row) => span(row.code)),
    column("COUNT", "right", 6, 0, (row) => span(countText(row.count))),
  ]);

const noticeStyle = (severity: ShownNotice["severity"]): Style =>
  severity === "critical" ? "bad" : severity === "warning" ? "warn" : "plain";

export const noticesSection = ({ notices }: DisplaySnapshot): Section =>
  section<ShownNotice>(7, 1, notices, [
    column("NOTICES", "left", 8, 0, (row) => span(timeOfDayText(row.tsMs), "dim")),
    column("", "left", 20, 0, (row) => span(row.text, noticeStyle(row.severity))),
  ]);
