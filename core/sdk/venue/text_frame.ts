/** Frames of JSON text, as most venues send them. */
import { isRecord } from "./json_values.ts";
import type { TextMisfits } from "./misfits.ts";

/** The frame as a record; undefined, and noted, when it is none. */
export function recordFrame(
  text: string,
  misfits: TextMisfits,
  stream: "frame" | "private_frame",
): Readonly<Record<string, unknown>> | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    misfits.note(`${stream}_not_json`, `${text.length} characters`);
    return undefined;
  }
  if (isRecord(found)) return found;
  misfits.note(`${stream}_not_known`, "no record");
  return undefined;
}
