/**
 * The adapter and the simulated OKX in one process and on virtual time: no socket, no port, hours in seconds. Requests
 * and frames travel through queues that keep their order, as a connection does.
 */
import type { Clock, ExchangeAdapter, Scheduler, SettingValues } from "@berth/sdk";
import { OkxAdapter } from "../../../exchanges/okx/adapter.ts";
import type { Socket, SocketHandlers } from "@berth/sdk/venue/transport.ts";
import { RequestLimits } from "../../../exchanges/okx/request_limits.ts";
import { RestClient } from "../../../exchanges/okx/rest.ts";
import type { settings } from "../../../exchanges/okx/settings.ts";
import { createProtocol, makeCredentials, simulatedInstruments } from "../../../exchanges/okx/simulator.ts";
import { VirtualClock } from "../../../exchanges/simulation/clock.ts";
import { noFaults } from "../../../exchanges/simulation/faults.ts";
import type { FaultProfile, VenueProtocol } from "../../../exchanges/simulation/ports.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../../exchanges/simulation/simulated_venue.ts";
import type { ServerSocket, ServerSocketHandlers } from "../../../exchanges/simulation/sockets.ts";
import { defaultSettings } from "./builders.ts";
import { Published, recordingLog } from "./fakes.ts";
import { usualNames } from "../../support/venue_fakes.ts";

export const accountId = "trader";
const hopMs = 1;

export interface VirtualVenue {
  readonly clock: VirtualClock;
  readonly venue: SimulatedVenueControl;
  readonly protocol: VenueProtocol;
  readonly adapter: ExchangeAdapter;
  readonly published: Published;
  readonly log: ReturnType<typeof recordingLog>;
  readonly gauges: Map<string, number>;
  /** `POST /api/v5/trade/order` and the like, in order. */
  readonly requests: string[];
  /** Sockets that are open, oldest first. */
  sockets(path?: string): readonly VirtualSocket[];
  readonly faults: FaultProfile;
  /** The account's REST interface beside the adapter. */
  readonly client: RestClient;
  /** Hosts that take no connection; sockets to them end. */
  refuseHosts(...hosts: readonly string[]): void;
  /** While true no socket can be opened, and those that are end. */
  refuseSockets(isRefused: boolean): void;
  /** The same, and no request gets through either. */
  cutNetwork(isCut: boolean): void;
  /** Runs everything that is due within this time. */
  advance(durationMs: number): Promise<void>;
  /** Advances until the promise is settled, at most a minute. */
  settled<T>(promise: Promise<T>): Promise<T>;
}

export interface VirtualSocket {
  readonly path: string;
  readonly host: string;
  /** A frame from the venue of its own accord. */
  push(frame: Readonly<Record<string, unknown>>): void;
  close(why: string): void;
}

/** Lets what is ready run; a turn of the event loop too, for platform promises such as a response's body. */
async function settle(isDeep: boolean): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve();
  if (isDeep) await new Promise((resolve) => setTimeout(resolve, 0));
}

export function virtualVenue(options: {
  readonly faults?: Partial<FaultProfile>;
  readonly settings?: Partial<SettingValues<typeof settings>>;
  readonly symbols?: readonly string[];
  readonly seed?: number;
} = {}): Promise<VirtualVenue> {
  return makeVirtualVenue(options);
}

