/** Writes binary Paradex messages for tests: the table gives the order of fields, the bytes are made here. */
import {
  type FieldSpec,
  fieldWidth,
  type MessageSpec,
  sbeBitsets,
  sbeEnums,
} from "../../../../exchanges/paradex/wire/sbe_schema.ts";
import type { SbeFields, SbeValue } from "../../../../exchanges/paradex/wire/sbe.ts";

const littleEndian = (value: bigint, width: number): number[] =>
  Array.from(
    { length: width },
    (_, i) => Number((BigInt.asUintN(8 * width, value) >> BigInt(8 * i)) & 0xffn),
  );

function scaled(text: string, decimals: number): bigint {
  const [whole = "", fraction = ""] = text.replace("-", "").split(".");
  const units = BigInt(whole + fraction.padEnd(decimals, "0"));
  return text.startsWith("-") ? -units : units;
}

function fieldBytes(spec: FieldSpec, value: SbeValue): number[] {
  const width = fieldWidth(spec);
  if (value === null) return littleEndian(-(2n ** 63n), width);
  if (typeof spec.type === "object" && "enum" in spec.type) {
    const names: Readonly<Record<number, string>> = sbeEnums[spec.type.enum];
    return [Number(Object.entries(names).find(([, name]) => name === value)?.[0] ?? 254)];
  }
  if (typeof spec.type === "object") {
    const names: readonly string[] = sbeBitsets[spec.type.bitset];
    return [
      names.reduce(
        (bits, name, bit) => Array.isArray(value) && value.includes(name) ? bits | (1 << bit) : bits,
        0,
      ),
    ];
  }
  if (spec.type === "address") return littleEndian(BigInt(String(value)), 32).reverse();
  if (spec.type === "decimal8") return littleEndian(scaled(String(value), 8), 8);
  if (spec.type === "decimal12") return littleEndian(scaled(String(value), 12), 8);
  return littleEndian(BigInt(String(value)), width);
}

/** A frame; fields that `fields` lacks at the end of the block are left out, as an older version would. */
export function encodeFrame(
  spec: MessageSpec,
  message: {
    readonly version: number;
    readonly fields: SbeFields;
    readonly groups?: Readonly<Record<string, readonly SbeFields[]>>;
    /** Bytes that a later version might append to the block. */
    readonly blockTail?: readonly number[];
  },
): Uint8Array {
  const present = spec.fields.filter((field) => field.name in message.fields);
  const block = [
    ...present.flatMap((field) => fieldBytes(field, message.fields[field.name] ?? null)),
    ...(message.blockTail ?? []),
  ];
  const header = [block.length, spec.templateId, 1, message.version].flatMap((n) =>
    littleEndian(BigInt(n), 2)
  );
  const groups = spec.groups.flatMap((group) => {
    const rows = message.groups?.[group.name] ?? [];
    const entryLength = group.fields.reduce((sum, field) => sum + fieldWidth(field), 0);
    return [
      ...littleEndian(BigInt(entryLength), 2),
      ...littleEndian(BigInt(rows.length), 2),
      ...rows.flatMap((row) => group.fields.flatMap((field) => fieldBytes(field, row[field.name] ?? null))),
    ];
  });
  const texts = spec.texts.filter((text) => text.name in message.fields).flatMap((text) => {
    const bytes = [...new TextEncoder().encode(String(message.fields[text.name]))];
    return [bytes.length, ...bytes];
  });
  return Uint8Array.from([...header, ...block, ...groups, ...texts]);
}

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Standard Base64 to a view that does not start at offset 0 of its buffer, so that decoders must mind `byteOffset`. */
export function viewOfBase64(text: string): DataView {
  const binary = atob(text);
  const padded = Uint8Array.from(
    { length: binary.length + 3 },
    (_, i) => i < 3 ? 0xee : binary.charCodeAt(i - 3),
  );
  return new DataView(padded.buffer, 3, binary.length);
}
