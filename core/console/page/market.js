/** Quotes, spreads between venues, and what the strategies saw in them. */
import { read } from "./api.js";
import { Chart, legendOf } from "./charts.js";
import { byId, element, KeyedList, ofKind, setText, showNote } from "./dom.js";
import { dash, decimalsOf, fixed, signed, span, symbolOf, timeOfDay, toneOf, venueOf } from "./formats.js";
import { table } from "./tables.js";

/** @import { Curves, Instrument, Opportunities, Opportunity, Quote, SpreadHistory } from "./types.ts" */
/** @import { Line } from "./charts.js" */

/** An older quote is refused by the risk gate as it is configured at first (`maxQuoteAgeMs`). */
const staleMs = 2_000;
const ageingMs = 1_000;
const keptMoments = 900;
const keptOpportunities = 300;
const seriesColors = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6"];

/** @param {number | null} ageMs */
const ageTone = (ageMs) =>
  ageMs === null || ageMs >= staleMs ? "stale" : ageMs >= ageingMs ? "ageing" : "fresh";

export class Market {
  /** @type {Map<string, Instrument>} */
  #instruments = new Map();
  #isAskingInstruments = false;
  /** By symbol. @type {ReadonlyMap<string, { readonly bid: number, readonly ask: number, readonly venues: number }>} */
  #bestPrices = new Map();
  #chart = new Chart(byId("spreads-chart"), (bps) => signed(bps, 1));
  #legend = legendOf(byId("spreads-legend"), this.#chart);
  #dots = new Chart(byId("opportunities-chart"), (bps) => signed(bps, 0));
  #dotLegend = legendOf(byId("opportunities-legend"), this.#dots);
  #symbols = ofKind("symbol", HTMLSelectElement);
  #symbolOptions = new KeyedList(this.#symbols, (/** @type {string} */ name) => name, (name) => ({
    root: element("option", {}, name),
    update() {},
  }));
  /** @type {SpreadHistory | undefined} */
  #history;
  /** Newest last. @type {Opportunity[]} */
  #seen = [];
  #quotes = table(
    byId("quotes-head"),
    byId("quotes"),
    [
      { name: "Symbol", cell: (quote) => symbolOf(quote.instrument) },
      { name: "Venue", cell: (quote) => venueOf(quote.instrument) },
      {
        name: "Bid size",
        kind: "number",
        minor: true,
        cell: (quote) => this.#size(quote, quote.bidSizeBase),
      },
      {
        name: "Bid",
        kind: "number",
        cell: (quote) => this.#best(quote, quote.bidPrice, "bid"),
      },
      {
        name: "Ask",
        kind: "number",
        cell: (quote) => this.#best(quote, quote.askPrice, "ask"),
      },
      {
        name: "Ask size",
        kind: "number",
        minor: true,
        cell: (quote) => this.#size(quote, quote.askSizeBase),
      },
      {
        name: "Age",
        kind: "number",
        cell: ({ ageMs }) => ({ text: span(ageMs), tone: ageTone(ageMs) }),
      },
      { name: "Bps", kind: "number", minor: true, cell: ownSpread },
      {
        name: "Funding %",
        kind: "number",
        rare: true,
        cell: ({ fundingRate }) => ({
          text: signed(fundingRate === null ? null : fundingRate * 100, 4),
          title: "Of the current period",
        }),
      },
    ],
    (/** @type {Quote} */ { instrument }) => instrument,
    ({ isCrossed }) => (isCrossed ? "crossed" : undefined),
  );
  #opportunities = table(
    byId("opportunities-head"),
    byId("opportunities"),
    [
      { name: "Time", cell: ({ tsMs }) => timeOfDay(tsMs) },
      { name: "Symbol", cell: ({ symbol }) => symbol },
      { name: "Net bps", kind: "number", cell: ({ edgeBps }) => signed(edgeBps, 1) },
      {
        name: "Taken",
        cell: ({ isTaken }) => isTaken ? { text: "taken", tone: "gain" } : { text: "seen", tone: "dim" },
      },
      { name: "How", cell: ({ words }) => words },
      { name: "Plugin", rare: true, cell: ({ plugin }) => plugin },
    ],
    (/** @type {Opportunity} */ one) => `${one.tsMs} ${one.plugin} ${one.symbol} ${one.words}`,
  );

  constructor() {
    this.#symbols.addEventListener("change", () => void this.#readHistory());
  }

  /** A new connection: what was drawn may have a gap, or be of another run. */
  renew() {
    this.#seen = [];
    this.#instruments.clear();
    this.#isAskingInstruments = false;
    void this.#readHistory();
    void this.#readSeen();
  }

  /** @param {readonly Quote[]} quotes */
  showQuotes(quotes) {
    const sorted = [...quotes].sort((a, b) =>
      symbolOf(a.instrument).localeCompare(symbolOf(b.instrument)) || a.instrument.localeCompare(b.instrument)
    );
    if (quotes.some(({ instrument }) => !this.#instruments.has(instrument))) void this.#readInstruments();
    this.#bestPrices = bestPricesOf(quotes);
    this.#quotes.update(sorted);
    const stale = quotes.filter(({ ageMs }) => ageTone(ageMs) === "stale").length;
    setText(
      byId("quotes-aside"),
      stale === 0 ? `${quotes.length} live` : `${stale} of ${quotes.length} stale`,
    );
    const symbols = [...new Set(sorted.map(({ instrument }) => symbolOf(instrument)))];
    const shared = symbols.filter((symbol) =>
      sorted.filter(({ instrument }) => symbolOf(instrument) === symbol).length > 1
    );
    this.#symbolOptions.update(shared);
    if (this.#history?.symbol !== this.#symbols.value) void this.#readHistory();
  }

  /** @param {Opportunities} opportunities */
  showOpportunities({ seen, taken, latest }) {
    this.#opportunities.update(latest);
    setText(byId("opportunities-aside"), `${seen} seen · ${taken} taken`);
    const newestMs = this.#seen.at(-1)?.tsMs ?? -Infinity;
    const fresh = latest.filter(({ tsMs }) => tsMs > newestMs).toReversed();
    if (fresh.length > 0) this.#drawSeen([...this.#seen, ...fresh]);
  }

  /** What the journal keeps from before: of runs that are over, and of what came while nobody looked. */
  async #readSeen() {
    try {
      /** @type {{ readonly items: readonly Opportunity[] }} */
      const { items } = await read(`/history/opportunities?limit=${keptOpportunities}`);
      const oldestMs = this.#seen[0]?.tsMs ?? Infinity;
      const before = items.filter(({ tsMs }) => tsMs < oldestMs).toReversed();
      if (before.length > 0) this.#drawSeen([...before, ...this.#seen]);
    } catch {
      // without a journal there is nothing from before; what comes is drawn all the same
    }
  }

  /** @param {Opportunity[]} seen newest last */
  #drawSeen(seen) {
    this.#seen = seen.slice(-keptOpportunities);
    /** @type {readonly Line[]} */
    const lines = [
      { label: "taken", color: "--gain", kind: "dots" },
      { label: "seen", color: "--dim", kind: "rings" },
    ];
    this.#dotLegend(lines);
    this.#dots.show(lines, [
      this.#seen.map(({ tsMs }) => tsMs / 1_000),
      this.#seen.map(({ edgeBps, isTaken }) => (isTaken ? edgeBps : null)),
      this.#seen.map(({ edgeBps, isTaken }) => (isTaken ? null : edgeBps)),
    ]);
    this.#drawSpreads();
  }

  /** @param {Curves} curves the newest moment */
  addMoment({ tsMs, spreads }) {
    const history = this.#history;
    if (history === undefined || tsMs <= (history.tsMs.at(-1) ?? 0)) return;
    const mine = spreads.filter(({ symbol }) => symbol === history.symbol);
    const known = history.directions.map((one) => `${one.buyVenue} ${one.sellVenue}`);
    if (mine.some((one) => !known.includes(`${one.buyVenue} ${one.sellVenue}`))) {
      return void this.#readHistory();
    }
    history.tsMs.push(tsMs);
    for (const direction of history.directions) {
      const found = mine.find((one) =>
        one.buyVenue === direction.buyVenue && one.sellVenue === direction.sellVenue
      );
      direction.spreadBps.push(found?.spreadBps ?? null);
      if (direction.spreadBps.length > keptMoments) direction.spreadBps.shift();
    }
    if (history.tsMs.length > keptMoments) history.tsMs.shift();
    this.#drawSpreads();
  }

  /** @param {string} instrument */
  priceDecimals(instrument) {
    return decimalsOf(this.#instruments.get(instrument)?.tick, 2);
  }

  /** @param {string} instrument */
  sizeDecimals(instrument) {
    return decimalsOf(this.#instruments.get(instrument)?.lot, 4);
  }

  /**
   * A price, marked where no other venue has a better one.
   *
   * @param {Quote} quote
   * @param {number | null} price
   * @param {"bid" | "ask"} side
   */
  #best(quote, price, side) {
    const best = this.#bestPrices.get(symbolOf(quote.instrument));
    const isBest = best !== undefined && best.venues > 1 && price !== null && price === best[side];
    return {
      text: fixed(price, this.priceDecimals(quote.instrument)),
      tone: isBest ? "best" : "price",
      ...(isBest ? { title: `Best ${side} of all venues` } : {}),
    };
  }

  /**
   * @param {Quote} quote
   * @param {number | null} sizeBase
   */
  #size(quote, sizeBase) {
    return fixed(sizeBase, this.sizeDecimals(quote.instrument));
  }

  async #readInstruments() {
    if (this.#isAskingInstruments) return;
    this.#isAskingInstruments = true;
    try {
      /** @type {{ readonly items: readonly Instrument[] }} */
      const { items } = await read("/instruments");
      for (const one of items) this.#instruments.set(one.id, one);
    } catch {
      // asked again with the next quotes, a little later
    } finally {
      setTimeout(() => (this.#isAskingInstruments = false), 2_000);
    }
  }

  async #readHistory() {
    const symbol = this.#symbols.value;
    if (symbol === "") return;
    this.#history = { symbol, pastProblem: null, tsMs: [], directions: [] }; // asked once, whatever comes meanwhile
    try {
      /** @type {SpreadHistory} */
      const history = await read(`/history/spreads?symbol=${encodeURIComponent(symbol)}`);
      if (this.#symbols.value !== symbol) return;
      this.#history = history;
      showNote(byId("spreads-note"), history.pastProblem);
      this.#drawSpreads();
    } catch {
      this.#history = undefined; // asked again with the next quotes
    }
  }

  #drawSpreads() {
    const history = this.#history;
    if (history === undefined || history.tsMs.length === 0) return;
    const seconds = history.tsMs.map((tsMs) => tsMs / 1_000);
    /** @type {readonly Line[]} */
    const lines = [
      ...history.directions.map(({ buyVenue, sellVenue }, index) => ({
        label: `${buyVenue} → ${sellVenue}`,
        color: seriesColors[index % seriesColors.length] ?? "--series-1",
      })),
      { label: "taken, net", color: "--gain", kind: "dots" },
    ];
    this.#legend(lines);
    this.#chart.show(lines, [
      seconds,
      ...history.directions.map(({ spreadBps }) => spreadBps),
      this.#takenAt(history),
    ]);
  }

  /**
   * What was taken in this symbol, at the moment next to it.
   *
   * @param {SpreadHistory} history
   */
  #takenAt({ symbol, tsMs }) {
    /** @type {(number | null)[]} */
    const column = tsMs.map(() => null);
    for (const one of this.#seen) {
      if (!one.isTaken || one.symbol !== symbol) continue;
      const index = tsMs.findIndex((momentMs) => momentMs >= one.tsMs);
      if (index > 0 || tsMs[0] === one.tsMs) column[index] = one.edgeBps;
    }
    return column;
  }
}

/** @param {readonly Quote[]} quotes */
function bestPricesOf(quotes) {
  /** @type {Map<string, { readonly bid: number, readonly ask: number, readonly venues: number }>} */
  const best = new Map();
  for (const { instrument, bidPrice, askPrice } of quotes) {
    const symbol = symbolOf(instrument);
    const { bid, ask, venues } = best.get(symbol) ?? { bid: -Infinity, ask: Infinity, venues: 0 };
    best.set(symbol, {
      bid: Math.max(bid, bidPrice ?? -Infinity),
      ask: Math.min(ask, askPrice ?? Infinity),
      venues: venues + 1,
    });
  }
  return best;
}

/** @param {Quote} quote */
function ownSpread({ bidPrice, askPrice }) {
  if (bidPrice === null || askPrice === null) return dash;
  const bps = ((askPrice - bidPrice) / ((askPrice + bidPrice) / 2)) * 10_000;
  return { text: fixed(bps, 2), ...(bps < 0 ? toneOf(bps) : {}) };
}
