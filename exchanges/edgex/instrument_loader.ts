/** Lists EdgeX's contracts and publishes those that are wanted, now and whenever they change. */
import * as v from "valibot";
import {
  describeError,
  type ExchangeContext,
  type InstrumentIndex,
  type Log,
  type Publish,
} from "@berth/sdk";
import type { TypedDataDomain } from "@berth/sdk/venue/eip712.ts";
import { matchesAny } from "@berth/sdk/venue/symbol_patterns.ts";
import { type EdgexInstrument, type InstrumentBook, toInstrument } from "./instruments.ts";
import { settlementDomain } from "./order_signing.ts";
import { answerInvalid, type RestClient } from "./rest.ts";
import {
  type Account,
  accountSchema,
  type Coin,
  coinSchema,
  type Contract,
  contractSchema,
  type Metadata,
  metadataSchema,
} from "./wire.ts";

export const metadataPath = "/api/v2/public/meta/getMetaData";
const accountPath = "/api/v2/private/account/getAccountById";

export interface InstrumentLoaderOptions {
  readonly rest: RestClient;
  readonly hasKeys: boolean;
  readonly symbols: readonly string[];
  readonly symbolFor: ExchangeContext["symbolFor"];
  readonly instruments: InstrumentBook;
  readonly publish: Publish;
  readonly log: Log;
  /** New or changed. */
  readonly onInstrument: (one: EdgexInstrument, index: InstrumentIndex) => void;
  /** Where orders settle. */
  readonly onDomain: (domain: TypedDataDomain) => void;
  /** The account's own limit of orders a minute; 0 for none. */
  readonly onOrderLimit: (perMinute: number) => void;
}

export class InstrumentLoader {
  readonly #options: InstrumentLoaderOptions;
  /** By base coin the contract that is its `BASE-PERP`: within a run a symbol never moves to another contract. */
  readonly #preferred = new Map<string, string>();
  readonly #coinNames = new Map<string, string>();

  constructor(options: InstrumentLoaderOptions) {
    this.#options = options;
  }

  /** Name of a coin; undefined before the metadata was read, and for coins that it does not list. */
  coinName(coinId: string): string | undefined {
    return this.#coinNames.get(coinId);
  }

  /** @throws {BerthError} VENUE_REFUSED, VENUE_UNREACHABLE, VENUE_ANSWER_INVALID */
  async load(signal: AbortSignal): Promise<void> {
    const { hasKeys, instruments, log, onDomain, onOrderLimit, rest, symbols } = this.#options;
    const metadata = await rest.ask(metadataPath, {}, metadataSchema, { isPrivate: false, signal });
    const account = hasKeys
      ? await rest.ask(accountPath, {}, accountSchema, { isPrivate: true, signal })
      : undefined;
    onDomain(domainOf(metadata));
    onOrderLimit(Number(account?.createOrderPerMinuteLimit ?? 0));
    const unreadable: string[] = [];
    const coins = this.#coins(metadata.coinList);
    const listed = new Set<string>();
    for (const one of this.#contracts(metadata.contractList, coins, account, unreadable)) {
      listed.add(one.contractId);
      this.#announce(one);
    }
    for (const one of instruments.all()) {
      if (listed.has(one.contractId)) continue; // the others are delisted
      this.#announce({ ...one, instrument: { ...one.instrument, status: "halted" } });
    }
    if (unreadable.length > 0) {
      const some = unreadable.slice(0, 5).join(", ");
      log.warn("instruments left out: their metadata is incomplete", { count: unreadable.length, some });
    }
    if (instruments.all().length === 0) {
      log.warn("no instrument matches", {
        symbols: symbols.join(" "),
        listed: metadata.contractList.length,
      });
    }
  }

  #coins(rows: readonly unknown[]): ReadonlyMap<string, Coin> {
    const coins = new Map<string, Coin>();
    for (const row of rows) {
      const parsed = v.safeParse(coinSchema, row);
      if (!parsed.success) continue; // a contract of it can't be read either, and is told
      coins.set(parsed.output.coinId, parsed.output);
      this.#coinNames.set(parsed.output.coinId, parsed.output.coinName);
    }
    return coins;
  }

  /** Those that are wanted and can be read. */
  #contracts(
    rows: readonly unknown[],
    coins: ReadonlyMap<string, Coin>,
    account: Account | undefined,
    unreadable: string[],
  ): readonly EdgexInstrument[] {
    const contracts = rows.flatMap((row) => {
      const parsed = v.safeParse(contractSchema, row);
      if (!parsed.success) unreadable.push(v.getDotPath(parsed.issues[0]) ?? "row");
      return parsed.success ? [parsed.output] : [];
    });
    // One that trades goes before one that does not.
    for (const contract of contracts.toSorted((a, b) => Number(b.enableTrade) - Number(a.enableTrade))) {
      if (!this.#preferred.has(contract.baseCoinId)) {
        this.#preferred.set(contract.baseCoinId, contract.contractId);
      }
    }
    return contracts.flatMap((contract) => this.#read(contract, coins, account, unreadable) ?? []);
  }

  #read(
    contract: Contract,
    coins: ReadonlyMap<string, Coin>,
    account: Account | undefined,
    unreadable: string[],
  ): EdgexInstrument | undefined {
    const base = coins.get(contract.baseCoinId);
    const quote = coins.get(contract.quoteCoinId);
    if (base === undefined || quote === undefined) {
      unreadable.push(contract.contractName);
      return undefined;
    }
    const isPreferred = this.#preferred.get(contract.baseCoinId) === contract.contractId;
    const usual = isPreferred
      ? `${base.coinName}-PERP`
      : `${base.coinName}-${quote.coinName}-${contract.contractId}-PERP`;
    const setting = account?.contractIdToTradeSetting?.[contract.contractId] ??
      account?.defaultTradeSetting ?? undefined;
    try {
      const symbol = this.#options.symbolFor(contract.contractName, usual);
      if (!matchesAny(symbol, this.#options.symbols)) return undefined;
      return toInstrument(contract, { base, quote, symbol, setting });
    } catch (error) {
      // A fresh listing has empty fields for a while; the next load reads it.
      this.#options.log.debug("a contract can't be read", {
        contract: contract.contractName,
        why: describeError(error),
      });
      unreadable.push(contract.contractName);
      return undefined;
    }
  }

  /** Publishes what is new or changed. */
  #announce(one: EdgexInstrument): void {
    const { instruments, onInstrument, publish } = this.#options;
    const known = instruments.byName(one.contractId);
    instruments.add(one);
    if (known !== undefined && isSame(known, one)) return;
    onInstrument(one, publish.instrument(one.instrument));
  }
}

const isSame = (a: EdgexInstrument, b: EdgexInstrument): boolean =>
  JSON.stringify(a.instrument) === JSON.stringify(b.instrument);

/** @throws {BerthError} VENUE_ANSWER_INVALID when it names no chain */
function domainOf({ global }: Metadata): TypedDataDomain {
  const chainId = global.nativeChainId || global.chainId || "";
  if (!/^(0x[0-9a-fA-F]{1,16}|\d{1,20})$/.test(chainId)) {
    throw answerInvalid(`GET ${metadataPath}`, "it names no chain");
  }
  return settlementDomain(BigInt(chainId), global.contractAddress);
}
