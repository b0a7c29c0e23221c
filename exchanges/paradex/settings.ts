/** What the operator may set. Rates, ticks and limits of the venue are not settings: they are read from it. */
import { setting } from "@berth/sdk";

export const settings = {
  sbeSchemaVersion: setting.choice({
    choices: ["1", "0", "2"],
    default: "1",
    description: "Version of Paradex's binary messages that is asked for; all three are read.",
  }),
  quoteChannel: setting.choice({
    choices: ["api", "interactive"],
    default: "api",
    description:
      "Best prices without the retail-only orders (api), which API orders trade with, or with them.",
  }),
  bookChannel: setting.choice({
    choices: ["deltas", "interactive_deltas", "snapshot@15@50ms", "snapshot@15@100ms"],
    default: "deltas",
    description:
      "Order books as deltas of the whole book, with retail-only orders too, or 15 levels at a time.",
  }),
  fundingChannel: setting.boolean({
    default: false,
    description:
      "Subscribe the funding rate's own channel beside the market summary, which states it more exactly.",
  }),
  cancelOnDisconnect: setting.boolean({
    default: true,
    description: "Let Paradex cancel the orders of a connection when it is lost.",
  }),
  recvWindowMs: setting.number({
    default: 10_000,
    min: 0,
    max: 300_000,
    integer: true,
    description:
      "Paradex refuses an order that reaches it later than this after signing, in ms; 0 for its default of 5 minutes.",
  }),
  rateLimitShare: setting.number({
    default: 0.5,
    min: 0.01,
    max: 1,
    description: "Share of the account's rate limit that this adapter may use, as a fraction.",
  }),
  makerFeeBps: setting.number({
    default: 0,
    min: -10,
    max: 100,
    description: "Maker fee in bps where neither account nor market states one (2026-04: 0).",
  }),
  takerFeeBps: setting.number({
    default: 4.5,
    min: 0,
    max: 100,
    description: "Taker fee in bps where neither account nor market states one (2026-04: 4.5).",
  }),
  ethereumAddress: setting.text({
    default: "",
    maxLength: 42,
    description: "Ethereum address of the account, needed once if it was never onboarded.",
  }),
} as const;
