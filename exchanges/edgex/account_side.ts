/** All that needs an account: its connection, its orders, what is asked of it. */
import { BerthError, type ConnectionState, describeError } from "@berth/sdk";
import { isPrivateKey, type TypedDataDomain } from "@berth/sdk/venue/eip712.ts";
import type { ChannelMeter, FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import type { ConnectionPorts, ConnectionView } from "@berth/sdk/venue/kept_connection.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import type { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { withDeadline } from "@berth/sdk/venue/waiting.ts";
import { AccountQueries } from "./account_queries.ts";
import type { EdgexInstrument, InstrumentBook } from "./instruments.ts";
import { OrderSigner } from "./order_signing.ts";
import { EdgexTrading } from "./orders.ts";
import { PrivateSocket } from "./private_socket.ts";
import { AccountReader, type Read } from "./private_stream.ts";
import type { RequestBudget } from "./request_budget.ts";
import type { RestClient } from "./rest.ts";
import type { EdgexContext } from "./settings.ts";
import type { EdgexKeys, RequestSigner } from "./signing.ts";
import { timeOf, type TradeEvent } from "./wire.ts";

export interface Credentials extends EdgexKeys {
  readonly signerKey: string;
}

export interface AccountSideOptions {
  readonly ctx: EdgexContext;
  readonly credentials: Credentials;
  readonly signer: RequestSigner;
  readonly url: string;
  readonly ports: ConnectionPorts;
  readonly rest: RestClient;
  readonly budget: RequestBudget;
  readonly instruments: InstrumentBook;
  readonly statistics: FeedStatistics;
  readonly misfits: TextMisfits;
  readonly venueNowMs: () => number;
  readonly coinName: (coinId: string) => string | undefined;
  readonly markPrice: (contractId: string) => number;
  readonly oraclePrice: (one: EdgexInstrument, signal: AbortSignal) => Promise<number | undefined>;
  readonly onState: (state: ConnectionState, why: string) => void;
}

/** After a change, what of the balance is bound is asked for; changes within this time are asked about together. */
const balancesAfterMs = 1_000;
const balancesEveryMs = 30_000;
const questionTimeoutMs = 10_000;

export class AccountSide {
  readonly trading: EdgexTrading;
  readonly #options: AccountSideOptions;
  readonly #orderSigner: OrderSigner;
  readonly #reader: AccountReader;
  readonly #queries: AccountQueries;
  readonly #socket: PrivateSocket;
  readonly #meter: ChannelMeter;
  /** Events that came while orders of an earlier one are asked for; undefined while none are. */
  #held: (readonly [event: TradeEvent, tsRecvUs: number])[] | undefined;
  #cancelBalances: (() => void) | undefined;
  #isStopped = false;

  constructor(options: AccountSideOptions) {
    const { budget, coinName, credentials, ctx, instruments, markPrice, misfits, ports, rest, signer } =
      options;
    const { clock, log, publish } = ctx;
    this.#options = options;
    this.#orderSigner = new OrderSigner(credentials.signerKey, credentials.accountId);
    this.#reader = new AccountReader({ instruments, coinName, markPrice });
    this.#queries = new AccountQueries({ rest, reader: this.#reader, clock });
    this.#meter = options.statistics.meter(undefined, "account");
    this.#socket = new PrivateSocket({
      url: options.url,
      ports,
      signer,
      venueNowMs: options.venueNowMs,
      misfits,
      log,
      onEvent: (event, tsRecvUs) => this.#onEvent(event, tsRecvUs),
      onState: (state, why) => {
        options.onState(state, why);
        if (state === "connected") publish.privateStreamRestored();
      },
    });
    this.trading = new EdgexTrading({
      rest,
      budget,
      signer: this.#orderSigner,
      queries: this.#queries,
      instruments,
      clock,
      venueNowMs: options.venueNowMs,
      settings: ctx.settings,
      oraclePrice: options.oraclePrice,
      onPlaced: (row) => this.#reader.know(row),
      onLeverage: (one, leverage) => this.#reader.setLeverage(one.contractId, leverage),
    });
  }

  get connection(): ConnectionView {
    return this.#socket.connection;
  }

  /** Where orders settle: their signatures are for it alone. */
  setDomain(domain: TypedDataDomain): void {
    this.#orderSigner.setDomain(domain);
  }

  /** Whether the keys may act for the account, and what it holds. @throws {BerthError} VENUE_REFUSED, VENUE_UNREACHABLE */
  async check(signal: AbortSignal): Promise<void> {
    await this.#queries.account(signal);
  }

  start(tasks: RepeatedTasks): void {
    this.#socket.start();
    tasks.every("balances", balancesEveryMs, () => this.#askBalances());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelBalances?.();
    this.#socket.stop();
  }

  #onEvent(event: TradeEvent, tsRecvUs: number): void {
    this.#meter.update(timeOf(event.time), tsRecvUs);
    this.#take(event, tsRecvUs);
  }

  /** Tells of an event, or keeps it until those before it could be told. */
  #take(event: TradeEvent, tsRecvUs: number): void {
    if (this.#held !== undefined) return void this.#held.push([event, tsRecvUs]);
    const rows = rowsOf(event.data);
    const unknown = this.#reader.unknownOrders(rows("order"), rows("orderFillTransaction"));
    if (unknown.length === 0) return this.#tell(event, tsRecvUs);
    this.#held = [];
    this.#askOrders(unknown).finally(() => {
      const held = this.#held ?? [];
      this.#held = undefined;
      if (this.#isStopped) return;
      this.#tell(event, tsRecvUs);
      for (const one of held) this.#take(...one);
    });
  }

  /** Something was missed before an event: its orders are asked for. */
  async #askOrders(ids: readonly string[]): Promise<void> {
    const { log, scheduler } = this.#options.ctx;
    try {
      await withDeadline(scheduler, questionTimeoutMs, (signal) => this.#queries.ordersById(ids, signal));
    } catch (error) {
      log.warn("orders that the stream tells of can't be asked about", { reason: describeError(error) });
    }
  }

  #tell({ data, event }: TradeEvent, tsRecvUs: number): void {
    const { publish } = this.#options.ctx;
    const rows = rowsOf(data);
    // Orders are read first, for rows of fills name theirs by its id alone; fills are told first: an order's cumulative
    // size is then never ahead of its fills.
    const orders = this.#reader.orders(rows("order"));
    const fills = this.#reader.newFills(rows("orderFillTransaction"), tsRecvUs);
    this.#each(fills, (fill) => publish.fill(fill));
    this.#each(orders, (report) => publish.order(report));
    const positions = event === "Snapshot"
      ? this.#reader.allPositions(rows("position"), Math.floor(tsRecvUs / 1_000))
      : this.#reader.positions(rows("position"));
    this.#each(positions, (position) => publish.position(position));
    this.#each(this.#reader.balances(rows("collateral")), (balance) => publish.balance(balance));
    const payments = this.#reader.newFundingPayments(rows("positionTransaction"));
    this.#each(payments, (payment) => publish.funding(payment));
    this.#askBalancesSoon();
  }

  #each<T>(read: Read<T>, publish: (value: T) => void): void {
    for (const why of read.misfits) this.#options.misfits.note("private_row_not_readable", why);
    for (const value of read.values) publish(value);
  }

  #askBalancesSoon(): void {
    const { log, scheduler } = this.#options.ctx;
    if (this.#isStopped) return;
    this.#cancelBalances ??= scheduler.after(balancesAfterMs, () => {
      this.#cancelBalances = undefined;
      this.#askBalances().catch((error: unknown) => {
        log.debug("the account's balances were asked for in vain", { reason: describeError(error) });
      });
    });
  }

  async #askBalances(): Promise<void> {
    const { publish, scheduler } = this.#options.ctx;
    const balances = await withDeadline(
      scheduler,
      questionTimeoutMs,
      (signal) => this.#queries.balances(signal),
    );
    if (this.#isStopped) return;
    for (const balance of balances) publish.balance(balance);
  }
}

