/**
 * Who signed a request: the text of parameters is hashed as typed data and its signer recovered by an EIP-712 library; the
 * adapter signs with code of its own, so that a mistake of either shows. Nonces are kept as the venue documents it.
 */
import { addr, recoverAddressTyped } from "micro-eth-signer";
import type { SimulatedCredentials, SimulationClock } from "../../simulation/ports.ts";
import { missing, refusal, type VenueError } from "./errors.ts";

const types = {
  EIP712Domain: [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ],
  Message: [{ name: "msg", type: "string" }],
} as const;
const domain = {
  name: "AsterSignTransaction",
  version: "1",
  // The simulation stands for a test network: what is signed for it is worth nothing elsewhere.
  chainId: 714n,
  verifyingContract: "0x0000000000000000000000000000000000000000",
} as const;

const windowUs = 10_000_000;
const keptNonces = 100;

/** Undefined for a signature that no key can have made. */
function signerOf(msg: string, signature: string): string | undefined {
  try {
    const typed = { types, primaryType: "Message", domain, message: { msg } } as const;
    return recoverAddressTyped(signature, typed).toLowerCase();
  } catch {
    return undefined;
  }
}

export class Authentication {
  readonly #clock: SimulationClock;
  readonly #user: string;
  readonly #agent: string;
  /** Ascending. */
  readonly #nonces: number[] = [];

  constructor(clock: SimulationClock, credentials: SimulatedCredentials) {
    this.#clock = clock;
    this.#user = (credentials["ASTER_ACCOUNT_ADDRESS"] ?? "").toLowerCase();
    this.#agent = addr.fromPrivateKey(credentials["ASTER_AGENT_PRIVATE_KEY"] ?? "").toLowerCase();
  }

  /**
   * Undefined when a request is signed as it should be.
   * @param text all parameters as they were sent, the signature among them
   */
  check(text: string): VenueError | undefined {
    // What stands behind the signature is not signed, and one that is not the last parameter covers less than is sent.
    const [, signed = "", signature = ""] = /^(.*)&signature=(0x[0-9a-fA-F]{130})$/.exec(text) ?? [];
    if (signature === "") return missing("signature");
    const params = new URLSearchParams(signed);
    for (const name of ["nonce", "user", "signer"]) {
      if (params.getAll(name).length !== 1) return missing(name);
    }
    const nonce = params.get("nonce") ?? "";
    if (!/^[1-9]\d{0,15}$/.test(nonce)) return missing("nonce");
    const signer = (params.get("signer") ?? "").toLowerCase();
    if (signer !== this.#agent || (params.get("user") ?? "").toLowerCase() !== this.#user) {
      return refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401);
    }
    if (signerOf(signed, signature) !== signer) {
      return refusal(-1022, "Signature for this request is not valid.");
    }
    return this.#use(Number(nonce));
  }

  #use(nonce: number): VenueError | undefined {
    const nowUs = this.#clock.nowMs() * 1_000;
    if (Math.abs(nonce - nowUs) > windowUs) {
      const where = nonce > nowUs ? "ahead of the server's time" : "outside of the recvWindow";
      return refusal(-1021, `Timestamp for this request was ${where}.`);
    }
    const [smallest = 0] = this.#nonces;
    const isOld = this.#nonces.length === keptNonces && nonce < smallest;
    if (isOld || this.#nonces.includes(nonce)) return refusal(-4225, "Nonce Expired");
    this.#nonces.push(nonce);
    this.#nonces.sort((a, b) => a - b);
    if (this.#nonces.length > keptNonces) this.#nonces.shift();
    return undefined;
  }
}