async function makeVirtualVenue(options: {
  readonly faults?: Partial<FaultProfile>;
  readonly settings?: Partial<SettingValues<typeof settings>>;
  readonly symbols?: readonly string[];
  readonly seed?: number;
}): Promise<VirtualVenue> {
  const clock = new VirtualClock(1_785_096_000_000);
  const random = seededRandom(options.seed ?? 7);
  const venue = createSimulatedVenue({
    venue: "okx",
    instruments: simulatedInstruments,
    clock,
    firstId: 1_785_096_000_000_000,
  });
  venue.deposit(accountId, "100000");
  const credentials = await makeCredentials(random.fork("credentials"));
  const faults = { ...noFaults, ...options.faults };
  const protocol = createProtocol({
    venue,
    accountId,
    credentials,
    faults,
    random: random.fork("faults"),
  });
  const requests: string[] = [];
  const open = new Set<VirtualSocket>();
  let isCut = false;
  let isRefused = false;
  const refused = new Set<string>();
  let busy = 0;

  const openSocket = (url: string, handlers: SocketHandlers): Socket => {
    const { host, pathname: path } = new URL(url);
    let server: ServerSocketHandlers | undefined;
    let isOpen = false;
    let isEnded = false;
    const end = (why: string): void => {
      if (isEnded) return;
      isEnded = true;
      isOpen = false;
      open.delete(socket);
      const ended = server;
      clock.schedule(hopMs, () => {
        ended?.onClose();
        handlers.onClose(why);
      });
    };
    const socket: VirtualSocket = {
      path,
      host,
      push: (frame) => void clock.schedule(hopMs, () => isOpen && handlers.onText(JSON.stringify(frame))),
      close: end,
    };
    const serverEnd: ServerSocket = {
      get isOpen() {
        return isOpen;
      },
      queuedBytes: 0,
      listen: (listening) => void (server = listening),
      send: (data) =>
        void clock.schedule(hopMs, () => {
          if (isOpen && typeof data === "string") handlers.onText(data);
        }),
      close: (_code, reason) => end(reason ?? ""),
    };
    clock.schedule(hopMs, () => {
      if (isEnded) return;
      const upgrade = isCut || isRefused || refused.has(host) ? undefined : protocol.upgrade(
        new Request(url.replace("ws://", "http://"), { headers: { upgrade: "websocket" } }),
      );
      if (upgrade?.kind !== "accepted") return end("refused");
      isOpen = true;
      open.add(socket);
      upgrade.accept(serverEnd);
      handlers.onOpen();
    });
    return {
      send: (text) =>
        void clock.schedule(hopMs, () => {
          if (isOpen) server?.onMessage(text);
        }),
      close: () => end("closed here"),
    };
  };

  const fetchVirtual = async (url: string, init: RequestInit): Promise<Response> => {
    requests.push(`${init.method} ${new URL(url).pathname}`);
    if (isCut || refused.has(new URL(url).host)) throw new TypeError("the network is cut");
    busy += 1;
    const signal = init.signal ?? undefined;
    const gone = new Promise<never>((_, reject) =>
      signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")), {
        once: true,
      })
    );
    try {
      const { signal: _, ...rest } = init;
      return await Promise.race([protocol.handleRequest(new Request(url, rest)), gone]);
    } finally {
      busy -= 1;
      deepUntil = 3;
    }
  };
  let deepUntil = 0;

  const scheduler: Scheduler = { after: (delayMs, task) => clock.schedule(delayMs, task) };
  const time: Clock = {
    epochMs: () => clock.nowMs(),
    epochUs: () => clock.nowMs() * 1_000,
    monotonicMs: () => clock.nowMs(),
  };
  const published = new Published();
  const log = recordingLog();
  const gauges = new Map<string, number>();
  const adapterRandom = random.fork("adapter");
  const adapter = new OkxAdapter({
    venue: "okx",
    environment: "sim",
    endpoints: {
      restUrl: "http://okx.test",
      wsPublicUrl: "ws://okx.test/ws/v5/public",
      wsPrivateUrl: "ws://okx.test/ws/v5/private",
      wsBusinessUrl: "ws://okx.test/ws/v5/business",
      restUrlAlternative: "http://aws.test",
      wsPublicUrlAlternative: "ws://aws.test/ws/v5/public",
      wsPrivateUrlAlternative: "ws://aws.test/ws/v5/private",
      wsBusinessUrlAlternative: "ws://aws.test/ws/v5/business",
    },
    symbols: options.symbols ?? ["BTC-PERP"],
    symbolFor: usualNames,
    secret: (name) => credentials[name],
    settings: { ...defaultSettings, ...options.settings },
    publish: published.port,
    clock: time,
    scheduler,
    random: { next: () => adapterRandom.next() },
    log,
    gauge: (name, value) => void gauges.set(name, value),
  }, { fetch: fetchVirtual, openSocket });

  const step = async (): Promise<void> => {
    clock.runNext();
    const isDeep = busy > 0 || deepUntil > 0;
    if (deepUntil > 0) deepUntil -= 1;
    await settle(isDeep);
  };
  const advance = async (durationMs: number): Promise<void> => {
    let isOver = false;
    await settle(true);
    clock.schedule(durationMs, () => {
      isOver = true;
    });
    while (!isOver) await step();
  };
  return {
    clock,
    venue,
    protocol,
    adapter,
    published,
    log,
    gauges,
    requests,
    sockets: (path) => [...open].filter((one) => path === undefined || one.path === path),
    faults,
    client: new RestClient({
      baseUrls: ["http://okx.test"],
      limits: new RequestLimits({ clock: time, scheduler }, 1),
      fetch: fetchVirtual,
      venueNowMs: () => clock.nowMs(),
      scheduler,
      keys: {
        apiKey: credentials["OKX_API_KEY"] ?? "",
        secretKey: credentials["OKX_SECRET_KEY"] ?? "",
        passphrase: credentials["OKX_PASSPHRASE"] ?? "",
      },
      isDemo: false,
    }),
    refuseHosts(...hosts) {
      refused.clear();
      for (const host of hosts) refused.add(host);
      for (const socket of [...open]) if (refused.has(socket.host)) socket.close("the host is gone");
    },
    refuseSockets(next) {
      isRefused = next;
      if (next) { for (const socket of [...open]) socket.close("the network is cut"); }
    },
    cutNetwork(next) {
      isCut = next;
      if (next) { for (const socket of [...open]) socket.close("the network is cut"); }
    },
    advance,
    async settled(promise) {
      let isSettled = false;
      const done = () => {
        isSettled = true;
      };
      promise.then(done, done);
      const untilMs = clock.nowMs() + 60_000;
      await settle(true);
      while (!isSettled && clock.nowMs() < untilMs) await step();
      if (!isSettled) throw new Error("not settled within a minute of virtual time");
      return await promise;
    },
  };
}

/** A house that quotes 60,000 / 60,001 with 10 BTC at each of five prices a side, and a mark between. */
export function quoteHouse(venue: SimulatedVenueControl, clock: VirtualClock, shiftTicks = 0): void {
  const ladder = (first: number, step: number) =>
    new Map(Array.from({ length: 5 }, (_, i) => [first + shiftTicks + i * step, 100_000] as const));
  for (const side of ["buy", "sell"] as const) venue.quoteHouse("BTC-PERP", side, new Map());
  venue.quoteHouse("BTC-PERP", "buy", ladder(600_000, -10));
  venue.quoteHouse("BTC-PERP", "sell", ladder(600_010, 10));
  venue.setMark({
    symbol: "BTC-PERP",
    markPrice: 60_000.5 + shiftTicks / 10,
    indexPrice: 60_000,
    fundingRate: 0.0001,
    tsNextFundingMs: clock.nowMs() + 3_600_000,
    tsMs: clock.nowMs(),
  });
}
