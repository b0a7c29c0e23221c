/** All that needs an account: its connection, its orders, its budget of requests, the dead man's switch. */
import * as v from "valibot";
import { BerthError, type ConnectionState, describeError } from "@berth/sdk";
import type { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import type { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { AccountQueries } from "./account_queries.ts";
import { ActionSender } from "./action_sender.ts";
import type { ConnectionPorts, ConnectionView } from "@berth/sdk/venue/kept_connection.ts";
import { DeadMansSwitch } from "./dead_mans_switch.ts";
import type { AssetNumbers, InstrumentBook } from "./instruments.ts";
import type { TextMisfits } from "@berth/sdk/venue/misfits.ts";
import { NonceSource } from "./nonces.ts";
import { OrderChains } from "./order_chains.ts";
import { HyperliquidTrading } from "./orders.ts";
import { PrivateSocket } from "./private_socket.ts";
import { AccountReader } from "./private_stream.ts";
import { AddressBudget, type WeightBudget } from "./request_budget.ts";
import type { RestClient } from "./rest.ts";
import type { HyperliquidContext } from "./settings.ts";
import { ActionSigner } from "./signing.ts";
import type { VenueTime } from "@berth/sdk/venue/venue_time.ts";
import { rateLimitSchema } from "./wire.ts";

export interface Credentials {
  /** The master's address. */
  readonly account: string;
  /** Whose orders and positions are read: the master, or the sub-account or vault that is traded for. */
  readonly user: string;
  readonly privateKey: string;
  readonly vaultAddress: string | undefined;
}

export interface AccountSideOptions {
  readonly ctx: HyperliquidContext;
  readonly credentials: Credentials;
  readonly url: string;
  readonly ports: ConnectionPorts;
  readonly rest: RestClient;
  readonly weight: WeightBudget;
  readonly instruments: InstrumentBook;
  readonly assets: AssetNumbers;
  readonly statistics: FeedStatistics;
  readonly misfits: TextMisfits;
  readonly tasks: RepeatedTasks;
  readonly time: VenueTime;
  readonly onExpired: () => void;
  readonly onState: (state: ConnectionState, why: string) => void;
}

const budgetEveryMs = 300_000;
/** Collateral that lies in the spot account is asked for: its channel tells only of the perpetuals'. */
const balancesEveryMs = 15_000;
/** Below this many requests an account is near its end. */
const lowBudget = 1_000;

const roleSchema = v.object({
  role: v.string(),
  data: v.optional(v.object({ user: v.optional(v.string()), master: v.optional(v.string()) })),
});

export class AccountSide {
  readonly trading: HyperliquidTrading;
  readonly deadMansSwitch: DeadMansSwitch | undefined;
  readonly #options: AccountSideOptions;
  readonly #signer: ActionSigner;
  readonly #queries: AccountQueries;
  readonly #socket: PrivateSocket;
  readonly #address: AddressBudget;
  #hasOwnCollateral = true;
  #isStarted = false;

  constructor(options: AccountSideOptions) {
    const { assets, credentials, ctx, instruments, misfits, ports, rest, statistics, time, weight } = options;
    const { clock, log, publish, scheduler } = ctx;
    const { user, vaultAddress } = credentials;
    this.#options = options;
    // What is signed in simulation is worth nothing on mainnet.
    this.#signer = new ActionSigner(
      credentials.privateKey,
      ctx.environment === "live" ? "mainnet" : "testnet",
    );
    this.#address = new AddressBudget(clock);
    const chains = new OrderChains();
    const reader = new AccountReader(instruments, chains);
    const socket = new PrivateSocket({
      url: options.url,
      ports,
      user,
      publish,
      reader,
      statistics,
      misfits,
      log,
      hasOwnCollateral: () => this.#hasOwnCollateral,
      statusResult: (status, text) => rest.statusResult(status, text),
      onState: options.onState,
    });
    this.#socket = socket;
    const sender = new ActionSender({
      signer: this.#signer,
      nonces: new NonceSource(time),
      rest,
      socketRequest: (envelope, signal) => socket.request(envelope, signal),
      weight,
      address: this.#address,
      time,
      onExpired: options.onExpired,
      expiryMs: ctx.settings.actionExpiryMs,
      vaultAddress,
    });
    this.#queries = new AccountQueries({ rest, user, reader, clock });
    this.trading = new HyperliquidTrading({
      sender,
      queries: this.#queries,
      assets,
      instruments,
      chains,
      clock,
      scheduler,
      onReport: (report) => publish.order(report),
    });
    const seconds = ctx.settings.deadMansSwitchSeconds;
    if (seconds > 0) {
      this.deadMansSwitch = new DeadMansSwitch({ sender, seconds, clock, time, scheduler, log });
    }
  }

  get connection(): ConnectionView {
    return this.#socket.connection;
  }

  /**
   * Whether the key may act for the account: the venue says so before the first order would be refused.
   * @throws {BerthError} VENUE_REFUSED with what to do; VENUE_UNREACHABLE
   */
  async check(signal: AbortSignal): Promise<void> {
    const { credentials: { account }, rest } = this.#options;
    const signer = this.#signer.address;
    if (signer !== account) {
      const question = { type: "userRole", user: signer };
      const role = await rest.ask(question, roleSchema, { weight: 60, urgency: "order", signal });
      if (role.role !== "agent" || role.data?.user?.toLowerCase() !== account) {
        throw new BerthError("VENUE_REFUSED", {
          venue: "hyperliquid",
          request: "the key",
          venueCode: role.role,
          venueText: `${signer} is no agent of ${account}; approve it at Hyperliquid (More, API)`,
        });
      }
    }
    const [balance] = await this.#queries.balances(signal);
    const own = await this.#queries.ownTotal(signal);
    this.#hasOwnCollateral = balance === undefined || own === balance.total;
    await this.#readBudget(signal);
  }

  async start(): Promise<void> {
    const { ctx, tasks } = this.#options;
    this.#isStarted = true;
    this.#socket.start();
    const signal = new AbortController().signal;
    tasks.every("budget of requests", budgetEveryMs, () => this.#readBudget(signal));
    if (!this.#hasOwnCollateral) {
      tasks.every("balances", balancesEveryMs, async () => {
        for (const balance of await this.#queries.balances(signal)) ctx.publish.balance(balance);
      });
    }
    await this.deadMansSwitch?.arm();
  }

  async stop(): Promise<void> {
    // By REST once the socket is gone.
    this.#socket.stop();
    if (this.#isStarted) await this.deadMansSwitch?.disarm();
  }

  async #readBudget(signal: AbortSignal): Promise<void> {
    const { credentials: { user }, ctx: { gauge, log }, rest } = this.#options;
    const result = await rest.info({ type: "userRateLimit", user }, { weight: 20, signal });
    const parsed = v.safeParse(rateLimitSchema, result.kind === "data" ? result.data : undefined);
    if (!parsed.success) {
      const reason = result.kind === "unanswered" ? result.details : result.kind;
      return log.debug("the account's budget of requests is not known", { reason: describeError(reason) });
    }
    const { nRequestsCap: cap, nRequestsUsed: used } = parsed.output;
    this.#address.set({ used, cap });
    gauge("address_requests_left", this.#address.left);
    if (this.#address.left < lowBudget) {
      log.warn("the account has few requests left; trading earns one for each USDC", {
        left: this.#address.left,
      });
    }
  }
}
