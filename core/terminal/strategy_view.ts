/**
 * One strategy in full: equity, profit and loss, trades and positions as the host knows them by the fills, then the
 * signals, readings and lines that the strategy shows of itself.
 */
import {
  ageText,
  countText,
  percentText,
  priceText,
  shortNumberText,
  signedUsdText,
  sizeText,
  timeOfDayText,
  usdStyle,
  usdText,
} from "./formats.ts";
import type { StrategyPosition, StrategyReport } from "../model/strategy_report.ts";
import type { PanelLine, PanelSignal } from "../model/panel.ts";
import { symbolOf } from "../model/ids.ts";
import { column, type Section, section } from "./section.ts";
import { type Line, type Span, span, type Style } from "./styled_text.ts";

const stateStyle = (row: StrategyReport): Style =>
  row.state !== "running" || row.tradingState !== "active" ? "warn" : "good";

/** Status, money and trades: what stands above the tables. */
export function strategyLines(row: StrategyReport): readonly Line[] {
  const { trades } = row;
  const isRunning = row.state === "running" && row.tradingState !== "active";
  const words = [row.why, isRunning ? `trading ${row.tradingState}` : "", row.status].filter((text) =>
    text !== ""
  );
  const made = (label: string, usd: number, percent: number): readonly Span[] => [
    span(`  ${label} `, "dim"),
    span(`${signedUsdText(usd)} (${percentText(percent)})`, usdStyle(usd)),
  ];
  const rate = trades.winRatePercent === undefined ? "–" : `${trades.winRatePercent.toFixed(1)}%`;
  const trade = (label: string, usd: number | undefined): readonly Span[] =>
    usd === undefined ? [] : [span(`  ${label} `, "dim"), span(signedUsdText(usd), usdStyle(usd))];
  return [
    [
      span(` ${row.id} `, "bold"),
      span(` ● ${row.state.replaceAll("_", " ")}`, stateStyle(row)),
      ...(words.length === 0 ? [] : [span(` · ${words.join(" · ")}`)]),
    ],
    [
      span(" equity ", "dim"),
      span(`${usdText(row.equityUsd)} USD`, "bold"),
      ...made("today", row.todayUsd, row.todayPercent),
      ...made("total", row.totalUsd, row.totalPercent),
      span(`  fees ${usdText(row.feesUsd)}`, "dim"),
    ],
    [
      span(" win rate ", "dim"),
      span(`${rate} (${countText(trades.wins)}/${countText(trades.trades)})`, "bold"),
      ...trade("win", trades.averageWinUsd),
      ...trade("loss", trades.averageLossUsd),
      span(`  factor ${trades.profitFactor === undefined ? "–" : trades.profitFactor.toFixed(2)}`, "dim"),
      span(`  mean hold ${ageText(trades.averageHoldMs ?? NaN)}`, "dim"),
    ],
  ];
}

export const strategySections = (row: StrategyReport): readonly Section[] => [
  positionsSection(row),
  signalsSection(row),
  readingsSection(row),
  linesSection(row),
];

const sideStyle = (side: "buy" | "sell"): Style => side === "buy" ? "good" : "bad";

const positionsSection = ({ positions }: StrategyReport): Section =>
  section<StrategyPosition>(1, 4, positions, [
    column(
      `POSITIONS ${positions.length}`,
      "left",
      14,
      0,
      ({ side, symbol }) => span(`${side === "buy" ? "↑" : "↓"} ${symbol}`, sideStyle(side)),
    ),
    column("VENUE", "left", 8, 5, ({ venue }) => span(venue, "dim")),
    column("SIDE", "left", 5, 4, ({ side }) => span(side === "buy" ? "long" : "short", sideStyle(side))),
    column("SIZE", "right", 7, 0, (row) => span(sizeText(row.sizeBase, row.sizeDecimals))),
    column("ENTRY", "right", 8, 0, (row) => span(priceText(row.entryPrice, row.priceDecimals))),
    column("PRICE", "right", 8, 0, (row) => span(priceText(row.markPrice, row.priceDecimals))),
    column("PNL", "right", 8, 0, ({ pnlUsd }) => span(signedUsdText(pnlUsd), usdStyle(pnlUsd))),
    column("ROE", "right", 7, 0, ({ roePercent, pnlUsd }) => span(percentText(roePercent), usdStyle(pnlUsd))),
    column(
      "LEV",
      "right",
      4,
      1,
      ({ leverage }) =>
        span(Number.isFinite(leverage) ? `${shortNumberText(leverage).replace(/\.0$/, "")}x` : "–"),
    ),
    column("HELD", "right", 4, 0, ({ heldMs }) => span(ageText(heldMs))),
    column("LIQ", "right", 8, 6, (row) => span(priceText(row.liquidationPrice, row.priceDecimals), "dim")),
  ]);

const signalsSection = ({ signals }: StrategyReport): Section =>
  section<PanelSignal>(2, 3, signals, [
    column("SIGNALS", "left", 8, 0, ({ tsMs }) => span(timeOfDayText(tsMs), "dim")),
    column("", "left", 8, 0, ({ instrument }) => span(symbolOf(instrument))),
    column("SIDE", "left", 5, 0, ({ side }) => span(side === "buy" ? "long" : "short", sideStyle(side))),
    column(
      "",
      "left",
      8,
      0,
      ({ isTaken }) => span(isTaken ? "taken" : "rejected", isTaken ? "accent" : "dim"),
    ),
    column("SCORE", "right", 5, 1, ({ score }) => span(shortNumberText(score))),
    column("CONF", "right", 5, 2, ({ confidence }) => span(shortNumberText(confidence))),
    column(
      "WHY",
      "left",
      20,
      0,
      ({ isTaken, reasons, rejections }) =>
        span((isTaken ? reasons : rejections).join("; "), isTaken ? "plain" : "dim"),
    ),
  ]);

interface ReadingRow {
  readonly name: string;
  /** In the order of the instruments; NaN where one lacks it. */
  readonly values: readonly number[];
}

const readingsSection = ({ readings }: StrategyReport): Section => {
  const names = [...new Set(readings.flatMap((one) => one.readings.map(({ name }) => name)))];
  const rows = names.map((name): ReadingRow => ({
    name,
    values: readings.map((one) => one.readings.find((reading) => reading.name === name)?.value ?? NaN),
  }));
  return section<ReadingRow>(3, 4, rows, [
    column("INDICATORS", "left", 14, 0, ({ name }) => span(name)),
    ...readings.map(({ instrument }, at) =>
      column<ReadingRow>(
        symbolOf(instrument),
        "right",
        10,
        at,
        ({ values }) => span(readingText(values[at] ?? NaN)),
      )
    ),
  ]);
};

/** Five digits or so, whatever the size. */
const readingText = (value: number): string =>
  Number.isFinite(value)
    ? (Math.abs(value) >= 1_000 ? value.toFixed(1) : String(Number(value.toPrecision(4))))
    : "–";

const linesSection = ({ lines }: StrategyReport): Section =>
  section<PanelLine>(4, 2, lines, [
    column("STRATEGY", "left", 14, 0, ({ name }) => span(name)),
    column("", "left", 20, 0, ({ value }) => span(value)),
  ]);
