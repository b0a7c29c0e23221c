/** The simulated venue's rules by themselves, on virtual time: nonces, form, budgets, agents, triggers, silence. */
import { assert, assertEquals } from "@std/assert";
import type { ServerSocketHandlers } from "../../../exchanges/simulation/sockets.ts";
import type { Action } from "../../../exchanges/hyperliquid/actions.ts";
import {
  cancelByCloidAction,
  limitType,
  modifyAction,
  orderAction,
  scheduleCancelAction,
  triggerType,
  type WireOrder,
  wireOrder,
} from "../../../exchanges/hyperliquid/actions.ts";
import { ActionSigner, type ActionTerms } from "../../../exchanges/hyperliquid/signing.ts";
import { AddressBudget, Agents } from "../../../exchanges/hyperliquid/simulator/accounts.ts";
import { NonceSets } from "../../../exchanges/hyperliquid/simulator/nonces.ts";
import { VirtualClock } from "../../../exchanges/simulation/clock.ts";
import { accountId, protocolBench, quoteHouse, setMark, startMs } from "./simulated.ts";

const dayMs = 86_400_000;

Deno.test("nonces: each once, above the smallest of the hundred highest, within two days back and one ahead", () => {
  const sets = new NonceSets();
  const use = (nonce: number, signer = "a") => sets.use(signer, nonce, startMs) === undefined;
  assertEquals([use(startMs), use(startMs), use(startMs, "b")], [true, false, true]);
  assertEquals([use(startMs - 2 * dayMs), use(startMs - 2 * dayMs + 1)], [false, true]);
  assertEquals([use(startMs + dayMs), use(startMs + dayMs - 1)], [false, true]);
  for (let i = 1; i <= 120; i++) assert(use(startMs + i));
  // The hundred highest are 22 to 120 and the one a day ahead.
  assertEquals([use(startMs + 21), use(startMs - 5)], [false, false]);
  assert(use(startMs + 500), "out of order is fine above the smallest");
  assert(use(startMs + 400));
});

Deno.test("agents: three with names, none twice, each until its time is over", () => {
  const clock = new VirtualClock(startMs);
  const agents = new Agents(clock, "0xmaster", "0xfirst");
  assertEquals([agents.accountOf("0xmaster"), agents.accountOf("0xfirst"), agents.accountOf("0xother")], [
    "0xmaster",
    "0xmaster",
    undefined,
  ]);
  assertEquals(agents.approve("0xa", "a"), undefined);
  assertEquals(agents.approve("0xb", `b valid_until ${startMs + 1_000}`), undefined);
  assertEquals(agents.approve("0xc", "c"), undefined);
  assertEquals(agents.approve("0xd", "d"), "Too many extra agents.");
  assertEquals(agents.approve("0xe", "a name that is too long"), "Agent name is too long.");
  assertEquals(agents.approve("0xa", "c"), "Extra agent already used.");
  assertEquals(agents.approve("0xf", "c"), undefined);
  assertEquals([agents.accountOf("0xc"), agents.accountOf("0xf")], [undefined, "0xmaster"]);
  clock.advanceTo(startMs + 1_000);
  assertEquals(agents.accountOf("0xb"), undefined);
});

Deno.test("the address's budget: one request for each USDC, a trickle when it is empty, more for cancels", () => {
  const clock = new VirtualClock(startMs);
  const budget = new AddressBudget(clock);
  assertEquals(budget.take(10_000, false, 0), undefined);
  assertEquals(budget.take(1, false, 0), undefined, "the first of the trickle");
  assertEquals(
    budget.take(1, false, 0.5),
    "Too many cumulative requests sent (10002 > 10000) for cumulative volume traded $0.50. Place taker orders to free up 1 request per USDC traded.",
  );
  assertEquals(budget.take(1, true, 0), undefined, "a cancel");
  assertEquals(budget.take(5, false, 100), undefined, "earned by trading");
  clock.advanceTo(startMs + 10_000);
  assertEquals(budget.take(500, false, 0), undefined);
});

// The whole protocol -----------------------------------------------------------------------------------------------------

