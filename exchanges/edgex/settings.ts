/** Settings of the EdgeX adapter. */
import { type ExchangeContext, setting, type SettingValues } from "@berth/sdk";

export const settings = {
  bookLevels: setting.choice({
    default: "200",
    choices: ["15", "200"],
    description: "Levels of a side that order books have.",
  }),
  triggerPriceType: setting.choice({
    default: "ORACLE_PRICE",
    choices: ["ORACLE_PRICE", "LAST_PRICE", "INDEX_PRICE"],
    description:
      "Price that stop and take-profit orders kept by the venue wait for; the oracle price is its mark.",
  }),
  ordersPerMinute: setting.number({
    default: 240,
    min: 10,
    max: 6_000,
    integer: true,
    description:
      "Orders a minute at most; less where the account's own limit is lower. EdgeX documents no general limit.",
  }),
  questionsPerMinute: setting.number({
    default: 300,
    min: 10,
    max: 6_000,
    integer: true,
    description: "Requests a minute besides orders and cancels at most. EdgeX documents no limit.",
  }),
} as const;

export type EdgexSettings = SettingValues<typeof settings>;
export type EdgexContext = ExchangeContext<typeof settings>;
