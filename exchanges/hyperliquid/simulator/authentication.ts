/**
 * Who signed an action. The typed data is hashed and the signer recovered by an EIP-712 library; the adapter signs
 * with code of its own, so that a mistake of either shows.
 */
import { encode } from "@msgpack/msgpack";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { recoverAddressTyped } from "micro-eth-signer";
import type { ApproveAgent, Envelope, L1Action } from "./actions.ts";

const EIP712Domain = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
] as const;
const agentTypes = {
  EIP712Domain,
  Agent: [{ name: "source", type: "string" }, { name: "connectionId", type: "bytes32" }],
} as const;
const zeroAddress = "0x0000000000000000000000000000000000000000";

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

const signatureText = ({ r, s, v }: Envelope["signature"]): string => `0x${r}${s}${v.toString(16)}`;

/** An address that nobody has; what the recovery of a signature that is no point of the curve comes to. */
export const nobody = zeroAddress;

function recovered(recover: () => string): string {
  try {
    return recover().toLowerCase();
  } catch {
    return nobody; // r and s that no key can have made
  }
}

/** @param source `a` on mainnet, `b` on testnet */
export function signerOfAction(action: L1Action, envelope: Envelope, source: "a" | "b"): string {
  const { nonce, vaultAddress, expiresAfter } = envelope;
  const connectionId = keccak_256(concatBytes(
    encode(action),
    uint64(nonce),
    vaultAddress === undefined || vaultAddress === null
      ? Uint8Array.of(0)
      : concatBytes(Uint8Array.of(1), hexToBytes(vaultAddress.slice(2))),
    expiresAfter === undefined || expiresAfter === null
      ? new Uint8Array(0)
      : concatBytes(Uint8Array.of(0), uint64(expiresAfter)),
  ));
  const typed = {
    types: agentTypes,
    primaryType: "Agent",
    domain: { name: "Exchange", version: "1", chainId: 1_337n, verifyingContract: zeroAddress },
    message: { source, connectionId },
  } as const;
  return recovered(() => recoverAddressTyped(signatureText(envelope.signature), typed));
}

const hash = (...parts: readonly Uint8Array[]): Uint8Array => keccak_256(concatBytes(...parts));
const hashText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text));
const word = (bytes: Uint8Array): Uint8Array => concatBytes(new Uint8Array(32 - bytes.length), bytes);

/** What is signed to approve an agent. Its type has a colon in its name, which the library takes for no name. */
export function approvalDigest(action: Omit<ApproveAgent, "type">): Uint8Array {
  const { agentAddress, agentName, hyperliquidChain, nonce, signatureChainId } = action;
  const domain = hash(
    hashText("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
    hashText("HyperliquidSignTransaction"),
    hashText("1"),
    word(uint64(Number(signatureChainId))),
    new Uint8Array(32),
  );
  const approval = hash(
    hashText(
      "HyperliquidTransaction:ApproveAgent(string hyperliquidChain,address agentAddress,string agentName,uint64 nonce)",
    ),
    hashText(hyperliquidChain),
    word(hexToBytes(agentAddress.slice(2))),
    hashText(agentName ?? ""),
    word(uint64(nonce)),
  );
  return hash(Uint8Array.of(0x19, 0x01), domain, approval);
}

export function signerOfApproval(action: ApproveAgent, { signature: { r, s, v } }: Envelope): string {
  return recovered(() => {
    const bytes = concatBytes(Uint8Array.of(v - 27), hexToBytes(r), hexToBytes(s));
    const signature = secp256k1.Signature.fromBytes(bytes, "recovered");
    const publicKey = signature.recoverPublicKey(approvalDigest(action)).toBytes(false);
    return `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))}`;
  });
}
