/** docs/strategies.md: what the strategies that come with berth do, and every setting of theirs from their manifests. */
import arbitrage from "../../plugins/cross_exchange_arbitrage/mod.ts";
import { preflight } from "../../plugins/paradex_scalper/economics.ts";
import scalper from "../../plugins/paradex_scalper/mod.ts";
import type { Setting, SettingsShape } from "../../core/sdk/settings.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|");

function boundsOf(setting: Setting): string {
  switch (setting.type) {
    case "number":
      return `${setting.min ?? ""} to ${setting.max ?? ""}${setting.integer === true ? ", whole" : ""}`;
    case "choice":
      return setting.choices.join(", ");
    case "text":
      return `at most ${setting.maxLength ?? 1_000} characters`;
    case "text_list":
      return `at most ${setting.maxItems ?? 1_000}`;
    case "boolean":
      return "true, false";
    default:
      return setting satisfies never;
  }
}

const settingsTable = (settings: SettingsShape): readonly string[] => [
  "| setting | default | allowed | meaning |",
  "| --- | --- | --- | --- |",
  ...Object.entries(settings).map(([name, setting]) =>
    `| \`${name}\` | \`${JSON.stringify(setting.default)}\` | ${cell(boundsOf(setting))} | ${
      cell(setting.description)
    } |`
  ),
];

const percent = (share: number | undefined): string =>
  share === undefined ? "none" : `${(100 * share).toFixed(0)} %`;
const signed = (value: number, digits: number): string =>
  `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;

/** The scalper's defaults on a position of 500 USD, at several fees. */
function preflightTable(): readonly string[] {
  const { leverage, takeProfitRoePercent, stopLossRoePercent } = scalper.manifest.settings;
  const terms = {
    leverage: leverage.default,
    takeProfitRoePercent: takeProfitRoePercent.default,
    stopLossRoePercent: stopLossRoePercent.default,
    spreadBps: 0,
  };
  const fees = [
    { name: "no fees", entryFeeBps: 0, exitFeeBps: 0 },
    { name: "maker 0, taker 2 bps (limit entry)", entryFeeBps: 0, exitFeeBps: 2 },
    { name: "taker 2 bps both ways", entryFeeBps: 2, exitFeeBps: 2 },
    { name: "taker 5 bps both ways", entryFeeBps: 5, exitFeeBps: 5 },
  ];
  return [
    "| fees | target, net | stop, net | even at | warning |",
    "| --- | --- | --- | --- | --- |",
    ...fees.map(({ name, ...found }) => {
      const result = preflight({ ...terms, ...found }, 500);
      const outcome = (usd: number, bps: number): string => `${signed(usd, 2)} USD (${signed(bps, 1)} bps)`;
      return `| ${name} | ${outcome(result.targetNetUsd, result.targetNetBps)} | ${
        outcome(result.stopNetUsd, result.stopNetBps)
      } | ${percent(result.breakEvenWinRate)} of wins | ${
        result.warnings.map((one) => one.split(":")[0]).join("; ")
      } |`;
    }),
  ];
}

const introduction = `# The strategies that come with berth

