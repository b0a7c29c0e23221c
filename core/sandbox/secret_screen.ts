/**
 * Takes a plugin's own secrets out of whatever its process says, at the one place where it enters the host: so they
 * are in no log line, error, journal record or answer over HTTP, whatever the plugin or an error of its venue repeats.
 */
const decoder = new TextDecoder();
const encoder = new TextEncoder();
const mask = "***";
/** A shorter value is a word that may stand anywhere. */
const minSecretChars = 6;

const quoted = (text: string): string => JSON.stringify(text).slice(1, -1);

export class SecretScreen {
  /** As they stand in text, inside a JSON text, and inside one that is itself a text of another (saved state). */
  readonly #values: readonly string[];

  constructor(secrets: Readonly<Record<string, string>>) {
    const long = Object.values(secrets).filter((value) => value.length >= minSecretChars);
    const written = long.flatMap((value) => [value, quoted(value), quoted(quoted(value))]);
    this.#values = [...new Set(written)].sort((a, b) => b.length - a.length);
  }

  text(text: string): string {
    return this.#values.reduce((rest, value) => rest.replaceAll(value, mask), text);
  }

  /** A message's JSON, as bytes. */
  message(payload: Uint8Array): Uint8Array {
    if (this.#values.length === 0) return payload;
    const text = decoder.decode(payload);
    return this.#values.some((value) => text.includes(value)) ? encoder.encode(this.text(text)) : payload;
  }
}
