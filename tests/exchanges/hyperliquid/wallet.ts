/** A wallet for other clients of the venue: typed data signed by a library that berth's own signing does not use. */
import type { AbstractViemLocalAccount } from "@nktkas/hyperliquid/signing";
import { hexToBytes } from "@noble/hashes/utils.js";
import { addr, signTyped } from "micro-eth-signer";
import * as v from "valibot";

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

const bytes = v.pipe(v.string(), v.transform((text) => hexToBytes(text.slice(2))));
const agentSchema = v.object({ source: v.string(), connectionId: bytes });
const approvalSchema = v.object({
  hyperliquidChain: v.string(),
  agentAddress: v.string(),
  agentName: v.string(),
  nonce: v.pipe(v.number(), v.transform((value) => BigInt(value))),
});

const hex = (text: string): `0x${string}` => `0x${text.replace(/^0x/, "")}`;

/** Signs the two kinds of message that the tests need: trading actions and the approval of an agent. */
export function typedDataWallet(privateKey: string): AbstractViemLocalAccount {
  return {
    address: hex(addr.fromPrivateKey(privateKey)),
    signTypedData: ({ domain: found, primaryType, message }) => {
      const domain = { ...found, chainId: BigInt(found.chainId) };
      if (primaryType === "Agent") {
        const typed = {
          types: agentTypes,
          primaryType,
          domain,
          message: v.parse(agentSchema, message),
        } as const;
        return Promise.resolve(hex(signTyped(typed, privateKey, false)));
      }
      const typed = {
        types: approvalTypes,
        primaryType: "HyperliquidTransaction:ApproveAgent",
        domain,
        message: v.parse(approvalSchema, message),
      } as const;
      return Promise.resolve(hex(signTyped(typed, privateKey, false)));
    },
  };
}
