/** Whether secrets look as they must, by their names and before anybody is asked. Values are never repeated. */
import { type CheckEnd, failed, passed, skipped } from "./checks.ts";

interface Format {
  readonly names: RegExp;
  readonly pattern: RegExp;
  readonly expected: string;
}

/** The first that fits a name holds; names that none fits may be anything. */
const formats: readonly Format[] = [
  {
    names: /_PRIVATE_KEY$/,
    pattern: /^(0x)?[0-9a-f]{1,64}$/i,
    expected: "0x and 64 hexadecimal digits, 66 characters in all; fewer where leading zeros are left out",
  },
  {
    names: /(_ADDRESS|_ACCOUNT)$/,
    pattern: /^0x[0-9a-f]{1,64}$/i,
    expected: "0x and hexadecimal digits: 40 of an Ethereum address, up to 64 of a Starknet address",
  },
];

/** What is wrong with one value; undefined when nothing is. */
function faultOf(name: string, value: string): string | undefined {
  if (value !== value.trim() || /^(['"]).*\1$/.test(value)) {
    return `${name} has blanks or quotation marks around it`;
  }
  const format = formats.find(({ names }) => names.test(name));
  if (format === undefined || format.pattern.test(value)) return undefined;
  return `${name} has ${value.length} characters and is not ${format.expected}`;
}

/** @param secrets by name, as the operator gave them */
export function checkSecretFormat(secrets: Readonly<Record<string, string>>): CheckEnd {
  const given = Object.entries(secrets);
  if (given.length === 0) return skipped("None are given.");
  const faults = given.flatMap(([name, value]) => faultOf(name, value) ?? []);
  if (faults.length === 0) {
    return passed(given.map(([name, value]) => `${name}: ${value.length} characters`).join(", "));
  }
  return failed(`${faults.join("; ")}.`, "Copy them once more from where they were made, into .env.");
}
