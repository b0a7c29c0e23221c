/** Settings of the OKX adapter. */
import { setting, type SettingValues } from "@berth/sdk";

export const settings = {
  quoteChannel: setting.choice({
    default: "bbo-tbt",
    choices: ["bbo-tbt", "tickers", "books5"],
    description:
      "Channel that quotes come from: bbo-tbt each change within 10 ms, tickers and books5 every 100 ms.",
  }),
  preferredQuoteAssets: setting.textList({
    default: ["USDT", "USDC", "USD"],
    maxItems: 10,
    description:
      "Which linear swap of an underlying is its BASE-PERP, best first; the others keep their quote asset in the symbol.",
  }),
  defaultMakerFeeBps: setting.number({
    default: 2,
    min: -100,
    max: 100,
    description:
      "Maker fee in bps where the account's own is not known (regular tier, USDT swaps, autumn 2026).",
  }),
  defaultTakerFeeBps: setting.number({
    default: 5,
    min: -100,
    max: 100,
    description:
      "Taker fee in bps where the account's own is not known (regular tier, USDT swaps, autumn 2026).",
  }),
  tradeMode: setting.choice({
    default: "cross",
    choices: ["cross", "isolated"],
    description: "Margin mode of orders, until leverage is set with another.",
  }),
  triggerPriceType: setting.choice({
    default: "mark",
    choices: ["mark", "last", "index"],
    description: "Price that stop and take-profit orders kept by the venue wait for.",
  }),
  addresses: setting.choice({
    default: "main",
    choices: ["main", "alternative"],
    description:
      "Which of the venue's addresses are used first (the alternative ones are its AWS hosts); the others follow when these fail.",
  }),
  rateLimitShare: setting.number({
    default: 0.9,
    min: 0.05,
    max: 1,
    description:
      "Share of the venue's order limits that this adapter uses; less where others use the account.",
  }),
  deadMansSwitchSeconds: setting.number({
    default: 30,
    min: 0,
    max: 120,
    integer: true,
    description:
      "The venue cancels everything when it hears nothing for this many seconds (10 to 120, less is taken as 10); 0 for never. Covers all orders of the account.",
  }),
} as const;

export type OkxSettings = SettingValues<typeof settings>;
