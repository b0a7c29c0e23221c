/**
 * Reads `tickers` and `bbo-tbt` frames from their text, without `JSON.parse` and without garbage beyond the
 * instrument's name. Takes only the form in which OKX sends them; whatever else is left to the general reader, which
 * is slower and knows every form. A frame that is valid JSON gives the same numbers either way (tested).
 */
import { DecimalReader } from "@berth/sdk/venue/decimal_reader.ts";

const tickerStart = '{"arg":{"channel":"tickers","instId":"';
const topStart = '{"arg":{"channel":"bbo-tbt","instId":"';
const dataStart = '"},"data":[{';
const end = "}]}";
const bidPriceKey = '"bidPx":"';
const bidSizeKey = '"bidSz":"';
const askPriceKey = '"askPx":"';
const askSizeKey = '"askSz":"';
const bidsKey = '"bids":[["';
const asksKey = '"asks":[["';
const timeKey = '"ts":"';

/** The last frame read; its fields hold until the next `read`. */
export class HotFrame {
  instId = "";
  bidPrice = NaN;
  bidContracts = NaN;
  askPrice = NaN;
  askContracts = NaN;
  tsVenueMs = NaN;
  readonly #decimals = new DecimalReader();

  /** @returns false when the text has another form; the fields then mean nothing */
  read(text: string): boolean {
    const isTicker = text.startsWith(tickerStart);
    if (!isTicker && !text.startsWith(topStart)) return false;
    const nameStart = isTicker ? tickerStart.length : topStart.length;
    const nameEnd = text.indexOf('"', nameStart);
    if (nameEnd < 0 || !text.startsWith(dataStart, nameEnd)) return false;
    const from = nameEnd + dataStart.length;
    // One row and no record inside it: its first closing brace is the one that ends it.
    if (!text.endsWith(end) || text.indexOf("}", from) !== text.length - end.length) return false;
    if (text.includes("\\") || text.includes("{", from)) return false;
    this.instId = text.slice(nameStart, nameEnd);
    return (isTicker ? this.#readTicker(text, from) : this.#readTop(text, from)) &&
      (this.tsVenueMs = this.#number(text, timeKey, from)) > 0;
  }

  #readTicker(text: string, from: number): boolean {
    this.bidPrice = this.#number(text, bidPriceKey, from);
    this.bidContracts = this.#number(text, bidSizeKey, from);
    this.askPrice = this.#number(text, askPriceKey, from);
    this.askContracts = this.#number(text, askSizeKey, from);
    return this.bidPrice > 0 && this.bidContracts > 0 && this.askPrice > 0 && this.askContracts > 0;
  }

  #readTop(text: string, from: number): boolean {
    this.bidPrice = this.#number(text, bidsKey, from);
    this.bidContracts = this.#second(text);
    this.askPrice = this.#number(text, asksKey, from);
    this.askContracts = this.#second(text);
    return this.bidPrice > 0 && this.bidContracts > 0 && this.askPrice > 0 && this.askContracts > 0;
  }

  /** The number after a key; NaN where the key is absent or its text is no plain decimal. */
  #number(text: string, key: string, from: number): number {
    const found = text.indexOf(key, from);
    return found < 0 ? NaN : this.#decimals.read(text, found + key.length);
  }

  /** The size that follows a price: `"67500.1","256"`. */
  #second(text: string): number {
    const { at } = this.#decimals;
    return text.startsWith('","', at) ? this.#decimals.read(text, at + 3) : NaN;
  }
}