async function bench(options: Parameters<typeof protocolBench>[0] = {}) {
  const base = await protocolBench(options);
  const signer = new ActionSigner(base.credentials["HYPERLIQUID_AGENT_PRIVATE_KEY"] ?? "", "testnet");
  let nonce = startMs;
  const ask = async (
    path: string,
    init: RequestInit,
  ): Promise<{ readonly status: number; readonly body: unknown }> => {
    const answering = base.protocol.handleRequest(
      new Request(`http://venue${path}`, { method: "POST", ...init }),
    );
    const timer = setInterval(() => base.clock.advanceTo(base.clock.nowMs()), 0);
    const response = await answering.finally(() => clearInterval(timer));
    const text = await response.text();
    try {
      return { status: response.status, body: JSON.parse(text) };
    } catch {
      return { status: response.status, body: text };
    }
  };
  const json = { "content-type": "application/json" };
  const envelope = (action: Action, change: Partial<ActionTerms> = {}) => {
    const terms = { nonce: ++nonce, ...change };
    const { vaultAddress, expiresAfterMs } = terms;
    return {
      action,
      nonce: terms.nonce,
      signature: signer.sign(action, terms),
      ...(vaultAddress === undefined ? {} : { vaultAddress }),
      ...(expiresAfterMs === undefined ? {} : { expiresAfter: expiresAfterMs }),
    };
  };
  return {
    ...base,
    signer,
    ask,
    json,
    envelope,
    info: (body: unknown) => ask("/info", { headers: json, body: JSON.stringify(body) }),
    act: (action: Action, change: Partial<ActionTerms> = {}) =>
      ask("/exchange", { headers: json, body: JSON.stringify(envelope(action, change)) }),
    post: (body: unknown) => ask("/exchange", { headers: json, body: JSON.stringify(body) }),
  };
}

const cloid = (digit: string) => `0x${digit.repeat(32)}`;
const order = (change: Partial<Parameters<typeof wireOrder>[0]> = {}): WireOrder =>
  wireOrder({
    asset: 0,
    isBuy: true,
    price: "59900",
    size: "0.1",
    reduceOnly: false,
    type: limitType("Gtc"),
    cloid: cloid("a"),
    ...change,
  });
const refusal = (response: string) => ({ status: 200, body: { status: "err", response } });

Deno.test("HTTP: paths, methods, types and forms that the venue does not take", async () => {
  const { ask, json, info, protocol } = await bench();
  assertEquals((await ask("/other", { headers: json, body: "{}" })).status, 404);
  assertEquals((await ask("/info", { method: "GET" })).status, 405);
  assertEquals((await ask("/info", { headers: { "content-type": "text/plain" }, body: "{}" })).status, 415);
  assertEquals((await ask("/info", { headers: json, body: "{" })).status, 400);
  const unreadable = { status: 422, body: "Failed to deserialize the JSON body into the target type" };
  assertEquals(await info({ type: "nonsense" }), unreadable);
  assertEquals(await info({ type: "orderStatus", user: "0x1", oid: 1 }), unreadable);
  assertEquals(await info({ type: "fundingHistory", coin: "NOPE", startTime: 0 }), {
    status: 500,
    body: null,
  });
  protocol.stop();
});

Deno.test("an action in another form than the venue's own is someone else's", async () => {
  const { act, envelope, post, protocol, venue } = await bench();
  const stranger = /^User or API Wallet 0x[0-9a-f]{40} does not exist\.$/;
  const failing: readonly unknown[] = [
    // Signed with trailing zeros: the venue writes them without.
    envelope(orderAction([order({ price: "59900.0" })])),
    envelope(orderAction([order({ cloid: cloid("A") })])),
    { ...envelope(orderAction([order()])), nonce: startMs + 77 },
    { ...envelope(orderAction([order()])), expiresAfter: startMs + 60_000 },
  ];
  for (const body of failing) {
    const { body: found } = await post(body);
    assert(typeof found === "object" && found !== null && "response" in found);
    assert(stranger.test(String(found.response)), JSON.stringify(found));
  }
  const malformed: readonly unknown[] = [
    { ...envelope(orderAction([order()])), signature: { r: "0x1", s: "0x2", v: 29 } },
    { ...envelope(orderAction([order()])), action: { type: "order", orders: [], grouping: "na" } },
    { ...envelope(orderAction([order()])), action: { ...orderAction([order()]), extra: 1 } },
    { action: { type: "noop" } },
    [],
  ];
  for (const body of malformed) {
    assertEquals((await post(body)).status, 422, JSON.stringify(body).slice(0, 80));
  }
  assertEquals(venue.orderHistory(accountId), []);
  assertEquals((await act(orderAction([order()]))).status, 200);
  protocol.stop();
});

Deno.test("a nonce is used once, a late action is refused, a vault must be known", async () => {
  const { act, envelope, post, protocol, clock } = await bench();
  const body = envelope({ type: "noop" });
  assertEquals((await post(body)).body, { status: "ok", response: { type: "default" } });
  assertEquals(await post(body), refusal(`Invalid nonce: duplicate nonce ${body.nonce}`));
  assertEquals(
    await act({ type: "noop" }, { expiresAfterMs: clock.nowMs() - 1 }),
    refusal(`Action expired at ${clock.nowMs() - 1}.`),
  );
  const vaultAddress = `0x${"12".repeat(20)}`;
  assertEquals(
    await act({ type: "noop" }, { vaultAddress }),
    refusal(`Vault not registered: ${vaultAddress}`),
  );
  protocol.stop();
});

