/** Settings of the Hyperliquid adapter. */
import { type ExchangeContext, setting, type SettingValues } from "@berth/sdk";

export const settings = {
  vaultAddress: setting.text({
    default: "",
    maxLength: 42,
    description: "Sub-account or vault to trade for, as 0x address; empty for the account itself.",
  }),
  bookSpeed: setting.choice({
    default: "fast",
    choices: ["fast", "deep"],
    description: "Order books: fast has 5 levels a side twice a second, deep 20 levels every 5 seconds.",
  }),
  defaultMakerFeeBps: setting.number({
    default: 1.5,
    min: -100,
    max: 100,
    description: "Maker fee in bps where the account's own is not known (base tier, autumn 2026).",
  }),
  defaultTakerFeeBps: setting.number({
    default: 4.5,
    min: -100,
    max: 100,
    description: "Taker fee in bps where the account's own is not known (base tier, autumn 2026).",
  }),
  rateLimitShare: setting.number({
    default: 0.9,
    min: 0.05,
    max: 1,
    description:
      "Share of the venue's limit by network address that this adapter uses; less where others share the address.",
  }),
  actionExpiryMs: setting.number({
    default: 15_000,
    min: 0,
    max: 300_000,
    integer: true,
    description:
      "Milliseconds after which the venue refuses a request that is late, so that it can't take effect unseen; 0 for never.",
  }),
  deadMansSwitchSeconds: setting.number({
    default: 300,
    min: 0,
    max: 3_600,
    integer: true,
    description:
      "The venue cancels everything when this many seconds pass without a renewal (15 to 3600, less is taken as 15); 0 for never. It wants accounts that traded 1,000,000 USD; each renewal takes one request of the address's budget.",
  }),
} as const;

export type HyperliquidSettings = SettingValues<typeof settings>;
export type HyperliquidContext = ExchangeContext<typeof settings>;
