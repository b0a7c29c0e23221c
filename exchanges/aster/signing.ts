/**
 * Aster's signatures of V3: the parameters of a request as one text, in the order and the encoding in which they are
 * sent, inside an EIP-712 record, signed by an agent's key. What is signed and what is sent are the same characters, so
 * nothing may write them twice.
 *
 * @see https://github.com/asterdex/api-docs, "V3 (Recommended)", "Authentication signature payload" (June 2026)
 */
import {
  digestIn,
  hashText,
  signatureText,
  structHash,
  WalletKey,
  zeroAddress,
} from "@berth/sdk/venue/eip712.ts";

/** The network that a signature is good for: one made for testnet moves nothing on mainnet. */
export type Network = "mainnet" | "testnet";

const chainIds: Readonly<Record<Network, number>> = { mainnet: 1_666, testnet: 714 };
const messageType = hashText("Message(string msg)");

/** What is signed for a text of parameters: the EIP-712 digest. */
export function digestOfText(network: Network): (text: string) => Uint8Array {
  const digest = digestIn({
    name: "AsterSignTransaction",
    version: "1",
    chainId: chainIds[network],
    verifyingContract: zeroAddress,
  });
  return (text) => digest(structHash(messageType, hashText(text)));
}

export interface RequestSignerOptions {
  /** Of an agent (API wallet): 64 hex digits, with or without `0x`. */
  readonly privateKey: string;
  /** Address of the main wallet that the agent acts for. */
  readonly user: string;
  readonly network: Network;
  /** Microseconds since the epoch by the venue's clock, each given once. */
  readonly nextNonce: () => number;
}

export class RequestSigner {
  readonly #options: RequestSignerOptions;
  readonly #key: WalletKey;
  readonly #digest: (text: string) => Uint8Array;

  /** @throws {RangeError} when the private key is none; never with the key in its text */
  constructor(options: RequestSignerOptions) {
    this.#options = options;
    this.#key = new WalletKey(options.privateKey);
    this.#digest = digestOfText(options.network);
  }

  /** The agent's address, lower case. */
  get address(): string {
    return this.#key.address;
  }

  /** @param text parameters, URL-encoded, maybe empty. @returns the same with nonce, user, signer and signature behind them */
  sign(text: string): string {
    const { nextNonce, user } = this.#options;
    const own = `nonce=${nextNonce()}&user=${user}&signer=${this.address}`;
    const signed = text === "" ? own : `${text}&${own}`;
    return `${signed}&signature=${signatureText(this.#key.sign(this.#digest(signed)))}`;
  }
}
