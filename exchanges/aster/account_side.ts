/** All that needs an account: its stream, its orders, the dead man's switch, funding payments. */
import * as v from "valibot";
import { BerthError, type ConnectionState, describeError, type OrderReport } from "@berth/sdk";
import type { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import type { ConnectionPorts, ConnectionView } from "@berth/sdk/venue/kept_connection.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import type { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { ToldOnce } from "@berth/sdk/venue/told_once.ts";
import type { VenueTime } from "@berth/sdk/venue/venue_time.ts";
import { withDeadline } from "@berth/sdk/venue/waiting.ts";
import { AccountQueries } from "./account_queries.ts";
import { DeadMansSwitch } from "./dead_mans_switch.ts";
import type { InstrumentBook } from "./instruments.ts";
import { AsterTrading } from "./orders.ts";
import { PrivateSocket } from "./private_socket.ts";
import { AccountReader, type Read } from "./private_stream.ts";
import type { RestClient } from "./rest.ts";
import type { AsterContext } from "./settings.ts";
import {
  accountEventSchema,
  configEventSchema,
  issueText,
  orderSymbolSchema,
  positionModeSchema,
} from "./wire.ts";

export interface AccountSideOptions {
  readonly ctx: AsterContext;
  readonly url: string;
  readonly ports: ConnectionPorts;
  readonly rest: RestClient;
  readonly instruments: InstrumentBook;
  readonly statistics: FeedStatistics;
  readonly misfits: TextMisfits;
  readonly tasks: RepeatedTasks;
  readonly time: VenueTime;
  readonly onState: (state: ConnectionState, why: string) => void;
}

const questionTimeoutMs = 10_000;
/** Half the life of a key. */
const extendKeyEveryMs = 1_800_000;
/** What changes together is asked about once. */
const gatherMs = 50;
const balancesEveryMs = 1_000;
const fundingEveryMs = 300_000;
/** Asked again each time, for payments may be booked late. */
const fundingOverlapMs = 600_000;
const maxKnownPayments = 2_000;

export class AccountSide {
  readonly trading: AsterTrading;
  readonly deadMansSwitch: DeadMansSwitch | undefined;
  readonly #options: AccountSideOptions;
  readonly #queries: AccountQueries;
  readonly #reader: AccountReader;
  readonly #socket: PrivateSocket;
  readonly #toldPayments = new ToldOnce(maxKnownPayments);
  #isStarted = false;
  #isStopped = false;
  #wasConnected = false;
  #fundingSinceMs = 0;
  /** When balances were last asked for, by the steady clock. */
  #balancesMs = -Infinity;
  #areBalancesPlanned = false;
  #isFundingPlanned = false;

  constructor(options: AccountSideOptions) {
    const { ctx, instruments, misfits, ports, rest, time } = options;
    const { clock, log, scheduler, settings } = ctx;
    this.#options = options;
    this.#reader = new AccountReader(instruments);
    this.#queries = new AccountQueries({
      rest,
      instruments,
      reader: this.#reader,
      time,
      nowUs: () => clock.epochUs(),
    });
    const seconds = settings.deadMansSwitchSeconds;
    if (seconds > 0) this.deadMansSwitch = new DeadMansSwitch({ rest, seconds, clock, scheduler, log });
    this.trading = new AsterTrading({
      rest,
      queries: this.#queries,
      instruments,
      time,
      settings,
      onOrder: (symbol) => this.deadMansSwitch?.guard(symbol),
    });
    this.#socket = new PrivateSocket({
      url: options.url,
      ports,
      rest,
      log,
      misfits,
      onEvent: (kind, frame, tsRecvUs) => this.#onEvent(kind, frame, tsRecvUs),
      onState: (state, why) => this.#onState(state, why),
    });
  }

  get connection(): ConnectionView {
    return this.#socket.connection;
  }

  /**
   * Whether the key may act for the account, and the account keeps one position an instrument: orders are written for
   * that.
   * @throws {BerthError} VENUE_REFUSED with what to do; VENUE_UNREACHABLE, VENUE_ANSWER_INVALID
   */
  async check(signal: AbortSignal): Promise<void> {
    const path = "/fapi/v3/positionSide/dual";
    const options = { isSigned: true, weight: 30, signal };
    const { dualSidePosition } = await this.#options.rest.ask(path, {}, positionModeSchema, options);
    if (!dualSidePosition) return;
    throw new BerthError("VENUE_REFUSED", {
      venue: "aster",
      request: "the account's position mode",
      venueCode: "hedge mode",
      venueText:
        "the account keeps long and short apart; set one-way mode at Aster (Preferences, Position mode)",
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    const { tasks, time } = this.#options;
    this.#isStarted = true;
    this.#fundingSinceMs = time.nowMs();
    this.#socket.start();
    this.deadMansSwitch?.start();
    tasks.every("listen key", extendKeyEveryMs, () => this.#socket.extendKey());
    tasks.every("funding payments", fundingEveryMs, () => this.#askFunding());
    await this.#guardOpenOrders(signal);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#socket.stop();
    if (this.#isStarted) await this.deadMansSwitch?.disarm();
  }

  /** What rests from an earlier run is guarded too. */
  async #guardOpenOrders(signal: AbortSignal): Promise<void> {
    if (this.deadMansSwitch === undefined) return;
    try {
      for (const row of await this.#queries.openOrderRows(signal)) {
        const parsed = v.safeParse(orderSymbolSchema, row);
        if (parsed.success) this.deadMansSwitch.guard(parsed.output.symbol);
      }
    } catch (error) {
      this.#options.ctx.log.warn("open orders of before are not guarded by the dead man's switch", {
        reason: describeError(error),
      });
    }
  }

  #onState(state: ConnectionState, why: string): void {
    this.#options.onState(state, why);
    const isConnected = state === "connected";
    // Not after a handover: nothing was missed then.
    if (isConnected && !this.#wasConnected) this.#options.ctx.publish.privateStreamRestored();
    this.#wasConnected = isConnected;
  }

  #onEvent(kind: string, frame: Readonly<Record<string, unknown>>, tsRecvUs: number): void {
    const { ctx: { log }, statistics } = this.#options;
    const tsEventMs = frame["E"];
    if (typeof tsEventMs === "number") statistics.meter(undefined, kind).update(tsEventMs, tsRecvUs);
    switch (kind) {
      case "ORDER_TRADE_UPDATE":
        return this.#onOrder(frame, tsRecvUs);
      case "ACCOUNT_UPDATE":
        return this.#onAccount(frame);
      case "ACCOUNT_CONFIG_UPDATE":
        return this.#onConfig(frame);
      case "MARGIN_CALL":
        return log.warn("the venue warns of a liquidation", {});
      default:
        return; // announcements, and what belongs to other products
    }
  }

  /** The fill first: an order's cumulative size is then never ahead of its fills. */
  #onOrder(frame: unknown, tsRecvUs: number): void {
    const { publish } = this.#options.ctx;
    for (const { fill, isTriggerEnd, report } of this.#values(this.#reader.orderEvent(frame, tsRecvUs))) {
      this.#queries.owners.note(report.venueOrderId, report.clientOrderId);
      if (fill !== undefined) publish.fill(fill);
      if (isTriggerEnd) this.#askAboutTriggered(report);
      else publish.order(report);
    }
  }

  /**
   * A stop that is reached may be said to expire before the order that comes of it begins, under the same ids: its end
   * is told when the venue, asked, says that it is one.
   */
  #askAboutTriggered({ instrument, venueOrderId }: OrderReport): void {
    const { ctx: { log, publish, scheduler }, instruments } = this.#options;
    const symbol = instruments.byId(instrument)?.symbol;
    if (symbol === undefined) return;
    scheduler.after(gatherMs, async () => {
      if (this.#isStopped) return;
      const found = await withDeadline(
        scheduler,
        questionTimeoutMs,
        (signal) => this.#queries.orderByNumber(symbol, venueOrderId, signal),
      );
      // Without an answer the host finds out, who asks about its orders again and again.
      if (found.kind === "found") publish.order(found.report);
      else log.warn("a triggered order was asked about in vain", { venueOrderId, answer: found.kind });
    });
  }

  #onAccount(frame: unknown): void {
    const { ctx: { publish }, misfits } = this.#options;
    const parsed = v.safeParse(accountEventSchema, frame);
    if (!parsed.success) return misfits.note("private_row_not_readable", issueText(parsed.issues));
    const { E, a: { B, P, m } } = parsed.output;
    for (const position of this.#values(this.#reader.pushedPositions(P, E))) publish.position(position);
    // The event does not say what is available.
    if (B.length > 0) this.#askBalancesSoon();
    if (m === "FUNDING_FEE") this.#askFundingSoon();
  }

  #onConfig(frame: unknown): void {
    const { ctx: { log }, misfits } = this.#options;
    const parsed = v.safeParse(configEventSchema, frame);
    if (!parsed.success) return misfits.note("private_row_not_readable", issueText(parsed.issues));
    const { ac, ai } = parsed.output;
    if (ac !== undefined) this.#reader.noteLeverage(ac.s, ac.l);
    if (ai?.d === true) log.error("the account was set to hedge mode: its orders will be refused", {});
  }

  /** At most once a second. */
  #askBalancesSoon(): void {
    const { ctx: { clock, log, publish, scheduler } } = this.#options;
    if (this.#areBalancesPlanned) return;
    this.#areBalancesPlanned = true;
    const waitMs = Math.max(gatherMs, this.#balancesMs + balancesEveryMs - clock.monotonicMs());
    scheduler.after(waitMs, async () => {
      this.#areBalancesPlanned = false;
      if (this.#isStopped) return;
      this.#balancesMs = clock.monotonicMs();
      try {
        const balances = await withDeadline(
          scheduler,
          questionTimeoutMs,
          (signal) => this.#queries.balances(signal),
        );
        for (const balance of balances) publish.balance(balance);
      } catch (error) {
        log.warn("balances were asked for in vain", { reason: describeError(error) });
      }
    });
  }

  /** One event for each asset or position that paid. */
  #askFundingSoon(): void {
    const { log, scheduler } = this.#options.ctx;
    if (this.#isFundingPlanned) return;
    this.#isFundingPlanned = true;
    scheduler.after(gatherMs, () => {
      this.#isFundingPlanned = false;
      if (this.#isStopped) return;
      this.#askFunding().catch((error: unknown) =>
        log.warn("funding payments were asked for in vain", { reason: describeError(error) })
      );
    });
  }

  async #askFunding(): Promise<void> {
    const { ctx: { publish, scheduler }, time } = this.#options;
    const nowMs = time.nowMs();
    const payments = await withDeadline(
      scheduler,
      questionTimeoutMs,
      (signal) => this.#queries.fundingPayments(this.#fundingSinceMs, signal),
    );
    for (const payment of payments) if (this.#toldPayments.isNew(payment.paymentId)) publish.funding(payment);
    this.#fundingSinceMs = Math.max(this.#fundingSinceMs, nowMs - fundingOverlapMs);
  }

  #values<T>({ misfits, values }: Read<T>): readonly T[] {
    for (const why of misfits) this.#options.misfits.note("private_row_not_readable", why);
    return values;
  }
}
