/** Settings of the account that the shared engine does not have: position mode, margin mode of each symbol. */
import type { AsterListing } from "./listing.ts";

export type MarginType = "CROSSED" | "ISOLATED";

export class AccountSettings {
  readonly #marginTypes = new Map<AsterListing, MarginType>();
  /** Long and short apart: no order of one-way mode is taken then. */
  isHedged = false;

  marginType(one: AsterListing): MarginType {
    return this.#marginTypes.get(one) ?? "CROSSED";
  }

  setMarginType(one: AsterListing, type: MarginType): void {
    this.#marginTypes.set(one, type);
  }
}
