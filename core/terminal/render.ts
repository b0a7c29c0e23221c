/**
 * One picture of the host: pure, the same snapshot gives the same lines. Sections share the rows by priority; on wide
 * terminals they stand in two columns.
 */
import {
  clockText,
  countText,
  shortNumberText,
  signedUsdText,
  timeOfDayText,
  usdStyle,
  usdText,
} from "./formats.ts";
import type { StrategyReport } from "../model/strategy_report.ts";
import type { DisplayEnvironment, DisplaySnapshot, ReplayInfo } from "./ports.ts";
import {
  groupsSection,
  noticesSection,
  opportunitiesSection,
  ordersSection,
  pluginsSection,
  positionsSection,
  quotesSection,
  refusalsSection,
  riskSection,
  venuesSection,
} from "./sections.ts";
import type { Section } from "./section.ts";
import { strategyLines, strategySections } from "./strategy_view.ts";
import { clipped, fitted, type Line, paint, type Span, span, widthOf } from "./styled_text.ts";

export interface RenderOptions {
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
  /** Box drawing and signs; plain ASCII without. @default true */
  readonly unicode?: boolean;
  /** Id of the strategy that is shown in full; empty for the whole host. @default "" */
  readonly view?: string;
}

/** From this width on there are two columns of sections. */
const twoColumnWidth = 150;

/** What everybody must see first: whether this moves real money. */
export const environmentWords: Readonly<Record<DisplayEnvironment, string>> = {
  sim: "SIM · simulated venues",
  paper: "PAPER · real prices, simulated fills",
  testnet: "TESTNET · test money",
  live: "LIVE · real money",
  replay: "REPLAY · recorded prices, simulated fills",
};

/** At most `rows` lines of at most `columns` cells each. */
export function render(snapshot: DisplaySnapshot, options: RenderOptions): string[] {
  const { columns, rows } = options;
  const { view = "" } = options;
  const strategy = snapshot.strategies.find(({ id }) => id === view);
  const top = [headLine(snapshot, columns), ...topLines(snapshot, view, strategy)];
  const bottom = [strategy === undefined ? footLine(snapshot) : updatedLine(snapshot)];
  const bodyRows = rows - top.length - bottom.length;
  const body = strategy !== undefined
    ? stacked([...strategySections(strategy), noticesSection(snapshot)], columns, bodyRows)
    : columns >= twoColumnWidth
    ? beside(snapshot, columns, bodyRows)
    : stacked([...leftSections(snapshot), ...rightSections(snapshot)], columns, bodyRows);
  const filler: readonly Line[] = Array.from({ length: Math.max(bodyRows - body.length, 0) }, () => []);
  return [...top, ...body, ...filler, ...bottom]
    .slice(0, Math.max(rows, 0))
    .map((line) => paint(clipped(line, columns), { color: options.color, unicode: options.unicode ?? true }));
}

function headLine({ run }: DisplaySnapshot, columns: number): Line {
  const left: Line = [
    span(` berth ${run.version} `, "bold"),
    span(` ${environmentWords[run.environment]} `, run.environment),
    ...(run.isStopping ? [span("  stopping: cancelling orders", "warn")] : []),
  ];
  const until = run.durationMs === undefined ? "" : ` of ${clockText(run.durationMs)}`;
  const right: Line = [
    ...(run.environment === "sim" ? [span(`seed ${run.seed}  `, "dim")] : []),
    ...(run.replay === undefined ? [] : [span(`${replayText(run.replay)}  `)]),
    span(`up ${clockText(run.uptimeMs)}${until} `),
  ];
  const room = columns - widthOf(left);
  return room > widthOf(right) ? [...left, ...fitted(right, room, "right")] : left;
}

/** `2026-01-31 12:00:05 UTC · 43 % · 10x`. */
function replayText({ speed, isPaused, atMs, share }: ReplayInfo): string {
  const at = new Date(atMs).toISOString().slice(0, 19).replace("T", " ");
  const pace = isPaused ? "paused" : speed === "max" ? "full speed" : `${speed}x`;
  return `${at} UTC · ${Math.floor(share * 100)} % · ${pace}`;
}

function moneyLine({ totals }: DisplaySnapshot): Line {
  const signed = (name: string, value: number): readonly Span[] => [
    span(`  ${name} `, "dim"),
    span(signedUsdText(value), usdStyle(value)),
  ];
  return [
    span(" net ", "dim"),
    span(`${signedUsdText(totals.totalUsd)} USD`, usdStyle(totals.totalUsd)),
    ...signed("realized", totals.realizedUsd),
    ...signed("unrealized", totals.unrealizedUsd),
    span(`  fees ${usdText(totals.feesUsd)}  funding ${usdText(totals.fundingUsd)}`, "dim"),
  ];
}

