/** All that needs the account's key: token, private connection, orders. */
import { BerthError, type ExchangeContext, type Trading } from "@berth/sdk";
import type { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import type { Transport } from "@berth/sdk/venue/transport.ts";
import { withDeadline } from "@berth/sdk/venue/waiting.ts";
import { AccountQueries } from "./account_queries.ts";
import { Authentication, readOnlyToken, type TokenSource } from "./authentication.ts";
import { CommandChannel } from "./command_channel.ts";
import { describeCall, VenueConnection } from "./connection.ts";
import {
  type Account,
  type Credentials,
  type Identity,
  identityOf,
  type SigningKey,
  starkKey,
  type SystemConfig,
} from "./credentials.ts";
import type { FeeRates, InstrumentList } from "./instruments.ts";
import type { ParadexMisfits } from "./misfits.ts";
import { ParadexTrading } from "./orders.ts";
import { eventChannels, privateChannels, PrivateStream } from "./private_stream.ts";
import { readOnlyTrading } from "./read_only_trading.ts";
import type { RestClient } from "./rest.ts";
import type { settings } from "./settings.ts";
import { hex, type ParadexSigner } from "./signing.ts";
import { accountInfoSchema } from "./wire/json.ts";

/** What the platform provides; tests hand in their own. */
export interface Platform extends Transport {
  /** Makes what signs for an account; without it the STARK curve does. */
  readonly keyOf?: (account: Account) => SigningKey;
}

export type ParadexContext = ExchangeContext<typeof settings>;

const requestTimeoutMs = 10_000;
const armAgainMs = 2_000;

export class PrivateSide {
  readonly connection: VenueConnection;
  readonly trading: Trading;
  readonly #ctx: ParadexContext;
  readonly #credentials: Credentials;
  readonly #keyOf: (account: Account) => SigningKey;
  readonly #rest: RestClient;
  readonly #stream: PrivateStream;
  readonly #tokens: TokenSource;
  readonly #stopTokens: () => void;
  readonly #queryBudget: RateBudget;
  #identity: Identity | undefined;
  #isArmed = false;
  #cancelArming: () => void = () => {};

  constructor(
    ctx: ParadexContext,
    platform: Platform,
    parts: {
      readonly credentials: Credentials;
      readonly socketUrls: readonly string[];
      readonly rest: RestClient;
      readonly instruments: InstrumentList;
      readonly statistics: FeedStatistics;
      readonly misfits: ParadexMisfits;
      readonly venueNowMs: () => number;
    },
  ) {
    const { clock, log, publish, random, scheduler } = ctx;
    const { credentials, instruments, misfits, rest, statistics, venueNowMs } = parts;
    this.#ctx = ctx;
    this.#credentials = credentials;
    this.#keyOf = platform.keyOf ?? starkKey;
    this.#rest = rest;
    const share = ctx.settings.rateLimitShare;
    this.#queryBudget = new RateBudget(clock, [
      { requests: 120 * share, perMs: 1_000 },
      { requests: 600 * share, perMs: 60_000 },
    ]);
    const orderBudget = new RateBudget(clock, [
      { requests: 800 * share, perMs: 1_000 },
      { requests: 17_250 * share, perMs: 60_000 },
    ]);
    if (credentials.kind === "read_only_token") {
      this.#tokens = readOnlyToken(credentials.token);
      this.#stopTokens = () => {};
    } else {
      const authentication = new Authentication({
        rest,
        identity: () => this.#ready(),
        venueNowMs,
        scheduler,
        random,
        log,
        ethereumAddress: ctx.settings.ethereumAddress,
      });
      this.#tokens = authentication;
      this.#stopTokens = () => authentication.stop();
    }
    this.#stream = new PrivateStream({ publish, instruments, statistics, misfits, log });
    const isReadOnly = credentials.kind === "read_only_token";
    const cancelOnDisconnect = {
      method: "order.cancel_on_disconnect",
      params: { enabled: ctx.settings.cancelOnDisconnect },
    };
    this.connection = new VenueConnection({
      name: "private",
      urls: parts.socketUrls,
      openSocket: platform.openSocket,
      clock,
      scheduler,
      random,
      log,
      misfits,
      bearer: () => this.#tokens.token(),
      bearerRefused: (bearer) => this.#tokens.reject(bearer),
      requiredChannels: privateChannels,
      // Harmless to repeat, and its answer shows that the connection lives when the account is quiet.
      ...(isReadOnly ? {} : { probe: cancelOnDisconnect }),
      onPush: (channel, data, tsRecvUs) => this.#stream.onPush(channel, data, tsRecvUs),
      onBinary: (view, tsRecvUs) => this.#stream.onBinary(view, tsRecvUs),
      onState: (state) => {
        log.info("private connection", { state });
        // Lost with each connection, so armed anew before anything else is sent on it.
        this.#cancelArming();
        this.#isArmed = false;
        if (state === "connected" && !isReadOnly) void this.#arm(cancelOnDisconnect);
        this.#stream.onState(state);
      },
    });
    for (const channel of eventChannels) this.connection.subscribe(channel);
    const queries = new AccountQueries({
      rest,
      tokens: this.#tokens,
      instruments,
      stream: this.#stream,
      budget: this.#queryBudget,
      clock,
    });
    if (isReadOnly) {
      this.trading = readOnlyTrading(queries);
      return;
    }
    const signer: ParadexSigner = {
      order: (order) => this.#ready().signer.order(order),
      modifyOrder: (order, id) => this.#ready().signer.modifyOrder(order, id),
      auth: (times) => this.#ready().signer.auth(times),
      onboarding: () => this.#ready().signer.onboarding(),
    };
    this.trading = new ParadexTrading({
      channel: new CommandChannel({
        entry: this.connection,
        rest,
        tokens: this.#tokens,
        budget: orderBudget,
      }),
      queries,
      signer,
      instruments,
      stream: this.#stream,
      orderBudget,
      venueNowMs,
      recvWindowMs: ctx.settings.recvWindowMs,
    });
  }

  /** Proves the key to the venue. @throws {BerthError} VENUE_REFUSED when it is not taken */
  async authenticate(config: SystemConfig): Promise<void> {
    if (this.#credentials.kind !== "read_only_token") {
      this.#identity ??= identityOf(this.#credentials, config, this.#keyOf);
    }
    await this.#tokens.token();
  }

  /** The account's own rates; undefined when the venue states none. */
  async fees(): Promise<FeeRates | undefined> {
    const token = await this.#tokens.token();
    const rows = await withDeadline(
      this.#ctx.scheduler,
      requestTimeoutMs,
      (signal) =>
        this.#rest.get(accountInfoSchema, "/account/info", { token, signal, budget: this.#queryBudget }),
    );
    const address = this.#identity === undefined ? undefined : hex(this.#identity.account);
    const own = rows.find((row) => row.account.toLowerCase() === address) ?? rows[0];
    const rates = own?.fees;
    if (rates === undefined || rates === null || rates.maker_rate === "" || rates.taker_rate === "") {
      return undefined;
    }
    return { maker: rates.maker_rate, taker: rates.taker_rate };
  }

  stop(): void {
    this.#cancelArming();
    this.connection.stop();
    this.#stopTokens();
  }

  /** The venue confirmed on this connection that it cancels our orders when it is lost. */
  get isArmed(): boolean {
    return this.#isArmed;
  }

  /** Until the venue confirms it, or the connection is gone: the next one is armed anew. */
  async #arm(command: { readonly method: string; readonly params: unknown }): Promise<void> {
    const result = await withDeadline(
      this.#ctx.scheduler,
      requestTimeoutMs,
      (signal) => this.connection.call(command.method, command.params, signal),
    );
    if (this.connection.state !== "connected") return;
    this.#isArmed = result.kind === "result";
    if (this.#isArmed) return;
    this.#ctx.log.warn("cancel on disconnect could not be set yet", { reason: describeCall(result) });
    this.#cancelArming = this.#ctx.scheduler.after(armAgainMs, () => void this.#arm(command));
  }

  #ready(): Identity {
    if (this.#identity !== undefined) return this.#identity;
    throw new BerthError("INVARIANT_BROKEN", {
      invariant: "the adapter signs after start",
      details: "no configuration of the venue yet",
    });
  }
}