Deno.test("self-trade: the resting order goes, the new one trades on", async () => {
  const { act, protocol, venue } = await bench();
  await act(orderAction([order({ isBuy: false, price: "60001", cloid: cloid("b") })]));
  venue.quoteHouse("BTC-PERP", "sell", new Map([[600_020, 100_000]]));
  await act(orderAction([order({ price: "60002", type: limitType("Ioc"), cloid: cloid("c") })]));
  assertEquals(
    venue.orderHistory(accountId).map((one) => [one.clientOrderId, one.status, one.cancelReason]),
    [
      [cloid("b"), "cancelled", "self_trade"],
      [cloid("c"), "filled", undefined],
    ],
  );
  protocol.stop();
});

Deno.test("a change only adds liquidity, and is gone with its order when it would not", async () => {
  const { act, protocol, venue } = await bench();
  await act(orderAction([order()]));
  const crossing = await act(modifyAction([{ oid: cloid("a"), order: order({ price: "60001" }) }]));
  assert(JSON.stringify(crossing.body).includes("Post only order would have immediately matched"));
  assertEquals(venue.openOrders(accountId), []);
  const gone = await act(modifyAction([{ oid: cloid("a"), order: order() }]));
  assert(JSON.stringify(gone.body).includes("Cannot modify canceled or filled order"));
  protocol.stop();
});

Deno.test("triggers: which side of the mark fires what; a reached one is no trigger", async () => {
  const cases: readonly {
    readonly isBuy: boolean;
    readonly tpsl: "tp" | "sl";
    readonly at: string;
    readonly mark: number;
  }[] = [
    { isBuy: false, tpsl: "sl", at: "59500", mark: 59_499 },
    { isBuy: false, tpsl: "tp", at: "60500", mark: 60_501 },
    { isBuy: true, tpsl: "sl", at: "60500", mark: 60_501 },
    { isBuy: true, tpsl: "tp", at: "59500", mark: 59_499 },
  ];
  for (const { isBuy, tpsl, at, mark } of cases) {
    const { act, protocol, venue } = await bench();
    const price = isBuy ? "61000" : "59000";
    const reached = triggerType(true, at === "59500" ? "60500" : "59500", tpsl);
    const refused = await act(orderAction([order({ isBuy, price, type: reached })]));
    assert(JSON.stringify(refused.body).includes("Invalid TP/SL price."), JSON.stringify(refused.body));
    await act(orderAction([order({ isBuy, price, type: triggerType(true, at, tpsl) })]));
    assertEquals(venue.orderHistory(accountId), []);
    setMark(venue, mark);
    assertEquals(venue.fills(accountId).length, 1, `${isBuy} ${tpsl}`);
    protocol.stop();
  }
});

Deno.test("scheduled cancel takes back everything at its time, and at most ten times a day", async () => {
  const { act, clock, protocol, venue } = await bench({ priorVolumeUsd: 1_000_000 });
  assertEquals(
    await act(scheduleCancelAction(clock.nowMs() + 4_999)),
    refusal("Scheduled cancel time too early, must be at least 5 seconds from now."),
  );
  for (let time = 0; time < 10; time++) {
    await act(orderAction([order()]));
    await act(scheduleCancelAction(clock.nowMs() + 5_000));
    clock.advanceTo(clock.nowMs() + 4_999);
    assertEquals(venue.openOrders(accountId).length, 1);
    clock.advanceTo(clock.nowMs() + 1);
    assertEquals(venue.openOrders(accountId).length, 0);
  }
  assertEquals(
    await act(scheduleCancelAction(clock.nowMs() + 5_000)),
    refusal("Too many scheduled cancels triggered today."),
  );
  assertEquals(venue.orderHistory(accountId).at(-1)?.cancelReason, "dead_mans_switch");
  protocol.stop();
});

Deno.test("questions weigh: sixty of twenty in a minute, and then none", async () => {
  const { clock, info, protocol } = await bench();
  for (let i = 0; i < 60; i++) assertEquals((await info({ type: "meta" })).status, 200);
  assertEquals(await info({ type: "meta" }), { status: 429, body: null });
  clock.advanceTo(clock.nowMs() + 1_000);
  assertEquals((await info({ type: "meta" })).status, 200);
  protocol.stop();
});

