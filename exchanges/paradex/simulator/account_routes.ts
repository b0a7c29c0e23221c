/** The account of the simulated Paradex over REST (paradex.md, 4.5 and 4.7). */
import * as v from "valibot";
import { formatMoney, money } from "@berth/sdk";
import { listed, listingOf } from "./listing.ts";
import {
  type Call,
  inWindow,
  notFound,
  ok,
  page,
  type Result,
  type Route,
  route,
  withMarket,
} from "./routes.ts";
import { accountRow, fillRow, positionRow } from "./rows.ts";

function setMargin(call: Call): Result {
  return withMarket(call, call.parts[0], (one) => {
    const leverage = v.safeParse(
      v.object({
        leverage: v.pipe(v.number(), v.integer()),
        margin_type: v.optional(v.picklist(["CROSS", "ISOLATED"]), "CROSS"),
      }),
      call.body,
    );
    if (leverage.success && leverage.output.margin_type === "ISOLATED") {
      return notFound("REQUEST_NOT_ALLOWED", "isolated margin is not simulated");
    }
    const isFine = leverage.success && leverage.output.leverage >= 1 &&
      leverage.output.leverage <= one.simulated.maxLeverage;
    if (!isFine) {
      return notFound(
        "INVALID_REQUEST_PARAMETER",
        `leverage: must be between 1 and ${one.simulated.maxLeverage}`,
      );
    }
    call.context.venue.setLeverage(call.context.accountId, one.simulated.symbol, leverage.output.leverage);
    return ok({
      account: call.context.rows.address,
      market: one.market,
      leverage: leverage.output.leverage,
      margin_type: "CROSS",
    });
  });
}

const tokenSchema = v.looseObject({
  name: v.optional(v.string(), ""),
  expiry_duration: v.pipe(v.number(), v.integer(), v.minValue(60), v.maxValue(31_536_000)),
});

function createToken({ body, context }: Call): Result {
  const parsed = v.safeParse(tokenSchema, body);
  if (!parsed.success) return notFound("VALIDATION_ERROR", "expiry_duration: must be 60 s to 1 year");
  const { expiry_duration: lifeS, name } = parsed.output;
  const nowMs = Math.round(context.venue.clock.nowMs());
  return ok({
    token: context.accounts.readOnlyToken(lifeS),
    api_token: {
      lookup_id: String(nowMs),
      name,
      kind: "read_only",
      created_at: BigInt(nowMs) * 1_000_000n,
      expiry_at: BigInt(nowMs + lifeS * 1_000) * 1_000_000n,
    },
  });
}

export const accountRoutes: readonly Route[] = [
  route("POST", "/account/tokens", "private", createToken),
  route(
    "GET",
    "/account",
    "private",
    ({ context }) => ok(accountRow(context.venue.account(context.accountId), context.rows)),
  ),
  route(
    "GET",
    "/account/info",
    "private",
    ({ context }) =>
      ok({
        results: [{
          account: context.rows.address,
          kind: "main",
          parent_account: "",
          isolated_market: "",
          username: "",
          created_at: 0,
          fees: { maker_rate: "0", taker_rate: "0.00045" },
        }],
      }),
  ),
  route(
    "GET",
    "/balance",
    "private",
    ({ context }) =>
      ok({
        results: [{
          token: "USDC",
          size: formatMoney(money(context.venue.account(context.accountId).cash)),
          last_updated_at: context.venue.clock.nowMs(),
        }],
      }),
  ),
  route(
    "GET",
    "/positions",
    "private",
    ({ context }) =>
      ok({
        results: context.venue.positions(context.accountId).map((position) =>
          positionRow(position, context.rows)
        ),
      }),
  ),
  route("GET", "/account/margin", "private", ({ context }) =>
    ok({
      account: context.rows.address,
      margin_methodology: "cross_margin",
      configs: listed(context.venue).map((one) => ({
        market: one.market,
        leverage: context.venue.positions(context.accountId).find(({ symbol }) =>
          symbol === one.simulated.symbol
        )?.leverage ?? one.simulated.maxLeverage,
        margin_type: "CROSS",
        isolated_margin_leverage: 1,
      })),
    })),
  route("POST", "/account/margin/*", "private", setMargin),
  route("GET", "/fills", "private", (call) => {
    const market = call.query.get("market");
    const fills = call.context.venue.fills(call.context.accountId).toReversed()
      .filter((fill) => inWindow(call, fill.tsMs))
      .filter((fill) =>
        market === null || listingOf(call.context.venue, market)?.simulated.symbol === fill.symbol
      );
    return page(call, fills, (fill) => fillRow(fill, call.context.rows));
  }),
  route("GET", "/funding/payments", "private", (call) => {
    const market = call.query.get("market");
    const rows = call.context.payments.newestFirst().filter((row) =>
      inWindow(call, row.created_at) && (market === null || row.market === market)
    );
    return page(call, rows, (row) => row);
  }),
];
