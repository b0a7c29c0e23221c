import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../core/errors.ts";
import { InstrumentNames } from "../../../../core/sdk/venue/instrument_names.ts";

const names = new InstrumentNames("venue", {
  "XBT-USD": "BTC-PERP",
  "kPEPE": "1000PEPE-PERP",
  "BTC-USDC": "BTC-USD",
});

const cases = [
  { name: "has the operator's name", venueSymbol: "kPEPE", usual: "kPEPE-PERP", expected: "1000PEPE-PERP" },
  {
    name: "has the adapter's where none was given",
    venueSymbol: "ETH",
    usual: "ETH-PERP",
    expected: "ETH-PERP",
  },
  {
    name: "may be given the name it has anyhow",
    venueSymbol: "XBT-USD",
    usual: "BTC-PERP",
    expected: "BTC-PERP",
  },
  { name: "that is spot is named too", venueSymbol: "BTC-USDC", usual: "BTC-USDC", expected: "BTC-USD" },
  {
    name: "is left out when another has its name",
    venueSymbol: "BTC",
    usual: "BTC-PERP",
    expected: "XBT-USD has that name",
  },
  {
    name: "that is a perpetual is named as one",
    venueSymbol: "BTC-USDC",
    usual: "BTC-PERP",
    expected: "ends in -PERP",
  },
  {
    name: "that is none is not named as one",
    venueSymbol: "kPEPE",
    usual: "PEPE-USDC",
    expected: "it is no perpetual",
  },
];
for (const { name, venueSymbol, usual, expected } of cases) {
  Deno.test(`an instrument ${name}`, () => {
    if (!expected.includes(" ")) return assertEquals(names.symbolOf(venueSymbol, usual), expected);
    const error = assertThrows(() => names.symbolOf(venueSymbol, usual), BerthError, expected);
    assertEquals(error.code, "INSTRUMENT_NAME_REFUSED");
  });
}

Deno.test("an adapter that keeps to its own name is found out", () => {
  names.check("XBT-USD", "BTC-PERP");
  names.check("ETH", "ETH-PERP");
  assertThrows(() => names.check("kPEPE", "kPEPE-PERP"), BerthError, "kPEPE-PERP all the same");
});

Deno.test("named, wanted and not listed: told", () => {
  const unlisted = names.unlisted(new Set(["XBT-USD"]), (symbol) => symbol.endsWith("-PERP"));
  assertEquals(unlisted, ["kPEPE"]);
});
