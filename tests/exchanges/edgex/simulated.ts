/** The simulated EdgeX without a server, on virtual time, and a client of it that signs as the adapter does. */
import { assert } from "@std/assert";
import { OrderSigner, settlementDomain } from "../../../exchanges/edgex/order_signing.ts";
import { RequestSigner } from "../../../exchanges/edgex/signing.ts";
import { createProtocol, makeCredentials, simulatedInstruments } from "../../../exchanges/edgex/simulator.ts";
import { chain, collateral, listings } from "../../../exchanges/edgex/simulator/listing.ts";
import { VirtualClock } from "../../../exchanges/simulation/clock.ts";
import { noFaults } from "../../../exchanges/simulation/faults.ts";
import type { FaultProfile } from "../../../exchanges/simulation/ports.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import { createSimulatedVenue } from "../../../exchanges/simulation/simulated_venue.ts";
import type { ServerSocketHandlers } from "../../../exchanges/simulation/sockets.ts";
import { BenchMarket } from "../../support/venue_bench.ts";

export const accountId = "trader";
export type Fields = Readonly<Record<string, unknown>>;
const startMs = 1_785_096_000_000;

export interface Answer {
  readonly status: number;
  readonly code: string;
  readonly data: unknown;
}

/** A client's end of a connection, and what came over it. */
export interface ClientSocket {
  readonly received: Fields[];
  readonly isOpen: boolean;
  send(message: unknown): void;
}

export async function simulatedEdgex(faults: Partial<FaultProfile> = {}) {
  const clock = new VirtualClock(startMs);
  const random = seededRandom(7);
  const venue = createSimulatedVenue({
    venue: "edgex",
    instruments: simulatedInstruments,
    clock,
    firstId: startMs * 1_000,
  });
  venue.deposit(accountId, "100000");
  const market = new BenchMarket(venue, "edgex", 1_000);
  market.setMark(60_000.5);
  market.quoteHouse();
  const credentials = await makeCredentials(random.fork("credentials"));
  const protocol = createProtocol({
    venue,
    accountId,
    credentials,
    faults: { ...noFaults, ...faults },
    random: random.fork("faults"),
  });
  const number = credentials["EDGEX_ACCOUNT_ID"] ?? "";
  const requests = new RequestSigner({
    accountId: number,
    apiKey: credentials["EDGEX_API_KEY"] ?? "",
    apiSecret: credentials["EDGEX_API_SECRET"] ?? "",
    passphrase: credentials["EDGEX_API_PASSPHRASE"] ?? "",
  });
  const signer = new OrderSigner(credentials["EDGEX_SIGNER_PRIVATE_KEY"] ?? "", number);
  signer.setDomain(settlementDomain(chain.id, chain.contract));
  const [btc] = listings;
  assert(btc !== undefined);
  const terms = {
    contractId: btc.contractId,
    collateralCoinId: collateral.coinId,
    contractResolution: btc.resolution,
    collateralResolution: collateral.resolution,
    feeRate: btc.simulated.takerFee,
  };

  /** Runs what is due, and lets promises settle, until the answer is there. */
  const answerOf = async (pending: Promise<Response>): Promise<Answer> => {
    let response: Response | undefined;
    const done = pending.then((one) => void (response = one));
    for (let turn = 0; response === undefined && turn < 200; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      clock.advanceTo(clock.nowMs() + 5);
    }
    await done;
    assert(response !== undefined);
    const text = await response.text();
    const found = text.startsWith("{") ? JSON.parse(text) : { code: text, data: null };
    return { status: response.status, code: found.code, data: found.data };
  };

  const request = (
    method: "GET" | "POST",
    path: string,
    fields: Fields,
    change: (headers: Record<string, string>) => Record<string, string> = (headers) => headers,
  ): Promise<Answer> => {
    const content = { accountId: number, ...fields };
    const headers = change({ ...requests.headers({ method, path, content }, clock.nowMs()) });
    const query = new URLSearchParams(Object.entries(content).map(([key, value]) => [key, String(value)]));
    const url = `http://edgex.test${path}${method === "GET" ? `?${query}` : ""}`;
    const body = method === "POST" ? { body: JSON.stringify(content) } : {};
    return answerOf(protocol.handleRequest(new Request(url, { method, headers, ...body })));
  };

  /** An order's fields as they are sent, signed; `signed` is changed after that. */
  const order = (clientOrderId: string, change: Fields = {}, signed: Fields = {}): Fields => {
    const fields = {
      contractId: btc.contractId,
      price: "59900",
      size: "0.1",
      type: "LIMIT",
      side: "BUY",
      timeInForce: "GOOD_TIL_CANCEL",
      clientOrderId,
      reduceOnly: false,
      triggerPrice: "",
      triggerPriceType: "",
      openTp: null,
      ...change,
    };
    const price = Number(fields.price) === 0 ? "600000" : fields.price;
    const signature = signer.signOrder(
      { isBuy: fields.side === "BUY", size: fields.size, price, clientOrderId },
      terms,
      clock.nowMs(),
    );
    return { ...fields, ...signature, ...signed };
  };

  const connect = (path: string, headers: Readonly<Record<string, string>>): ClientSocket | number => {
    const upgrade = protocol.upgrade(new Request(`http://edgex.test${path}`, { headers }));
    if (upgrade.kind === "refused") return upgrade.response.status;
    const received: Fields[] = [];
    let handlers: ServerSocketHandlers | undefined;
    let isOpen = true;
    upgrade.accept({
      get isOpen() {
        return isOpen;
      },
      queuedBytes: 0,
      listen: (listening) => void (handlers = listening),
      send: (data) => void (typeof data === "string" && received.push(JSON.parse(data))),
      close: () => void (isOpen = false),
    });
    return {
      received,
      get isOpen() {
        return isOpen;
      },
      send: (message) => handlers?.onMessage(typeof message === "string" ? message : JSON.stringify(message)),
    };
  };
  const privateRequest = () => requests.socketRequest("ws://edgex.test/api/v1/private/ws", clock.nowMs());

  return {
    clock,
    venue,
    market,
    protocol,
    credentials,
    number,
    btc,
    request,
    order,
    create: (clientOrderId: string, change: Fields = {}, signed: Fields = {}) =>
      request("POST", "/api/v2/private/order/createOrder", order(clientOrderId, change, signed)),
    connect,
    connectPublic: () => connect(`/api/v1/public/ws?timestamp=${clock.nowMs()}`, {}),
    privateRequest,
    connectPrivate: () => {
      const { headers, url } = privateRequest();
      return connect(url.slice("ws://edgex.test".length), headers);
    },
  };
}
