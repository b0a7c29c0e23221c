/** Takes known secrets out of anything that is written for people: by their exact values, wherever they stand. */

const mask = "***";

/** @param secrets values as the operator gave them; empty ones are ignored */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const longestFirst = [...new Set(secrets)].filter((secret) => secret !== "").sort((a, b) =>
    b.length - a.length
  );
  if (longestFirst.length === 0) return (text) => text;
  const pattern = new RegExp(longestFirst.map((secret) => RegExp.escape(secret)).join("|"), "g");
  return (text) => text.replace(pattern, mask);
}

/** Secrets that become known one after the other, as plugins are granted them. */
export class SecretShield {
  readonly #secrets = new Set<string>();
  #redact: (text: string) => string = (text) => text;

  add(secrets: Iterable<string>): void {
    for (const secret of secrets) this.#secrets.add(secret);
    this.#redact = redactor([...this.#secrets]);
  }

  /** The text without the secrets known by now. */
  readonly redact = (text: string): string => this.#redact(text);
}

/** The value with every text, key and number in it redacted; `bigint` becomes text, errors their name and message. */
export function redacted(value: unknown, redact: (text: string) => string, depth = 0): unknown {
  if (depth > 8) return "…";
  switch (typeof value) {
    case "string":
      return redact(value);
    case "bigint":
      return redact(value.toString());
    case "number": {
      const text = String(value);
      return redact(text) === text ? value : mask;
    }
    case "object":
      return value === null ? null : redactedObject(value, redact, depth);
    case "boolean":
    case "undefined":
      return value;
    default:
      return typeof value; // functions and symbols have nothing to say
  }
}

function redactedObject(value: object, redact: (text: string) => string, depth: number): unknown {
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact, depth + 1));
  const described = value instanceof Error ? { name: value.name, message: value.message } : value;
  return Object.fromEntries(
    Object.entries(described).map(([name, inner]) => [redact(name), redacted(inner, redact, depth + 1)]),
  );
}
