/**
 * OKX's maintenance, as `system/status` and the `status` channel tell it. What concerns trading stops it: a window that
 * is under way halts, its `pre_open` end takes post-only orders and cancels.
 *
 * @see https://www.okx.com/docs-v5 "Status": states scheduled, ongoing, pre_open, completed, canceled
 */
import * as v from "valibot";
import type { InstrumentStatus } from "@berth/sdk";
import { statusRowSchema } from "./wire.ts";

/** Perpetuals (old), trading service, and that in batches of accounts and of products. */
const tradingServices: ReadonlySet<string> = new Set(["3", "5", "8", "9"]);
const production = "1";
const demo = "2";

const severity: Readonly<Record<InstrumentStatus, number>> = {
  trading: 0,
  post_only: 1,
  cancel_only: 2,
  halted: 3,
};

/** The stricter of two. */
export const stricter = (a: InstrumentStatus, b: InstrumentStatus): InstrumentStatus =>
  severity[b] > severity[a] ? b : a;

/** What these rows come to; what can't be read or concerns something else says nothing. */
export function statusOf(rows: readonly unknown[], isDemo: boolean): InstrumentStatus {
  let status: InstrumentStatus = "trading";
  for (const row of rows) {
    const parsed = v.safeParse(statusRowSchema, row);
    if (!parsed.success) continue;
    const { env, serviceType, state } = parsed.output;
    const isOurs = (env === "" || env === (isDemo ? demo : production)) && tradingServices.has(serviceType);
    if (!isOurs) continue;
    if (state === "ongoing") status = stricter(status, "halted");
    if (state === "pre_open") status = stricter(status, "post_only");
  }
  return status;
}
