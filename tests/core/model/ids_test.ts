import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BerthError } from "../../../core/errors.ts";
import {
  causeId,
  clientOrderId,
  fillId,
  instrumentId,
  parseInstrumentId,
  pluginId,
  symbolOf,
  venueId,
  venueOf,
  venueOrderId,
} from "../../../core/model/ids.ts";

const rows: readonly {
  readonly make: (text: string) => string;
  readonly kind: string;
  readonly taken: readonly string[];
  readonly refused: readonly string[];
}[] = [
  {
    make: venueId,
    kind: "venue id",
    taken: ["paradex", "a1", "hyper_liquid"],
    refused: ["", "a", "Paradex", "1st", "a-b", "a b", "../x", "x".repeat(25)],
  },
  {
    make: pluginId,
    kind: "plugin id",
    taken: ["scalper", "a_1"],
    refused: ["", "A", "a.b", "a/b", "x".repeat(49), "a\n"],
  },
  {
    make: parseInstrumentId,
    kind: "instrument id",
    taken: ["paradex:BTC-PERP", "okx:kPEPE-PERP", "x1:BTC-USD-20250101"],
    refused: [
      "",
      "paradex",
      ":BTC-PERP",
      "paradex:",
      "paradex:BTC",
      "Paradex:BTC-PERP",
      "paradex:BTC-PERP:x",
      "a:b:c",
    ],
  },
  {
    make: clientOrderId,
    kind: "client order id",
    taken: ["b00t1", "A".repeat(32)],
    refused: ["", "a-b", "a_b", "A".repeat(33), "ä"],
  },
  {
    make: venueOrderId,
    kind: "venue order id",
    taken: ["0x12", "a-b:c"],
    refused: ["", "a b", "x".repeat(129), "a\u0000"],
  },
  { make: fillId, kind: "fill id", taken: ["1", "t/5"], refused: ["", "a b", "\n"] },
  {
    make: causeId,
    kind: "cause id",
    taken: ["quote/paradex:BTC-PERP/812"],
    refused: ["", "quote", "quote/", "Quote/1", "quote/a b"],
  },
];
for (const { make, kind, taken, refused } of rows) {
  Deno.test(`a ${kind} is taken or refused by its form`, () => {
    for (const text of taken) assertEquals(make(text), text);
    for (const text of refused) {
      assertEquals(assertThrows(() => make(text), BerthError).code, "MODEL_INVALID_ID", text);
    }
  });
}

Deno.test("an instrument id is its venue and its symbol", () => {
  const venue = fc.stringMatching(/^[a-z][a-z0-9_]{1,10}$/);
  const symbol = fc.stringMatching(/^[A-Z0-9]{1,8}-[A-Z]{1,6}$/);
  fc.assert(
    fc.property(venue, symbol, (at, name) => {
      const id = instrumentId(at, name);
      assertEquals([venueOf(id), symbolOf(id), parseInstrumentId(id)], [venueId(at), name, id]);
    }),
  );
});
