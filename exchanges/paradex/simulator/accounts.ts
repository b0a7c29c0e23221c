/** Keys, tokens and onboarding of the one simulated account (paradex.md, section 2). */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { SimulationClock } from "../../simulation/ports.ts";
import {
  accountAddress,
  accountKey,
  felt,
  isSignedBy,
  type MessageType,
  TypedDataHasher,
} from "./typed_data.ts";

export const systemConfig = {
  starknet_gateway_url: "",
  starknet_fullnode_rpc_url: "",
  starknet_fullnode_rpc_base_url: "",
  starknet_chain_id: "PRIVATE_SN_POTC_SEPOLIA",
  block_explorer_url: "",
  paraclear_address: "0x286003f7c7bfc3f94e8f0af48b48302e7aee2fb13c23b141479ba00832ef2c6",
  paraclear_decimals: 8,
  paraclear_account_proxy_hash: "0x3530cc4759d78042f1b543bf797f5f3d647cde0388c33734cf91b7f7b9314a9",
  paraclear_account_hash: "0x41cb0280ebadaa75f996d8d92c6f265f6d040bb3ba442e5f86a554f1765244e",
  l1_chain_id: "11155111",
  liquidation_fee: "0.2",
  bridged_tokens: [],
  environment: "simulated",
} as const;

export interface ApiError {
  readonly status: number;
  readonly error: string;
  readonly message: string;
}

/** Longest time a signature may be exchanged for tokens. */
const maxSignatureLifeS = 7 * 86_400;
const tokenLifeS = 300;
const readOnlyType = "readonly+JWT";
const maxClockSkewS = 60;

/** One account's key as the venue knows it, with what checking a signature takes. Making it costs tens of ms. */
export interface SigningAccount {
  readonly address: string;
  /** x coordinate, `0x` hex. */
  readonly publicKey: string;
  /** True when `signature` is the account's over the message. */
  isSigned(type: MessageType, fields: readonly (string | number | bigint)[], signature: string): boolean;
}

/** Checks as the venue does: the typed-data hash of the message, the curve. */
export function signingAccount(privateKey: string): SigningAccount {
  const key = accountKey(privateKey);
  const hasher = new TypedDataHasher(systemConfig.starknet_chain_id);
  const address = addressOf(privateKey);
  return {
    address,
    publicKey: key.publicKey,
    isSigned: (type, fields, signature) => isSignedBy(key, hasher.hash(type, address, fields), signature),
  };
}

export class Accounts {
  readonly address: string;
  readonly #account: SigningAccount;
  readonly #clock: SimulationClock;
  readonly #tokenSecret = randomBytes(32);
  #isOnboarded: boolean;

  constructor(account: SigningAccount, clock: SimulationClock, isOnboarded: boolean) {
    this.#account = account;
    this.#clock = clock;
    this.#isOnboarded = isOnboarded;
    this.address = account.address;
  }

  /** True when the message is signed by the account's key. */
  isSigned(type: MessageType, fields: readonly (string | number | bigint)[], signature: string): boolean {
    return this.#account.isSigned(type, fields, signature);
  }

