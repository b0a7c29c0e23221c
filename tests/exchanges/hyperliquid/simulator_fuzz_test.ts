/** Whatever reaches the simulated venue, by HTTP or over a socket, it answers in its own words and stands. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  cancelAction,
  cancelByCloidAction,
  limitType,
  modifyAction,
  orderAction,
  scheduleCancelAction,
  triggerType,
  updateLeverageAction,
  wireOrder,
} from "../../../exchanges/hyperliquid/actions.ts";
import { ActionSigner } from "../../../exchanges/hyperliquid/signing.ts";
import type { ServerSocketHandlers } from "../../../exchanges/simulation/sockets.ts";
import { damaged, nonsense } from "../../support/nonsense.ts";
import { accountId, protocolBench, startMs } from "./simulated.ts";

const cloid = `0x${"a".repeat(32)}`;
const order = wireOrder({
  asset: 0,
  isBuy: true,
  price: "59900",
  size: "0.1",
  reduceOnly: false,
  type: limitType("Gtc"),
  cloid,
});
const actions = [
  orderAction([order]),
  orderAction([{ ...order, t: triggerType(true, "59000", "sl") }]),
  cancelAction([{ asset: 0, oid: 5 }]),
  cancelByCloidAction([{ asset: 0, cloid }]),
  modifyAction([{ oid: cloid, order }]),
  scheduleCancelAction(startMs + 60_000),
  updateLeverageAction(0, true, 5),
];
const user = `0x${"1".repeat(40)}`;
const questions: readonly Readonly<Record<string, unknown>>[] = [
  ...["meta", "metaAndAssetCtxs", "allMids", "exchangeStatus"].map((type) => ({ type })),
  ...["clearinghouseState", "openOrders", "userFills", "userFees", "userRole"].map((type) => ({
    type,
    user,
  })),
  { type: "orderStatus", user, oid: cloid },
  { type: "userFillsByTime", user, startTime: 0, endTime: startMs },
  { type: "candleSnapshot", req: { coin: "BTC", interval: "1m", startTime: 0, endTime: startMs } },
  { type: "fundingHistory", coin: "BTC", startTime: 0 },
  { type: "l2Book", coin: "BTC" },
];
const answers = [200, 400, 422, 429, 500];

Deno.test("bodies of every form have an answer of the venue's", async () => {
  const { clock, credentials, protocol, venue } = await protocolBench({ priorVolumeUsd: 2_000_000 });
  const signer = new ActionSigner(credentials["HYPERLIQUID_AGENT_PRIVATE_KEY"] ?? "", "testnet");
  let nonce = startMs;
  const envelope = fc.constantFrom(...actions).map((action) => {
    nonce += 1;
    return { action, nonce, signature: signer.sign(action, { nonce }) };
  });
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.tuple(fc.constant("/exchange"), envelope.chain(damaged)),
        fc.tuple(fc.constant("/info"), fc.constantFrom(...questions).chain(damaged)),
        fc.tuple(fc.constantFrom("/exchange", "/info"), nonsense),
      ),
      fc.nat({ max: 3 }),
      async ([path, body], cut) => {
        const text = JSON.stringify(body) ?? "";
        const request = new Request(`http://venue${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: cut === 0 ? text.slice(0, text.length >> 1) : text,
        });
        const answering = protocol.handleRequest(request);
        const timer = setInterval(() => clock.advanceTo(clock.nowMs() + 1_000), 0);
        const { status } = await answering.finally(() => clearInterval(timer));
        seen.add(status);
        assert(answers.includes(status), String(status));
      },
    ),
    { numRuns: 300 },
  );
  assert(seen.has(200) && seen.has(400) && seen.has(422), [...seen].join());
  // What was damaged was signed by nobody: all that was taken was whole.
  for (const { limitPriceTicks } of venue.orderHistory(accountId)) assertEquals(limitPriceTicks, 599_000);
  protocol.stop();
});

Deno.test("frames of every form leave the connection open, or closed without a crash", async () => {
  const { clock, protocol } = await protocolBench();
  const frames = [
    { method: "ping" },
    { method: "subscribe", subscription: { type: "l2Book", coin: "BTC", fast: true } },
    { method: "subscribe", subscription: { type: "orderUpdates", user } },
    { method: "unsubscribe", subscription: { type: "bbo", coin: "BTC" } },
    { method: "post", id: 1, request: { type: "info", payload: { type: "meta" } } },
    { method: "post", id: 2, request: { type: "action", payload: { action: { type: "noop" }, nonce: 1 } } },
  ];
  let handlers: ServerSocketHandlers | undefined;
  let isOpen = false;
  let connections = 0;
  const connect = (): void => {
    const upgrade = protocol.upgrade(new Request("http://venue/ws"));
    if (upgrade.kind !== "accepted") return;
    connections += 1;
    isOpen = true;
    upgrade.accept({
      get isOpen() {
        return isOpen;
      },
      queuedBytes: 0,
      listen: (given) => void (handlers = given),
      send: (data) => void JSON.parse(String(data)),
      close: () => {
        isOpen = false;
        handlers?.onClose();
      },
    });
  };
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...frames).chain(damaged), nonsense),
      fc.nat({ max: 3 }),
      (frame, cut) => {
        if (!isOpen) connect();
        const text = JSON.stringify(frame) ?? "";
        handlers?.onMessage(cut === 0 ? text.slice(0, text.length >> 1) : text);
        clock.advanceTo(clock.nowMs() + 3_000);
      },
    ),
    { numRuns: 400 },
  );
  // What ends a connection at the venue ends it here: a coin that does not exist.
  if (!isOpen) connect();
  const before = connections;
  handlers?.onMessage(
    JSON.stringify({ method: "subscribe", subscription: { type: "bbo", coin: "NO-SUCH-COIN" } }),
  );
  clock.advanceTo(clock.nowMs() + 3_000);
  assert(!isOpen, "an unknown coin ended nothing");
  connect();
  assert(isOpen && connections === before + 1, "nobody can connect any more");
  protocol.stop();
});
