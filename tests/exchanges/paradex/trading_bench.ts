/** Orders over transports played by hand: what tests of requests share. */
import { assert } from "@std/assert";
import { clientOrderId, type OrderRequest, priceTicks, sizeLots, venueOrderId } from "@berth/sdk";
import { AccountQueries } from "../../../exchanges/paradex/account_queries.ts";
import { CommandChannel } from "../../../exchanges/paradex/command_channel.ts";
import { Authentication } from "../../../exchanges/paradex/authentication.ts";
import type { CallResult } from "../../../exchanges/paradex/connection.ts";
import { ParadexTrading } from "../../../exchanges/paradex/orders.ts";
import { PrivateStream } from "../../../exchanges/paradex/private_stream.ts";
import { RateBudget, type RateLimit } from "@berth/sdk/venue/rate_budget.ts";
import { RestClient } from "../../../exchanges/paradex/rest.ts";
import { paradexSigner } from "../../../exchanges/paradex/signing.ts";
import { StarkCurve } from "../../../exchanges/paradex/stark_curve.ts";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import {
  btcInstrument,
  btcOnly,
  constantRandom,
  misfitsOf,
  recordingLog,
  recordingPublish,
  VirtualTime,
} from "./fakes.ts";

export const curve = new StarkCurve();
export const account = 0x129f3dc1b8962d8a87abc692424c78fda963ade0e1cd17bf3d1c26f8d41ee7an;
export const privateKey = 0x0139fe4d6f02e666e86a6f58e65060f115cd3c185bd9e98bd829636931458f79n;
export const never = new AbortController().signal;

export interface HttpCall {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}
export type HttpAnswer = { readonly status: number; readonly body?: string } | "hang" | "fail";

export function bench(options: {
  readonly call?: (method: string, params: unknown) => CallResult;
  readonly http?: (call: HttpCall) => HttpAnswer;
  readonly orderLimits?: readonly RateLimit[];
} = {}) {
  const time = new VirtualTime();
  const calls: { method: string; params: unknown }[] = [];
  const https: HttpCall[] = [];
  const log = recordingLog();
  const publish = recordingPublish();
  const instruments = btcOnly();
  const stream = new PrivateStream({
    publish,
    instruments,
    statistics: new FeedStatistics(time),
    misfits: misfitsOf(time, log),
    log,
  });
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    if (url.includes("/auth/")) return Promise.resolve(new Response('{"jwt_token":"jwt"}'));
    const call = {
      method: init.method ?? "",
      url: url.replace("https://venue.test/v1", ""),
      body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
    };
    https.push(call);
    const answer = options.http?.(call) ??
      { status: 404, body: '{"error":"NOT_FOUND","message":"scripted"}' };
    if (answer === "fail") return Promise.reject(new TypeError("connection reset"));
    if (answer === "hang") {
      return new Promise((_, reject) =>
        init.signal?.addEventListener("abort", () => reject(new Error("aborted")))
      );
    }
    return Promise.resolve(
      new Response(answer.status === 204 ? null : answer.body ?? "", { status: answer.status }),
    );
  };
  const rest = new RestClient("https://venue.test/v1", fetch, time);
  const signer = paradexSigner({ curve, chainId: "PRIVATE_SN_PARACLEAR_MAINNET", account, privateKey });
  const authentication = new Authentication({
    rest,
    identity: () => ({ account, publicKey: 1n, signer, ethereumAddress: "" }),
    venueNowMs: time.epochMs,
    scheduler: time,
    random: constantRandom,
    log,
    ethereumAddress: "",
  });
  const unlimited = [{ requests: 1e6, perMs: 1 }];
  const orderBudget = new RateBudget(time, options.orderLimits ?? unlimited);
  const channel = new CommandChannel({
    rest,
    entry: {
      call: (method, params) => {
        calls.push({ method, params });
        return Promise.resolve(options.call?.(method, params) ?? { kind: "not_sent", details: "connecting" });
      },
    },
    tokens: authentication,
    budget: orderBudget,
  });
  const budget = new RateBudget(time, unlimited);
  const trading = new ParadexTrading({
    channel,
    queries: new AccountQueries({ rest, tokens: authentication, instruments, stream, budget, clock: time }),
    signer,
    instruments,
    stream,
    orderBudget,
    venueNowMs: time.epochMs,
    recvWindowMs: 5_000,
  });
  return { trading, calls, https, time, stream };
}

export const limitOrder: OrderRequest = {
  instrument: btcInstrument.id,
  clientOrderId: clientOrderId("a1"),
  side: "buy",
  sizeLots: sizeLots(1_000),
  reduceOnly: false,
  pricing: { kind: "limit", limitPriceTicks: priceTicks(651_234), timeInForce: "GTC", postOnly: true },
};
export const created = {
  id: "1759400000131201703010000",
  market: "BTC-USD-PERP",
  side: "BUY",
  type: "LIMIT",
  size: "0.01",
  remaining_size: "0.01",
  price: "65123.4",
  status: "NEW",
  client_id: "a1",
  created_at: 1_759_400_000_140,
  last_updated_at: 1_759_400_000_140,
  seq_no: 1_759_400_000_140,
};
export const result = (value: unknown): CallResult => ({ kind: "result", result: value });
export const sentBody = (value: unknown): Record<string, unknown> => {
  assert(typeof value === "object" && value !== null);
  return { ...value };
};

export const json = (value: unknown): HttpAnswer => ({ status: 200, body: JSON.stringify(value) });
export const key = {
  instrument: btcInstrument.id,
  clientOrderId: clientOrderId("a1"),
  venueOrderId: undefined,
};
export const keyWithId = { ...key, venueOrderId: venueOrderId("175") };
export const notFound: HttpAnswer = { status: 404, body: '{"error":"ORDER_ID_NOT_FOUND","message":""}' };