  /** `POST /auth` or `/auth/{public_key}`: a token, or the venue's refusal. */
  authenticate(headers: Headers, pathKey: string | undefined): { readonly token: string } | ApiError {
    const account = headers.get("PARADEX-STARKNET-ACCOUNT") ?? "";
    const signature = headers.get("PARADEX-STARKNET-SIGNATURE") ?? "";
    const timestamp = headers.get("PARADEX-TIMESTAMP") ?? "";
    const nowS = this.#clock.nowMs() / 1000;
    const expiration = headers.get("PARADEX-SIGNATURE-EXPIRATION") ?? String(Number(timestamp) + 1_800);
    if (!/^\d{10}$/.test(timestamp) || Number(timestamp) > nowS + maxClockSkewS) {
      return badRequest("INVALID_TIMESTAMP", "invalid timestamp");
    }
    if (
      !/^\d{10}$/.test(expiration) || Number(expiration) <= nowS ||
      Number(expiration) - Number(timestamp) > maxSignatureLifeS
    ) {
      return badRequest(
        "INVALID_SIGNATURE_EXPIRATION",
        "signature expiration is in the past or too far ahead",
      );
    }
    if (!this.#isOwn(account)) {
      return { status: 401, error: "NOT_ONBOARDED", message: "User has never called /onboarding endpoint" };
    }
    if (pathKey !== undefined && !sameFelt(pathKey, this.#account.publicKey)) {
      return { status: 401, error: "INVALID_SUBKEY", message: "subkey is not registered" };
    }
    if (!this.isSigned("request", ["POST", "/v1/auth", "", timestamp, expiration], signature)) {
      return {
        status: 401,
        error: "STARKNET_SIGNATURE_VERIFICATION_FAILED",
        message: "starknet signature verification failed",
      };
    }
    if (!this.#isOnboarded) {
      return { status: 400, error: "NOT_ONBOARDED", message: "User has never called /onboarding endpoint" };
    }
    return { token: this.#issue("at+JWT", tokenLifeS) };
  }

  /** `GET /onboarding`: the address of a public key, and whether it called before. Undefined for no key. */
  lookUp(publicKey: string): { readonly address: string; readonly exists: boolean } | undefined {
    if (!/^0x[0-9a-fA-F]{1,64}$/.test(publicKey)) return undefined;
    const { paraclear_account_hash: accountHash, paraclear_account_proxy_hash: proxyHash } = systemConfig;
    const address = accountAddress(publicKey, proxyHash, accountHash);
    return { address, exists: this.#isOwn(address) && this.#isOnboarded };
  }

  /** `POST /onboarding`: idempotent. */
  onboard(headers: Headers, publicKey: string): ApiError | undefined {
    const account = headers.get("PARADEX-STARKNET-ACCOUNT") ?? "";
    if (!this.#isOwn(account) || !sameFelt(publicKey, this.#account.publicKey)) {
      return badRequest("INVALID_STARKNET_ADDRESS", "account does not belong to the public key");
    }
    if (!this.isSigned("constant", ["Onboarding"], headers.get("PARADEX-STARKNET-SIGNATURE") ?? "")) {
      return badRequest("STARKNET_SIGNATURE_VERIFICATION_FAILED", "starknet signature verification failed");
    }
    this.#isOnboarded = true;
    return undefined;
  }

  /** Undefined when the token is ours and not over. */
  checkToken(token: string, method: string): ApiError | undefined {
    const [header = "", payload = "", signature = ""] = token.split(".");
    const expected = this.#mac(`${header}.${payload}`);
    const given = new TextEncoder().encode(signature);
    const wanted = new TextEncoder().encode(expected);
    const invalid: ApiError = { status: 401, error: "INVALID_TOKEN", message: "token is invalid or expired" };
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return invalid;
    const claims: unknown = JSON.parse(atob(payload));
    const isAlive = typeof claims === "object" && claims !== null && "exp" in claims && "typ" in claims &&
      typeof claims.exp === "number" &&
      claims.exp > this.#clock.nowMs() / 1000;
    if (!isAlive) return invalid;
    return claims.typ === readOnlyType && method !== "GET"
      ? { status: 403, error: "INVALID_TOKEN_SCOPE", message: "token is read-only" }
      : undefined;
  }

  /** `POST /account/tokens`: a token that only reads, for `lifeS` seconds. */
  readOnlyToken(lifeS: number): string {
    return this.#issue(readOnlyType, lifeS);
  }

  #issue(typ: string, lifeS: number): string {
    const iat = Math.floor(this.#clock.nowMs() / 1000);
    const encode = (value: unknown): string => btoa(JSON.stringify(value)).replaceAll("=", "");
    const claims = { typ, iat, exp: iat + lifeS, iss: "simulated Paradex", sub: this.address };
    const body = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
    return `${body}.${this.#mac(body)}`;
  }

  #mac(body: string): string {
    return createHmac("sha256", this.#tokenSecret).update(body).digest("base64url");
  }

  #isOwn(account: string): boolean {
    return sameFelt(account, this.address);
  }
}

const badRequest = (error: string, message: string): ApiError => ({ status: 400, error, message });

const sameFelt = (a: string, b: string): boolean => /^0x[0-9a-fA-F]{1,64}$/.test(a) && felt(a) === felt(b);

/** The account address that belongs to a private key. */
export function addressOf(privateKey: string): string {
  const { publicKey } = accountKey(privateKey);
  return accountAddress(
    publicKey,
    systemConfig.paraclear_account_proxy_hash,
    systemConfig.paraclear_account_hash,
  );
}
