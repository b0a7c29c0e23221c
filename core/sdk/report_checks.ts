/** Checks what a plugin reports before it leaves: the host takes a message that can't be read for an attack and ends the plugin. */
import { BerthError } from "../errors.ts";
import type { OpportunityRecord } from "./strategy.ts";

const gaugeName = /^[a-z][a-z0-9_.]{0,59}$/;

/** @throws {BerthError} PLUGIN_BAD_VALUE */
export function checkGauge(name: string): void {
  if (gaugeName.test(name)) return;
  throw new BerthError("PLUGIN_BAD_VALUE", {
    what: "A gauge's name",
    found: JSON.stringify(String(name).slice(0, 80)),
    expected: "lower-case letters, digits, _ and ., at most 60, a letter first",
  });
}

/** @throws {BerthError} PLUGIN_BAD_VALUE for a number that is none */
export function checkOpportunity(record: OpportunityRecord): void {
  for (const [name, value] of Object.entries(record)) {
    if (typeof value !== "number" || Number.isFinite(value)) continue;
    throw new BerthError("PLUGIN_BAD_VALUE", {
      what: `An opportunity's ${name}`,
      found: String(value),
      expected: "a finite number",
    });
  }
}