Two plugins, written with the same SDK as yours. Settings stand below \`plugins.ID.settings\` of \`berth.json\`, or in
\`BERTH_PLUGINS_ID_SETTINGS\` as JSON; a change takes effect without a restart. This page's tables are made from the plugins'
manifests: \`deno task docs\`.

One strategy in full on the terminal, with equity, daily and total profit, win rate, positions with ROE and time held, the
last signals with their reasons, and its indicators:

\`\`\`sh
deno task start --view paradex_scalper
\`\`\`

\`display.intervalMs\` is the time between two pictures, \`display.clear: false\` draws below the prompt instead of on a screen of
its own, \`display.view\` is the same as the flag. Money, trades and time held are the host's, by the fills it booked; status,
signals and indicators are the strategy's own words. The same is at \`/api/v1/strategies\` of the console. Time held of a position
that an earlier run opened is a dash.

## Cross-exchange arbitrage

Buys where an instrument is offered cheaper than another venue bids, sells there, and closes when prices meet. Every symbol on
every pair of venues, both directions, at prices for the size (the book is walked), after the fees of all four legs as they
are executed, and funding until the expected close. The pair is a leg group that the host holds: it goes on when the
strategy's process dies.

| \`legMode\` | how a pair is opened |
| --- | --- |
| \`pilot_first\` | One leg by IOC, the other sized by its fills. A missed pilot costs nothing. |
| \`together\` | Both by IOC at once: less price risk, more broken legs. |
| \`maker_first\` | One leg rests post-only, a tick inside its venue's quote; each fill is hedged by IOC on the other venue, in whole lots, at a limit at which the costs are just paid. The rest of it is cancelled when the hedge is no longer to be had at that limit, after \`makerRestMs\`, and when the strategy goes; then it is quoted anew. |

Whatever the mode, a leg that is left alone is completed or taken back, whichever is cheaper, within \`maxNakedMs\` and the host's
own bounds.

A pair is closed for profit (\`take_profit\`), when prices have met (\`converged\`, which may cost more as it ages), when the
spread is back at what was usual at the entry (\`usual_spread\`), before a funding payment against it (\`funding\`), near a leg's
liquidation (\`near_liquidation\`), and by the host at \`maxHoldMs\`. While a venue quotes wide only the last three count.

What it sees is reported as opportunities: on the display, in the journal (\`berth journal --kind opportunity\`: each that was
taken, of the others the best of a second), at \`/api/v1/opportunities\`, and to alert rules ([alerts.md](alerts.md)).

`;

const scalperText = `
## Paradex scalper

Off until \`berth plugin enable paradex_scalper\`. At each closed bar the indicators vote; weights make a score (of what all
could give) and a confidence (the side's share of the votes). What is under \`minScore\` or \`minConfidence\`, against the higher
timeframe's trend, or in too thin a market is rejected, and the reasons are kept with the signal. Bars of the past are asked of
the venue at the start. A position is what was filled: a limit entry that waits is none. Targets, stops, trailing and the
longest hold are the host's exit plans and go on when the strategy dies.

A position's value is \`positionPercent\` of the equity of the account on the venue, at most \`maxPositionUsd\`. With
\`capitalUsd\` the equity counts at most as that and what the strategy has made of it; where a venue tells no balance,
\`capitalUsd\` alone is what it has. ROE is profit after fees ÷ margin, with margin = entry value ÷ \`leverage\`.

**What the defaults mean.** At leverage ${scalper.manifest.settings.leverage.default} a stop of ${scalper.manifest.settings.stopLossRoePercent.default} % ROE is a move of 5 bps: on most venues less than two taker fees. The strategy says at its start, and in its panel, what the
settings come to after the fees of the venue at hand. For a position of 500 USD:

`;

const analystText = `
An analyst of your choice, a language model behind an HTTP endpoint say, may veto a signal or make it smaller: name its address
as \`analystUrl\` in \`plugins/paradex_scalper/analyst.ts\`. It is off as long as that is empty; naming one makes the plugin ask for
permission to reach that host and nothing else. It is asked by \`POST\` with
\`{ instrument, side, price, score, confidence, reasons }\` and answers \`{ "decision": "take" | "veto", "scale": 0.5, "reason": "…" }\`
within \`analystTimeoutMs\`; what is not answered is skipped or taken as \`analystOnSilence\` says.

`;

export const strategiesPage = (): string =>
  [
    introduction,
    ...settingsTable(arbitrage.manifest.settings).map((line) => `${line}\n`),
    scalperText,
    ...preflightTable().map((line) => `${line}\n`),
    analystText,
    ...settingsTable(scalper.manifest.settings).map((line) => `${line}\n`),
  ].join("");
