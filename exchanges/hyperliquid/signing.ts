/**
 * Hyperliquid's signatures of trading actions: the action as msgpack, its hash inside an EIP-712 record, secp256k1.
 * Any byte that the venue writes differently gives another signer, which it then says does not exist: keys keep the
 * order in which they are documented, decimals have no trailing zeros, hex is lower case, absent keys are absent.
 *
 * @see https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/signing
 */
import { encode } from "@msgpack/msgpack";
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import {
  digestIn,
  hashBytes,
  hashText,
  type Signature,
  structHash,
  WalletKey,
  zeroAddress,
} from "@berth/sdk/venue/eip712.ts";
import type { Action } from "./actions.ts";

/** What is signed beside the action. */
export interface ActionTerms {
  /** Milliseconds since the epoch, unique per signer. */
  readonly nonce: number;
  /** Sub-account or vault that the action is for. */
  readonly vaultAddress?: string | undefined;
  /** The venue refuses the action after this time. Its presence alters the hash. */
  readonly expiresAfterMs?: number | undefined;
}

/** The network that a signature is good for: one made for testnet moves nothing on mainnet. */
export type Network = "mainnet" | "testnet";

/** Big-endian, 8 bytes. */
function unsigned(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}

/** The domain is the same on both networks. */
const digestOf = digestIn({
  name: "Exchange",
  version: "1",
  chainId: 1_337,
  verifyingContract: zeroAddress,
});
const agentType = hashText("Agent(string source,bytes32 connectionId)");
const sources: Readonly<Record<Network, Uint8Array>> = { mainnet: hashText("a"), testnet: hashText("b") };

/** Hash of an action with its terms, which the venue calls its connection id. */
export function actionHash(action: Action, terms: ActionTerms): Uint8Array {
  const { nonce, vaultAddress, expiresAfterMs } = terms;
  return hashBytes(
    encode(action),
    unsigned(nonce),
    vaultAddress === undefined ? Uint8Array.of(0) : concatBytes(Uint8Array.of(1), addressBytes(vaultAddress)),
    expiresAfterMs === undefined
      ? new Uint8Array(0)
      : concatBytes(Uint8Array.of(0), unsigned(expiresAfterMs)),
  );
}

const addressBytes = (address: string): Uint8Array => hexToBytes(address.slice(2).toLowerCase());

/** What is signed for an action: the EIP-712 digest. */
export const actionDigest = (action: Action, terms: ActionTerms, network: Network): Uint8Array =>
  digestOf(structHash(agentType, sources[network], actionHash(action, terms)));

/** One key that signs actions; usually an agent's, which can trade and not withdraw. */
export class ActionSigner {
  readonly #key: WalletKey;
  readonly #network: Network;

  /** As {@link WalletKey}. */
  constructor(privateKey: string, network: Network) {
    this.#key = new WalletKey(privateKey);
    this.#network = network;
  }

  /** Lower case. */
  get address(): string {
    return this.#key.address;
  }

  sign(action: Action, terms: ActionTerms): Signature {
    return this.#key.sign(actionDigest(action, terms, this.#network));
  }
}
