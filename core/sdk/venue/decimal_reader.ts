/** Plain decimals out of a frame's text, for readers that do without `JSON.parse`. Allocates nothing. */

const quoteMark = 34;
const point = 46;
const zero = 48;
/** Beyond 15 digits the mantissa is no exact double, and dividing it would round twice. */
export const maxExactDigits = 15;
const powers = Float64Array.from({ length: maxExactDigits + 1 }, (_, decimals) => 10 ** decimals);

/** Remembers where it stands in the text, so that the caller can go on from there. */
export class DecimalReader {
  /** After {@link read}: where the quotation mark stands, or what is no digit. */
  at = 0;

  /** Digits with at most one point, from `from` up to a quotation mark, as the double nearest to them; NaN for any other text. */
  read(text: string, from: number): number {
    let mantissa = 0;
    let digits = 0;
    let pointAt = -1;
    let at = from;
    for (;; at++) {
      const code = text.charCodeAt(at);
      if (code === quoteMark) break;
      if (code === point && pointAt < 0 && digits > 0) {
        pointAt = digits;
        continue;
      }
      const digit = code - zero;
      if (!(digit >= 0 && digit <= 9) || digits === maxExactDigits) {
        this.at = at;
        return NaN;
      }
      mantissa = mantissa * 10 + digit;
      digits += 1;
    }
    this.at = at;
    if (digits === 0 || pointAt === digits) return NaN;
    return pointAt < 0 ? mantissa : mantissa / (powers[digits - pointAt] ?? NaN);
  }
}
