/**
 * Reads `bookTicker` frames from their text, without `JSON.parse` and without garbage beyond the symbol. Takes only the
 * form that Aster documents, with both sides; whatever else is left to the general reader, which is slower and knows
 * every form. A frame that is taken gives the same numbers either way (tested).
 */
import { DecimalReader, maxExactDigits } from "@berth/sdk/venue/decimal_reader.ts";

const start = '{"e":"bookTicker","u":';
const eventTimeKey = ',"E":';
const timeKey = ',"T":';
const symbolKey = ',"s":"';
const bidPriceKey = '","b":"';
const bidSizeKey = '","B":"';
const askPriceKey = '","a":"';
const askSizeKey = '","A":"';
const end = '"}';
const zero = 48;
/** An update id is passed over: it need not be exact. */
const maxIdDigits = 20;

/** The last frame read; its fields hold until the next `read`. */
export class HotFrame {
  symbol = "";
  bidPrice = NaN;
  bidSize = NaN;
  askPrice = NaN;
  askSize = NaN;
  tsVenueMs = NaN;
  readonly #decimals = new DecimalReader();
  #at = 0;

  /** @returns false when the text has another form; the fields then mean nothing */
  read(text: string): boolean {
    this.#at = 0;
    if (!this.#skip(text, start) || !(this.#whole(text, maxIdDigits) >= 0)) return false;
    if (!this.#skip(text, eventTimeKey) || !(this.#whole(text, maxExactDigits) > 0)) return false;
    if (!this.#skip(text, timeKey)) return false;
    this.tsVenueMs = this.#whole(text, maxExactDigits);
    if (!(this.tsVenueMs > 0) || !this.#skip(text, symbolKey)) return false;
    const nameStart = this.#at;
    const nameEnd = text.indexOf('"', nameStart);
    if (nameEnd < 0) return false;
    this.#at = nameEnd;
    if (!this.#skip(text, bidPriceKey)) return false;
    this.bidPrice = this.#decimal(text);
    if (!this.#skip(text, bidSizeKey)) return false;
    this.bidSize = this.#decimal(text);
    if (!this.#skip(text, askPriceKey)) return false;
    this.askPrice = this.#decimal(text);
    if (!this.#skip(text, askSizeKey)) return false;
    this.askSize = this.#decimal(text);
    if (!this.#skip(text, end) || this.#at !== text.length) return false;
    this.symbol = text.slice(nameStart, nameEnd);
    return this.bidPrice > 0 && this.bidSize > 0 && this.askPrice > 0 && this.askSize > 0 &&
      !this.symbol.includes("\\");
  }

  #skip(text: string, key: string): boolean {
    if (!text.startsWith(key, this.#at)) return false;
    this.#at += key.length;
    return true;
  }

  /** Digits up to anything else. JSON knows no leading zeros. */
  #whole(text: string, maxDigits: number): number {
    const from = this.#at;
    let value = 0;
    for (;; this.#at++) {
      const digit = text.charCodeAt(this.#at) - zero;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    const digits = this.#at - from;
    if (digits === 0 || digits > maxDigits) return NaN;
    return digits > 1 && text.charCodeAt(from) === zero ? NaN : value;
  }

  #decimal(text: string): number {
    const value = this.#decimals.read(text, this.#at);
    this.#at = this.#decimals.at;
    return value;
  }
}