/** Rows of an event's groups by name; none where it has no such group. */
const rowsOf = (data: TradeEvent["data"]) => (name: string): readonly unknown[] => {
  const found = data[name];
  return Array.isArray(found) ? found : [];
};

/** @throws {BerthError} CONFIG_INVALID for what is no account or no key; never with the key in its text */
export function credentialsOf(ctx: Pick<EdgexContext, "secret">): Credentials | undefined {
  const secret = (name: string): string | undefined => {
    const value = ctx.secret(name)?.trim();
    return value === "" ? undefined : value;
  };
  const accountId = secret("EDGEX_ACCOUNT_ID");
  const apiKey = secret("EDGEX_API_KEY");
  const apiSecret = secret("EDGEX_API_SECRET");
  const passphrase = secret("EDGEX_API_PASSPHRASE");
  const signerKey = secret("EDGEX_SIGNER_PRIVATE_KEY");
  if (
    accountId === undefined || apiKey === undefined || apiSecret === undefined ||
    passphrase === undefined || signerKey === undefined
  ) return undefined;
  const invalid = (field: string, expected: string) =>
    new BerthError("CONFIG_INVALID", { file: "secrets", field, found: "something else", expected });
  if (!/^\d{1,20}$/.test(accountId) || BigInt(accountId) >= 1n << 64n) {
    throw invalid("EDGEX_ACCOUNT_ID", "the account's number");
  }
  if (!isPrivateKey(signerKey)) throw invalid("EDGEX_SIGNER_PRIVATE_KEY", "64 hex digits");
  return { accountId, apiKey, apiSecret, passphrase, signerKey };
}
