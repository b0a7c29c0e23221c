/**
 * Who signed an action. The typed data is hashed and the signer recovered by an EIP-712 library; the adapter signs
 * with code of its own, so that a mistake of either shows.
 */
import { encode } from "@msgpack/msgpack";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
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
const approvalTypes = {
  EIP712Domain,
  "HyperliquidTransaction:ApproveAgent": [
    { name: "hyperliquidChain", type: "string" },
    { name: "agentAddress", type: "address" },
    { name: "agentName", type: "string" },
    { name: "nonce", type: "uint64" },
  ],
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

export function signerOfApproval(action: ApproveAgent, envelope: Envelope): string {
  const typed = {
    types: approvalTypes,
    primaryType: "HyperliquidTransaction:ApproveAgent",
    domain: {
      name: "HyperliquidSignTransaction",
      version: "1",
      chainId: BigInt(action.signatureChainId),
      verifyingContract: zeroAddress,
    },
    message: {
      hyperliquidChain: action.hyperliquidChain,
      agentAddress: action.agentAddress,
      agentName: action.agentName ?? "",
      nonce: BigInt(action.nonce),
    },
  } as const;
  return recovered(() => recoverAddressTyped(signatureText(envelope.signature), typed));
}
