/** Files of comma-separated values, as far as market data comes in them. */

/** Text of a file, plain or gzip. */
export async function unpackedText(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip) return new TextDecoder().decode(bytes);
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

/**
 * Milliseconds since the epoch of ISO text (UTC where it names no zone) or of seconds, milliseconds or microseconds since
 * the epoch; NaN for what can't be read.
 */
export function timeOfCell(text: string): number {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    const value = Number(trimmed);
    if (value < 1e11) return value * 1000;
    return value < 1e14 ? value : value / 1000;
  }
  const iso = trimmed.replace(" ", "T");
  return Date.parse(
    /[zZ]$|[+-]\d\d:?\d\d$/.test(iso) ? iso : `${iso.length > 10 ? iso : `${iso}T00:00:00`}Z`,
  );
}
