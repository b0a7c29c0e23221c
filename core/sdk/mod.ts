/** Everything a plugin needs, under the one name `@berth/sdk`. */
export * from "./settings.ts";
export * from "./manifest.ts";
export * from "./strategy.ts";
export type { ExitOptions, Exits, ExitView } from "./exits.ts";
export * from "./groups.ts";
export type { AccountPosition, AccountView } from "./accounts.ts";
export type { PanelOptions } from "./panels.ts";
export type { PanelLine, PanelReading, PanelReadings, PanelSignal } from "../model/panel.ts";
export type { Books, ExecutablePrice } from "./books.ts";
export type { History } from "./history.ts";
export * from "./exchange.ts";
export * from "../model/ids.ts";
export * from "../model/ticks.ts";
export * from "../model/money.ts";
export * from "../model/instrument.ts";
export * from "../model/quote.ts";
export * from "../model/quote_health.ts";
export { halfLifeSteps, meanAndDeviation, percentile } from "../model/series.ts";
export type { QuoteStatistics } from "./quote_meter.ts";
export * from "../model/market.ts";
export * from "../model/order.ts";
export * from "../model/account.ts";
export {
  type ClosedTrade,
  TradeRecord,
  type TradeStatistics,
  type TradeSums,
} from "../model/trade_record.ts";
export * from "../model/clock.ts";
export * from "../model/venue_health.ts";
export { isRefusalCode, type RefusalCode, refusalCodes } from "../model/refusals.ts";
export { BerthError, describeError } from "../errors.ts";
