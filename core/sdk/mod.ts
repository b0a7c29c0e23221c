/** Everything a plugin needs, under the one name `@berth/sdk`. */
export * from "./settings.ts";
export * from "./manifest.ts";
export * from "./strategy.ts";
export * from "./groups.ts";
export type { History } from "./history.ts";
export * from "./exchange.ts";
export * from "../model/ids.ts";
export * from "../model/ticks.ts";
export * from "../model/money.ts";
export * from "../model/instrument.ts";
export * from "../model/quote.ts";
export * from "../model/market.ts";
export * from "../model/order.ts";
export * from "../model/account.ts";
export * from "../model/clock.ts";
export * from "../model/venue_health.ts";
export { isRefusalCode, type RefusalCode, refusalCodes } from "../model/refusals.ts";
export { BerthError, describeError } from "../errors.ts";
