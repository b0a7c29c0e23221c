/**
 * Decoder of Paradex's binary frames, driven by the table in sbe_schema.ts. It believes the frame's own block and
 * entry lengths, so that longer blocks of later versions are read and shorter ones of earlier versions too, and it
 * returns a value for everything a frame can be: no input makes it throw.
 */
import { formatScaled } from "@berth/sdk";
import {
  type FieldSpec,
  fieldWidth,
  type GroupSpec,
  type MessageSpec,
  sbeBitsets,
  sbeEnums,
  sbeMessages,
} from "./sbe_schema.ts";

export const sbeSchemaId = 1;
export const headerBytes = 8;
const groupHeaderBytes = 4;
const nullI64 = -(2n ** 63n);

/**
 * Decimals are exact decimal text, other 64-bit numbers bigint, enums and bits their names (`UNKNOWN` for a value
 * that the table lacks), addresses `0x` hex, absent values null. What a shorter block lacks is not in the record.
 */
export type SbeValue = string | bigint | number | null | readonly string[];
export type SbeFields = Readonly<Record<string, SbeValue>>;

export interface SbeMessage {
  readonly kind: "message";
  readonly template: string;
  readonly version: number;
  readonly fields: SbeFields;
  /** Rows of repeating groups by group name. */
  readonly groups: Readonly<Record<string, readonly SbeFields[]>>;
}

export type SbeFault = "truncated" | "short_block" | "wrong_schema";

export type SbeFrame =
  | SbeMessage
  /** A template this decoder does not know: to be ignored, by the rules of SBE. */
  | { readonly kind: "unknown_template"; readonly templateId: number }
  | { readonly kind: "malformed"; readonly fault: SbeFault; readonly details: string };

const specByTemplate: ReadonlyMap<number, MessageSpec> = new Map(
  sbeMessages.map((spec) => [spec.templateId, spec]),
);

/** Template of a frame, or -1 when the frame is too short for a header or of another schema. */
export function templateOf(view: DataView): number {
  if (view.byteLength < headerBytes || view.getUint16(4, true) !== sbeSchemaId) return -1;
  return view.getUint16(2, true);
}

/** Reads any frame of the schema. */
export function decodeFrame(view: DataView): SbeFrame {
  if (view.byteLength < headerBytes) return truncated("header", view);
  const schemaId = view.getUint16(4, true);
  if (schemaId !== sbeSchemaId) {
    return { kind: "malformed", fault: "wrong_schema", details: `schema id ${schemaId}` };
  }
  const templateId = view.getUint16(2, true);
  const spec = specByTemplate.get(templateId);
  if (spec === undefined) return { kind: "unknown_template", templateId };
  return decodeMessage(view, spec);
}

function truncated(what: string, view: DataView): SbeFrame {
  return { kind: "malformed", fault: "truncated", details: `${what}, frame of ${view.byteLength} bytes` };
}

function decodeMessage(view: DataView, spec: MessageSpec): SbeFrame {
  const length = view.getUint16(0, true);
  if (headerBytes + length > view.byteLength) return truncated(`block of ${length}`, view);
  const fields = decodeBlock(view, headerBytes, length, spec.fields);
  if (fields === undefined) {
    return { kind: "malformed", fault: "short_block", details: `${spec.name} block of ${length} bytes` };
  }
  let offset = headerBytes + length;
  const groups: Record<string, readonly SbeFields[]> = {};
  for (const group of spec.groups) {
    const decoded = decodeGroup(view, offset, group);
    if (decoded.kind === "fault") {
      return { kind: "malformed", fault: decoded.fault, details: `${spec.name}.${group.name}` };
    }
    groups[group.name] = decoded.rows;
    offset = decoded.end;
  }
  for (const text of spec.texts) {
    if (offset === view.byteLength && text.since > 0) break;
    const end = textEnd(view, offset);
    if (end === -1) return truncated(`${spec.name}.${text.name}`, view);
    fields[text.name] = decodeText(view, offset + 1, end);
    offset = end;
  }
  return { kind: "message", template: spec.name, version: view.getUint16(6, true), fields, groups };
}

/** Undefined when the block ends before a field of version 0. */
function decodeBlock(
  view: DataView,
  start: number,
  length: number,
  specs: readonly FieldSpec[],
): Record<string, SbeValue> | undefined {
  const fields: Record<string, SbeValue> = {};
  let offset = 0;
  for (const spec of specs) {
    const width = fieldWidth(spec);
    if (offset + width > length) return spec.since === 0 ? undefined : fields;
    fields[spec.name] = decodeField(view, start + offset, spec);
    offset += width;
  }
  return fields;
}

type GroupResult =
  | { readonly kind: "rows"; readonly rows: readonly SbeFields[]; readonly end: number }
  | { readonly kind: "fault"; readonly fault: SbeFault };

function decodeGroup(view: DataView, start: number, spec: GroupSpec): GroupResult {
  if (start + groupHeaderBytes > view.byteLength) return { kind: "fault", fault: "truncated" };
  const entryLength = view.getUint16(start, true);
  const count = view.getUint16(start + 2, true);
  const end = start + groupHeaderBytes + entryLength * count;
  if (end > view.byteLength) return { kind: "fault", fault: "truncated" };
  const rows: SbeFields[] = [];
  for (let i = 0; i < count; i++) {
    const row = decodeBlock(view, start + groupHeaderBytes + i * entryLength, entryLength, spec.fields);
    if (row === undefined) return { kind: "fault", fault: "short_block" };
    rows.push(row);
  }
  return { kind: "rows", rows, end };
}

function decodeField(view: DataView, offset: number, spec: FieldSpec): SbeValue {
  const type = spec.type;
  if (typeof type === "object") {
    const byte = view.getUint8(offset);
    if ("bitset" in type) {
      return sbeBitsets[type.bitset].filter((name, bit) => name !== "" && (byte >> bit) % 2 === 1);
    }
    const names: Readonly<Record<number, string>> = sbeEnums[type.enum];
    return names[byte] ?? "UNKNOWN";
  }
  switch (type) {
    case "i64":
    case "tsUs":
    case "decimal8":
    case "decimal12": {
      const value = view.getBigInt64(offset, true);
      if (spec.isNullable && value === nullI64) return null;
      if (type === "decimal8") return formatScaled(value, 8);
      return type === "decimal12" ? formatScaled(value, 12) : value;
    }
    case "u64":
      return view.getBigUint64(offset, true);
    case "i16":
      return view.getInt16(offset, true);
    case "u8":
      return view.getUint8(offset);
    case "address":
      return decodeAddress(view, offset);
    default:
      return type satisfies never;
  }
}

function decodeAddress(view: DataView, offset: number): string {
  let value = 0n;
  for (let i = 0; i < 32; i += 8) value = (value << 64n) | view.getBigUint64(offset + i);
  return `0x${value.toString(16)}`;
}

/** End of the length-prefixed text at `offset`, -1 when the frame is over before. */
function textEnd(view: DataView, offset: number): number {
  if (offset >= view.byteLength) return -1;
  const end = offset + 1 + view.getUint8(offset);
  return end > view.byteLength ? -1 : end;
}

const utf8 = new TextDecoder();
function decodeText(view: DataView, start: number, end: number): string {
  return utf8.decode(new Uint8Array(view.buffer, view.byteOffset + start, end - start));
}
