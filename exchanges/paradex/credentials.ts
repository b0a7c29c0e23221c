/**
 * What proves to the venue who we are, from the operator's secrets: the account's STARK key or a subkey, the Ethereum
 * key that the account derives from, or a read-only token. What it means for an account is known once the venue's
 * configuration is.
 */
import { BerthError, type ExchangeContext } from "@berth/sdk";
import type * as v from "valibot";
import { deriveAccount, parseEthereumKey } from "./ethereum_key.ts";
import type { settings } from "./settings.ts";
import { type ParadexSigner, paradexSigner, parsePrivateKey } from "./signing.ts";
import { StarkCurve } from "./stark_curve.ts";
import type { systemConfigSchema } from "./wire/json.ts";

export interface Account {
  readonly address: bigint;
  readonly privateKey: bigint;
}

export type Credentials =
  | { readonly kind: "stark_key"; readonly account: Account }
  | { readonly kind: "ethereum_key"; readonly key: Uint8Array }
  | { readonly kind: "read_only_token"; readonly token: string };

/** Secrets that the adapter can do without, one of which may stand in for the account and its key. */
export const optionalSecrets = ["PARADEX_L1_PRIVATE_KEY", "PARADEX_READ_ONLY_TOKEN"] as const;

/** What the secrets hold; undefined without them: market data only. @throws {BerthError} CONFIG_INVALID */
export function credentialsOf(
  { secret }: Pick<ExchangeContext<typeof settings>, "secret">,
): Credentials | undefined {
  const [address, key] = [secret("PARADEX_ACCOUNT"), secret("PARADEX_PRIVATE_KEY")];
  if (address !== undefined && key !== undefined) {
    if (!/^0[xX][0-9a-fA-F]{1,64}$/.test(address.trim())) {
      throw new BerthError("CONFIG_INVALID", {
        file: "secrets",
        field: "PARADEX_ACCOUNT",
        found: "no address",
        expected: "the account's Starknet address, 0x and hex digits",
      });
    }
    const privateKey = parsePrivateKey(key, "PARADEX_PRIVATE_KEY");
    return { kind: "stark_key", account: { address: BigInt(address.trim()), privateKey } };
  }
  const ethereumKey = secret("PARADEX_L1_PRIVATE_KEY");
  if (ethereumKey !== undefined) {
    return { kind: "ethereum_key", key: parseEthereumKey(ethereumKey, "PARADEX_L1_PRIVATE_KEY") };
  }
  const token = secret("PARADEX_READ_ONLY_TOKEN")?.trim();
  return token === undefined || token === "" ? undefined : { kind: "read_only_token", token };
}

/** An account that can sign. */
export interface Identity {
  readonly account: bigint;
  readonly publicKey: bigint;
  readonly signer: ParadexSigner;
  /** Of the wallet behind it; "" when it is not known. */
  readonly ethereumAddress: string;
}

/** Makes what signs for an account; tests and simulations hand in their own. */
export interface SigningKey {
  readonly publicKey: bigint;
  /** @param chainId the chain's name, which every signature covers */
  signer(chainId: string): ParadexSigner;
}

/** The account's key on the STARK curve, which takes 40 ms to make ready. */
export function starkKey({ address, privateKey }: Account): SigningKey {
  const curve = new StarkCurve();
  return {
    publicKey: curve.publicKey(privateKey),
    signer: (chainId) => paradexSigner({ curve, chainId, account: address, privateKey }),
  };
}

export type SystemConfig = v.InferOutput<typeof systemConfigSchema>;

/** Who signs, on the chain that the venue's configuration names. @throws {BerthError} CONFIG_INVALID */
export function identityOf(
  credentials: Exclude<Credentials, { readonly kind: "read_only_token" }>,
  config: SystemConfig,
  keyOf: (account: Account) => SigningKey,
): Identity {
  const { starknet_chain_id: chainId } = config;
  if (credentials.kind === "stark_key") {
    const { account } = credentials;
    const key = keyOf(account);
    return {
      account: account.address,
      publicKey: key.publicKey,
      signer: key.signer(chainId),
      ethereumAddress: "",
    };
  }
  const derived = deriveAccount(new StarkCurve(), credentials.key, derivationOf(config));
  const key = keyOf(derived);
  return {
    account: derived.address,
    publicKey: key.publicKey,
    signer: key.signer(chainId),
    ethereumAddress: derived.ethereumAddress,
  };
}

function derivationOf(config: SystemConfig) {
  const fields = {
    l1ChainId: config.l1_chain_id,
    proxyHash: config.paraclear_account_proxy_hash,
    accountHash: config.paraclear_account_hash,
  };
  const missing = Object.entries(fields).find(([, value]) => !/^(0x[0-9a-fA-F]{1,64}|\d{1,20})$/.test(value));
  if (missing !== undefined) {
    const reason = `it names no ${missing[0]}, from which accounts are derived`;
    throw new BerthError("VENUE_ANSWER_INVALID", { venue: "paradex", request: "GET /system/config", reason });
  }
  return {
    l1ChainId: BigInt(fields.l1ChainId),
    proxyHash: BigInt(fields.proxyHash),
    accountHash: BigInt(fields.accountHash),
  };
}
