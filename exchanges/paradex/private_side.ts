/** All that needs the account's key: token, private connection, orders. */
import { BerthError, type ExchangeContext } from "@berth/sdk";
import { Authentication } from "./authentication.ts";
import { describeCall, VenueConnection } from "./connection.ts";
import type { ParadexMisfits } from "./misfits.ts";
import type { FeeRates, InstrumentList } from "./instruments.ts";
import { ParadexTrading } from "./orders.ts";
import { privateChannels, PrivateStream } from "./private_stream.ts";
import { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import type { Transport } from "@berth/sdk/venue/transport.ts";
import { withDeadline } from "@berth/sdk/venue/waiting.ts";
import type { RestClient } from "./rest.ts";
import type { settings } from "./settings.ts";
import { hex, type ParadexSigner, paradexSigner, parsePrivateKey } from "./signing.ts";
import { StarkCurve } from "./stark_curve.ts";
import type { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { accountInfoSchema } from "./wire/json.ts";

/** What the platform provides; tests hand in their own. */
export interface Platform extends Transport {
  /** Makes what signs for an account; without it the STARK curve does, which takes 40 ms to make ready. */
  readonly keyOf?: (account: Account) => SigningKey;
}

export interface SigningKey {
  readonly publicKey: bigint;
  /** @param chainId the chain's name, which every signature covers */
  signer(chainId: string): ParadexSigner;
}

/** The account's key on the STARK curve. */
function starkKey({ address, privateKey }: Account): SigningKey {
  const curve = new StarkCurve();
  return {
    publicKey: curve.publicKey(privateKey),
    signer: (chainId) => paradexSigner({ curve, chainId, account: address, privateKey }),
  };
}

export type ParadexContext = ExchangeContext<typeof settings>;

const requestTimeoutMs = 10_000;
const armAgainMs = 2_000;

export interface Account {
  readonly address: bigint;
  readonly privateKey: bigint;
}

/** The account in the secrets; undefined without them: market data only. @throws {BerthError} CONFIG_INVALID */
export function accountOf(ctx: ParadexContext): Account | undefined {
  const [address, key] = [ctx.secret("PARADEX_ACCOUNT"), ctx.secret("PARADEX_PRIVATE_KEY")];
  if (address === undefined || key === undefined) return undefined;
  if (!/^0[xX][0-9a-fA-F]{1,64}$/.test(address.trim())) {
    throw new BerthError("CONFIG_INVALID", {
      file: "secrets",
      field: "PARADEX_ACCOUNT",
      found: "no address",
      expected: "the account's Starknet address, 0x and hex digits",
    });
  }
  return { address: BigInt(address.trim()), privateKey: parsePrivateKey(key, "PARADEX_PRIVATE_KEY") };
}

export class PrivateSide {
  readonly connection: VenueConnection;
  readonly trading: ParadexTrading;
  readonly #ctx: ParadexContext;
  readonly #account: Account;
  readonly #rest: RestClient;
  readonly #stream: PrivateStream;
  readonly #key: SigningKey;
  readonly #authentication: Authentication;
  readonly #queryBudget: RateBudget;
  #signer: ParadexSigner | undefined;
  #isArmed = false;
  #cancelArming: () => void = () => {};

  constructor(
    ctx: ParadexContext,
    platform: Platform,
    parts: {
      readonly account: Account;
      readonly socketUrl: string;
      readonly rest: RestClient;
      readonly instruments: InstrumentList;
      readonly statistics: FeedStatistics;
      readonly misfits: ParadexMisfits;
      readonly venueNowMs: () => number;
    },
  ) {
    const { clock, log, publish, random, scheduler } = ctx;
    const { account, instruments, misfits, rest, statistics, venueNowMs } = parts;
    this.#ctx = ctx;
    this.#account = account;
    this.#key = (platform.keyOf ?? starkKey)(account);
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
    // The chain's name, which every signature covers, is learned at start.
    const signer: ParadexSigner = {
      order: (order) => this.#ready().order(order),
      modifyOrder: (order, id) => this.#ready().modifyOrder(order, id),
      auth: (times) => this.#ready().auth(times),
      onboarding: () => this.#ready().onboarding(),
    };
    this.#authentication = new Authentication({
      rest,
      signer,
      account: account.address,
      publicKey: this.#key.publicKey,
      venueNowMs,
      scheduler,
      random,
      log,
      ethereumAddress: ctx.settings.ethereumAddress,
    });
    this.#stream = new PrivateStream({ publish, instruments, statistics, misfits });
    const cancelOnDisconnect = {
      method: "order.cancel_on_disconnect",
      params: { enabled: ctx.settings.cancelOnDisconnect },
    };
    this.connection = new VenueConnection({
      name: "private",
      url: parts.socketUrl,
      openSocket: platform.openSocket,
      clock,
      scheduler,
      random,
      log,
      misfits,
      bearer: () => this.#authentication.token(),
      bearerRefused: (bearer) => this.#authentication.reject(bearer),
      requiredChannels: privateChannels,
      // Harmless to repeat, and its answer shows that the connection lives when the account is quiet.
      probe: cancelOnDisconnect,
      onPush: (channel, data, tsRecvUs) => this.#stream.onPush(channel, data, tsRecvUs),
      onBinary: (view, tsRecvUs) => this.#stream.onBinary(view, tsRecvUs),
      onState: (state) => {
        log.info("private connection", { state });
        // Lost with each connection, so armed anew before anything else is sent on it.
        this.#cancelArming();
        this.#isArmed = false;
        if (state === "connected") void this.#arm(cancelOnDisconnect);
        this.#stream.onState(state);
      },
    });
    this.trading = new ParadexTrading({
      rest,
      entry: this.connection,
      authentication: this.#authentication,
      signer,
      instruments,
      stream: this.#stream,
      orderBudget,
      queryBudget: this.#queryBudget,
      venueNowMs,
      clock,
      log,
      recvWindowMs: ctx.settings.recvWindowMs,
    });
  }

  /** Proves the key to the venue. @throws {BerthError} VENUE_REFUSED when it is not taken */
  async authenticate(chainId: string): Promise<void> {
    this.#signer ??= this.#key.signer(chainId);
    await this.#authentication.token();
  }

  /** The account's own rates; undefined when the venue states none. */
  async fees(): Promise<FeeRates | undefined> {
    const token = await this.#authentication.token();
    const rows = await withDeadline(
      this.#ctx.scheduler,
      requestTimeoutMs,
      (signal) =>
        this.#rest.get(accountInfoSchema, "/account/info", { token, signal, budget: this.#queryBudget }),
    );
    const own = rows.find((row) => row.account.toLowerCase() === hex(this.#account.address)) ?? rows[0];
    const rates = own?.fees;
    if (rates === undefined || rates === null || rates.maker_rate === "" || rates.taker_rate === "") {
      return undefined;
    }
    return { maker: rates.maker_rate, taker: rates.taker_rate };
  }

  stop(): void {
    this.#cancelArming();
    this.connection.stop();
    this.#authentication.stop();
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

  #ready(): ParadexSigner {
    if (this.#signer !== undefined) return this.#signer;
    throw new BerthError("INVARIANT_BROKEN", {
      invariant: "the adapter signs after start",
      details: "no chain id yet",
    });
  }
}
