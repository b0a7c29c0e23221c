/**
 * Texts for other people's services. Parts of a note come from plugins and venues, so a text must neither ping anybody
 * nor format, link or break out of anything: control and direction characters go, an `@` is parted from the name behind
 * it, an address from its scheme, and a name of a host from its last part. Each channel escapes its own markup besides.
 */
import { type AlertNote, type AlertSender, headlineOf } from "../alert.ts";

/** Invisible, and no part of any name. */
const wordJoiner = "\u2060";

/** The headline and what happened, without any markup, harmless wherever plain text is shown. */
export const plainText = (note: AlertNote, sender: AlertSender): string =>
  harmlessText(`${headlineOf(note, sender)}\n${note.text}`);

export const harmlessText = (text: string): string =>
  text.replace(/\r\n?/g, "\n")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, (character) => character === "\n" ? "\n" : "\uFFFD")
    .replaceAll("@", `@${wordJoiner}`)
    .replaceAll("://", `:${wordJoiner}//`)
    .replaceAll(/\.(?=\p{L}{2})/gu, `.${wordJoiner}`);

const cutMark = "…";

/** The longest beginning whose escaped form has at most `maxUnits` UTF-16 units; what is cut ends with `…`. */
export function escapedWithin(text: string, maxUnits: number, escape: (part: string) => string): string {
  const whole = escape(text);
  if (whole.length <= maxUnits) return whole;
  let kept = "";
  for (const character of text) { // by code points: no surrogate is parted
    const next = escape(character);
    if (kept.length + next.length > maxUnits - cutMark.length) break;
    kept += next;
  }
  return kept + cutMark;
}
