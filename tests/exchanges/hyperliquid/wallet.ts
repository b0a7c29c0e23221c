/** A wallet for other clients of the venue: typed data signed by a library that berth's own signing does not use. */
import type { AbstractViemLocalAccount } from "@nktkas/hyperliquid/signing";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
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
const bytes = v.pipe(v.string(), v.transform((text) => hexToBytes(text.slice(2))));
const agentSchema = v.object({ source: v.string(), connectionId: bytes });
const hex = (text: string): `0x${string}` => `0x${text.replace(/^0x/, "")}`;

type Types = Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;

const hash = (...parts: readonly Uint8Array[]): Uint8Array => keccak_256(concatBytes(...parts));
const hashText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text));
const word = (digits: string): Uint8Array => hexToBytes(digits.padStart(64, "0"));

/** One struct without others inside it, by EIP-712. */
export function structHash(
  types: Types,
  name: string,
  message: Readonly<Record<string, unknown>>,
): Uint8Array {
  const fields = types[name] ?? [];
  const values = fields.map(({ name: field, type }) => {
    const value = message[field];
    if (type === "string") return hashText(String(value));
    return word(type === "address" ? String(value).slice(2) : BigInt(String(value)).toString(16));
  });
  const typeText = `${name}(${fields.map((field) => `${field.type} ${field.name}`).join(",")})`;
  return hash(hashText(typeText), ...values);
}

/** Signs trading actions by the library, and by hand what has a name that it does not take. */
export function typedDataWallet(privateKey: string): AbstractViemLocalAccount {
  return {
    address: hex(addr.fromPrivateKey(privateKey)),
    signTypedData: ({ domain: found, primaryType, message, types }) => {
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
      const digest = hash(
        Uint8Array.of(0x19, 0x01),
        structHash({ EIP712Domain }, "EIP712Domain", domain),
        structHash({ ...types }, primaryType, message),
      );
      const key = hexToBytes(privateKey.slice(2));
      const signed = secp256k1.sign(digest, key, { prehash: false, format: "recovered" });
      const parity = signed[0] === 0 ? "1b" : "1c";
      return Promise.resolve(hex(bytesToHex(signed.subarray(1)) + parity));
    },
  };
}