Deno.test("cancels by cloid answer one by one", async () => {
  const { act, protocol } = await bench();
  await act(orderAction([order(), order({ cloid: cloid("b") })]));
  const cancels = [cloid("a"), cloid("c"), cloid("b")].map((one) => ({ asset: 0, cloid: one }));
  assertEquals((await act(cancelByCloidAction(cancels))).body, {
    status: "ok",
    response: {
      type: "cancel",
      data: {
        statuses: [
          "success",
          { error: "Order was never placed, already canceled, or filled. asset=0" },
          "success",
        ],
      },
    },
  });
  protocol.stop();
});

// Sockets ----------------------------------------------------------------------------------------------------------------

async function socketBench() {
  const base = await bench();
  const frames: { readonly channel: string; readonly data?: unknown }[] = [];
  let handlers: ServerSocketHandlers | undefined;
  const state = { isOpen: true };
  const upgrade = base.protocol.upgrade(new Request("http://venue/ws"));
  assert(upgrade.kind === "accepted");
  upgrade.accept({
    get isOpen() {
      return state.isOpen;
    },
    queuedBytes: 0,
    listen: (given) => void (handlers = given),
    send: (data) => void frames.push(JSON.parse(String(data))),
    close: () => {
      state.isOpen = false;
      handlers?.onClose();
    },
  });
  const flush = (): void => base.clock.advanceTo(base.clock.nowMs());
  return {
    ...base,
    frames,
    state,
    send: (frame: unknown) => {
      handlers?.onMessage(typeof frame === "string" ? frame : JSON.stringify(frame));
      flush();
    },
  };
}
const subscription = (one: unknown, method = "subscribe") => ({ method, subscription: one });

Deno.test("WebSocket: echoes with defaults, repeats and nonsense, as the venue says it", async () => {
  const { frames, protocol, send } = await socketBench();
  const book = { type: "l2Book", coin: "BTC" };
  const echo = { ...book, nSigFigs: null, mantissa: null, fast: false };
  send(subscription(book));
  assertEquals(frames[0], {
    channel: "subscriptionResponse",
    data: { method: "subscribe", subscription: echo },
  });
  assertEquals(frames[1]?.channel, "l2Book");
  send(subscription(book));
  assertEquals(frames[2], { channel: "error", data: `Already subscribed: ${JSON.stringify(echo)}` });
  send(subscription(book, "unsubscribe"));
  send(subscription(book, "unsubscribe"));
  assertEquals(frames.slice(-1), [{
    channel: "error",
    data: `Already unsubscribed: ${JSON.stringify(echo)}`,
  }]);
  for (
    const nonsense of ["{", "[]", { method: "dance" }, subscription([book]), { method: "post", request: {} }]
  ) {
    send(nonsense);
    const [last] = frames.slice(-1);
    assert(
      String(last?.data).startsWith("Error parsing JSON into valid websocket request: "),
      JSON.stringify(last),
    );
  }
  send(subscription({ type: "bbo", coin: "DYDX" }));
  assertEquals(frames.at(-1)?.channel, "subscriptionResponse", "a delisted coin is acknowledged");
  protocol.stop();
});

Deno.test("a connection on which the venue sent nothing for a minute is closed; an answer to a ping counts", async () => {
  const { clock, frames, protocol, send, state } = await socketBench();
  clock.advanceTo(startMs + 50_000);
  send({ method: "ping" });
  assertEquals(frames, [{ channel: "pong" }]);
  clock.advanceTo(startMs + 109_000);
  assertEquals(state.isOpen, true);
  clock.advanceTo(startMs + 112_000);
  assertEquals(state.isOpen, false);
  protocol.stop();
});

Deno.test("quotes are told where they changed, once a block; accounts are told to who asks for the master", async () => {
  const { act, clock, credentials, frames, protocol, send, signer, venue } = await socketBench();
  send(subscription({ type: "bbo", coin: "BTC" }));
  const count = (channel: string) => frames.filter((frame) => frame.channel === channel).length;
  assertEquals(count("bbo"), 1);
  clock.advanceTo(clock.nowMs() + 1_000);
  assertEquals(count("bbo"), 1);
  quoteHouse(venue, 10);
  quoteHouse(venue, 20);
  clock.advanceTo(clock.nowMs() + 1_000);
  assertEquals(count("bbo"), 2);
  const user = credentials["HYPERLIQUID_ACCOUNT_ADDRESS"];
  send(subscription({ type: "orderUpdates", user: signer.address }));
  await act(orderAction([order()]));
  assertEquals(count("orderUpdates"), 0, "an agent has no orders");
  send(subscription({ type: "orderUpdates", user }));
  await act(orderAction([order({ cloid: cloid("b") })]));
  clock.advanceTo(clock.nowMs() + 100);
  assertEquals(count("orderUpdates"), 1);
  protocol.stop();
});
