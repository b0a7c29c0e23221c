/** Reads a byte stream line by line. */

/** Longest line that is kept; the rest of a longer one is dropped. */
const maxLineChars = 1 << 24;

/** Calls `onLine` for each line (without its end) until the stream ends. */
export async function lineReader(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = (lines.pop() ?? "").slice(0, maxLineChars);
    for (const line of lines) if (line !== "") onLine(line);
  }
  if (rest !== "") onLine(rest);
}
