/** Settings of the Aster adapter. */
import { type ExchangeContext, setting, type SettingValues } from "@berth/sdk";

export const settings = {
  preferredQuoteAssets: setting.textList({
    default: ["USDT", "USDC", "USD1"],
    maxItems: 10,
    description:
      "Which perpetual of an underlying is its BASE-PERP, best first; the others keep their quote asset in the symbol.",
  }),
  bookSpeed: setting.choice({
    default: "100ms",
    choices: ["100ms", "250ms", "500ms"],
    description: "How often changes of an order book come.",
  }),
  defaultMakerFeeBps: setting.number({
    default: 2,
    min: -100,
    max: 100,
    description:
      "Maker fee in bps where the account's own is not known (example of the venue's documentation).",
  }),
  defaultTakerFeeBps: setting.number({
    default: 4,
    min: -100,
    max: 100,
    description:
      "Taker fee in bps where the account's own is not known (example of the venue's documentation).",
  }),
  triggerPriceType: setting.choice({
    default: "mark",
    choices: ["mark", "last"],
    description: "Price that stop and take-profit orders kept by the venue wait for.",
  }),
  rateLimitShare: setting.number({
    default: 0.9,
    min: 0.05,
    max: 1,
    description:
      "Share of the venue's limits by network address and by account that this adapter uses; less where others share them.",
  }),
  deadMansSwitchSeconds: setting.number({
    default: 120,
    min: 0,
    max: 3_600,
    integer: true,
    description:
      "The venue cancels all orders of an instrument when this many seconds pass without a renewal (15 to 3600, less is taken as 15); 0 for never. Set for each instrument from its first order on; it ends resident stops too.",
  }),
} as const;

export type AsterSettings = SettingValues<typeof settings>;
export type AsterContext = ExchangeContext<typeof settings>;