function topLines(
  snapshot: DisplaySnapshot,
  view: string,
  strategy: StrategyReport | undefined,
): readonly Line[] {
  if (strategy !== undefined) return strategyLines(strategy);
  if (view === "") return [moneyLine(snapshot)];
  const known = snapshot.strategies.map(({ id }) => id).join(", ");
  const words = ` no strategy ${view} to show${known === "" ? " yet" : `; there are ${known}`}`;
  return [moneyLine(snapshot), [span(words, "warn")]];
}

const updatedLine = ({ tsMs, run, totals }: DisplaySnapshot): Line => {
  const parts = [
    `updated ${timeOfDayText(tsMs)} UTC`,
    `host: orders ${countText(totals.orders)}`,
    `fills ${countText(totals.fills)}`,
    "Ctrl-C stops",
    ...(run.consoleUrl === undefined ? [] : [run.consoleUrl]),
  ];
  return [span(` ${parts.join(" · ")}`, "dim")];
};

function footLine({ run, totals, opportunities }: DisplaySnapshot): Line {
  const counts = [
    `orders ${countText(totals.orders)}`,
    `fills ${countText(totals.fills)}`,
    `round trips ${countText(totals.roundTrips)}`,
    `opportunities ${countText(opportunities.seen)}/${countText(opportunities.taken)}`,
  ];
  const console = run.consoleUrl === undefined ? [] : [run.consoleUrl];
  const parts = [...counts, "Ctrl-C stops", ...console, `host ${shortNumberText(run.hostRssMb)} MB`];
  return [span(` ${parts.join(" · ")}`, "dim")];
}

const leftSections = (snapshot: DisplaySnapshot): readonly Section[] => [
  venuesSection(snapshot),
  quotesSection(snapshot),
  opportunitiesSection(snapshot),
];
const rightSections = (snapshot: DisplaySnapshot): readonly Section[] => [
  groupsSection(snapshot),
  positionsSection(snapshot),
  ordersSection(snapshot),
  pluginsSection(snapshot),
  riskSection(snapshot),
  refusalsSection(snapshot),
  noticesSection(snapshot),
];

function beside(snapshot: DisplaySnapshot, columns: number, rows: number): readonly Line[] {
  const leftWidth = Math.floor((columns - 3) / 2);
  const left = stacked(leftSections(snapshot), leftWidth, rows);
  const right = stacked(rightSections(snapshot), columns - 3 - leftWidth, rows);
  return Array.from({ length: Math.max(left.length, right.length) }, (_, row) => [
    ...fitted(left[row] ?? [], leftWidth, "left"),
    span(" │ ", "dim"),
    ...(right[row] ?? []),
  ]);
}

/** Sections one below the other, each with as many rows as there is room for. */
function stacked(sections: readonly Section[], width: number, rows: number): readonly Line[] {
  const shares = shareRows(sections, rows);
  const shown = sections.flatMap((section, index) => {
    const share = shares[index] ?? 0;
    return share === 0 ? [] : [drawn(section, width, share)];
  });
  const left = rows - shares.reduce((sum, share) => sum + share, 0);
  const isAiry = left >= shown.length; // room for an empty line below each
  return shown.flatMap((lines) => isAiry ? [...lines, []] : lines);
}

/** Heading and rows; where not all fit, the last line says how many are missing. */
function drawn(section: Section, width: number, share: number): readonly Line[] {
  const { heading, rows } = section.draw(width);
  const room = share - 1;
  if (rows.length <= room) return [heading, ...rows];
  if (room === 0) return [heading];
  const hidden = rows.length - (room - 1);
  return [heading, ...rows.slice(0, room - 1), [span(`  … ${hidden} more`, "dim")]];
}

/**
 * Lines of each section, heading included. Every section first gets its heading and `minRows`, the most important
 * first; what is left goes to those that have more, again in that order. Empty sections get nothing.
 */
function shareRows(sections: readonly Section[], rows: number): readonly number[] {
  const order = sections.map((_, index) => index)
    .filter((index) => (sections[index]?.count ?? 0) > 0)
    .sort((a, b) => (sections[a]?.priority ?? 0) - (sections[b]?.priority ?? 0));
  const shares = sections.map(() => 0);
  let left = Math.max(rows, 0);
  for (const wanted of [minimumOf, wholeOf]) {
    for (const index of order) {
      const section = sections[index];
      const has = shares[index] ?? 0;
      if (section === undefined) continue;
      const more = Math.min(wanted(section) - has, left);
      // A heading without a row tells nothing.
      if (more <= 0 || has + more < 2) continue;
      shares[index] = has + more;
      left -= more;
    }
  }
  return shares;
}

const minimumOf = (section: Section): number => {
  const rows = Math.min(section.minRows, section.count);
  return rows === 0 ? 0 : rows + 1;
};
const wholeOf = (section: Section): number => section.count + 1;
