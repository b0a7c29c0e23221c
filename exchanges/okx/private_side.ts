/** All that needs the account's keys: the two private connections, orders, the dead man's switch, funding payments. */
import * as v from "valibot";
import { BerthError, type ConnectionState, type Trading } from "@berth/sdk";
import type { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import type { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { ToldOnce } from "@berth/sdk/venue/told_once.ts";
import { withDeadline } from "@berth/sdk/venue/waiting.ts";
import { AccountLists } from "./account_lists.ts";
import type { OkxContext } from "./adapter.ts";
import { type ConnectionPorts, type ConnectionView, together } from "@berth/sdk/venue/kept_connection.ts";
import { DeadMansSwitch } from "./dead_mans_switch.ts";
import type { InstrumentBook } from "./instruments.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { OrderChannel } from "./order_channel.ts";
import { OkxTrading } from "./orders.ts";
import type { PositionMode } from "./position_legs.ts";
import { PrivateSocket } from "./private_socket.ts";
import { AccountReader, type Read } from "./private_stream.ts";
import { OrderBudget } from "./rate_budget.ts";
import type { RestClient } from "./rest.ts";
import type { OkxKeys } from "./signing.ts";
import { TriggerOrders } from "./trigger_orders.ts";
import { accountConfigSchema } from "./wire.ts";

export interface PrivateSideOptions {
  readonly ctx: OkxContext;
  readonly ports: ConnectionPorts;
  readonly keys: OkxKeys;
  readonly rest: RestClient;
  readonly instruments: InstrumentBook;
  readonly statistics: FeedStatistics;
  readonly misfits: TextMisfits;
  readonly venueNowMs: () => number;
  readonly privateUrls: readonly string[];
  readonly businessUrls: readonly string[];
  readonly onState: (what: string, state: ConnectionState, why: string) => void;
}

/** Orders have no first snapshot; the host asks for them when it is told that the stream is live. */
const accountChannels = [
  { channel: "orders", instType: "ANY" },
  { channel: "positions", instType: "ANY" },
  { channel: "account" },
] as const;
const businessChannels = [{ channel: "orders-algo", instType: "ANY" }] as const;

const fundingEveryMs = 60_000;
const fundingTimeoutMs = 10_000;
/** Asked again each time, for bills may be booked late. */
const fundingOverlapMs = 600_000;
const maxKnownPayments = 2_000;

export class PrivateSide {
  readonly trading: Trading;
  readonly #options: PrivateSideOptions;
  readonly #reader: AccountReader;
  readonly #lists: AccountLists;
  readonly #triggers: TriggerOrders;
  readonly #account: PrivateSocket;
  readonly #business: PrivateSocket;
  readonly #deadMansSwitch: DeadMansSwitch | undefined;
  readonly #toldPayments = new ToldOnce(maxKnownPayments);
  #positionMode: PositionMode = "net_mode";
  #wasConnected = false;
  #fundingSinceMs = 0;

  constructor(options: PrivateSideOptions) {
    this.#options = options;
    const { ctx, instruments, rest } = options;
    const { clock, log, scheduler, settings } = ctx;
    this.#reader = new AccountReader(instruments);
    this.#lists = new AccountLists({ rest, instruments, reader: this.#reader, clock });
    this.#triggers = new TriggerOrders({ rest, lists: this.#lists, reader: this.#reader, clock, settings });
    this.#account = this.#socket("private connection", options.privateUrls, accountChannels);
    this.#business = this.#socket("connection for trigger orders", options.businessUrls, businessChannels);
    if (settings.deadMansSwitchSeconds > 0) {
      const seconds = settings.deadMansSwitchSeconds;
      this.#deadMansSwitch = new DeadMansSwitch({ rest, seconds, scheduler, log });
    }
    this.trading = new OkxTrading({
      rest,
      channel: new OrderChannel({
        rest,
        socketRequest: (op, args, signal) => this.#account.request(op, args, signal),
        budget: new OrderBudget(clock, settings.rateLimitShare),
      }),
      lists: this.#lists,
      triggers: this.#triggers,
      instruments,
      reader: this.#reader,
      positionMode: () => this.#positionMode,
      clock,
      settings,
    });
  }

  /** Both connections together: half of the account's news is not all of it. */
  get connection(): ConnectionView {
    return together(this.#account.connection, this.#business.connection);
  }
  get isDeadMansSwitchArmed(): boolean {
    return this.#deadMansSwitch?.isArmed ?? false;
  }

  /** How positions are kept: orders are written for it. @throws {BerthError} VENUE_REFUSED, VENUE_UNREACHABLE, VENUE_ANSWER_INVALID */
  async readAccount(signal: AbortSignal): Promise<void> {
    const path = "/api/v5/account/config";
    const [row] = await this.#options.rest.rows(path, {}, { isPrivate: true, signal });
    const parsed = v.safeParse(accountConfigSchema, row);
    if (!parsed.success) {
      const reason = "it names no position mode that is known";
      throw new BerthError("VENUE_ANSWER_INVALID", { venue: "okx", request: `GET ${path}`, reason });
    }
    this.#positionMode = parsed.output.posMode;
  }

  async start(tasks: RepeatedTasks): Promise<void> {
    this.#fundingSinceMs = this.#options.venueNowMs();
    this.#account.start();
    this.#business.start();
    tasks.every("funding payments", fundingEveryMs, () => this.#askFunding());
    await this.#deadMansSwitch?.arm();
  }

  stop(): void {
    this.#account.stop();
    this.#business.stop();
  }

  async disarm(): Promise<void> {
    await this.#deadMansSwitch?.disarm();
  }

  #socket(
    what: string,
    urls: readonly string[],
    channels: readonly { readonly channel: string; readonly instType?: string }[],
  ): PrivateSocket {
    const { ctx, keys, misfits, ports, venueNowMs } = this.#options;
    return new PrivateSocket({
      urls,
      ports,
      keys,
      venueNowMs,
      channels,
      misfits,
      log: ctx.log,
      onData: (channel, rows, tsRecvUs) => this.#onData(channel, rows, tsRecvUs),
      onState: (state, why) => this.#onState(what, state, why),
    });
  }

  #onState(what: string, state: ConnectionState, why: string): void {
    this.#options.onState(what, state, why);
    const isConnected = this.connection.state === "connected";
    // Not after a handover: nothing was missed then.
    if (isConnected && !this.#wasConnected) this.#options.ctx.publish.privateStreamRestored();
    this.#wasConnected = isConnected;
  }

  #onData(channel: string, rows: readonly unknown[], tsRecvUs: number): void {
    const { ctx: { log, publish }, misfits, statistics } = this.#options;
    statistics.meter(undefined, channel).update(newestMs(rows), tsRecvUs);
    switch (channel) {
      case "orders":
        // Fills first: an order's cumulative size is then never ahead of its fills.
        this.#each(this.#reader.pushedFills(rows, tsRecvUs), (fill) => publish.fill(fill));
        for (const ordId of this.#reader.failedAmends(rows)) {
          log.warn("a change of an order failed", { ordId });
        }
        return this.#each(this.#reader.orders(rows), (report) => publish.order(report));
      case "orders-algo":
        for (const row of rows) this.#triggers.note(row);
        return this.#each(this.#reader.algos(rows), (report) => publish.order(report));
      case "positions":
        return this.#each(this.#reader.positions(rows), (position) => publish.position(position));
      case "account":
        return this.#each(this.#reader.balances(rows), (balance) => publish.balance(balance));
      default:
        return misfits.note(
          "private_frame_not_known",
          `a channel that was not asked for: ${channel.slice(0, 64)}`,
        );
    }
  }

  #each<T>(read: Read<T>, publish: (value: T) => void): void {
    for (const why of read.misfits) this.#options.misfits.note("private_row_not_readable", why);
    for (const value of read.values) publish(value);
  }

  /** OKX pushes no funding payments: they are looked up among the account's bills. */
  async #askFunding(): Promise<void> {
    const { ctx: { publish, scheduler }, venueNowMs } = this.#options;
    const nowMs = venueNowMs();
    const payments = await withDeadline(
      scheduler,
      fundingTimeoutMs,
      (signal) => this.#lists.fundingPayments(this.#fundingSinceMs, signal),
    );
    for (const payment of payments) if (this.#toldPayments.isNew(payment.paymentId)) publish.funding(payment);
    this.#fundingSinceMs = Math.max(this.#fundingSinceMs, nowMs - fundingOverlapMs);
  }
}

/** Venue time of the newest row that states one; NaN for none. */
function newestMs(rows: readonly unknown[]): number {
  let newest = NaN;
  for (const row of rows) {
    const time = typeof row === "object" && row !== null ? Number(Reflect.get(row, "uTime")) : NaN;
    if (time > 0 && !(time <= newest)) newest = time;
  }
  return newest;
}
