import { assertEquals } from "@std/assert";
import {
  type ComparedPosition,
  comparePositions,
} from "../../../../core/execution/reconciliation/position_comparison.ts";

const position = (changes: Partial<ComparedPosition>): ComparedPosition => ({
  index: 0,
  venueLots: 0,
  ourLots: 0,
  foreignLots: 0,
  isMoving: false,
  ...changes,
});
const later = { isFirst: false, areFillsRead: true };
const first = { isFirst: true, areFillsRead: true };
const before = [{ index: 0, differenceLots: 3 }];

const rows = [
  {
    name: "what agrees is nothing",
    given: position({ venueLots: 5, ourLots: 5 }),
    look: later,
    suspects: [],
    expected: "nothing",
  },
  {
    name: "what agrees with the foreign part known is nothing",
    given: position({ venueLots: 8, ourLots: 5, foreignLots: 3 }),
    look: later,
    suspects: [],
    expected: "nothing",
  },
  {
    name: "a first look right after the fills is believed",
    given: position({ venueLots: 3 }),
    look: first,
    suspects: [],
    expected: "confirmed",
  },
  {
    name: "a first look while an order may be filling is not",
    given: position({ venueLots: 3, isMoving: true }),
    look: first,
    suspects: [],
    expected: "suspected",
  },
  {
    name: "a later difference is looked at again",
    given: position({ venueLots: 3 }),
    look: later,
    suspects: [],
    expected: "suspected",
  },
  {
    name: "the same difference twice, fills read between, is believed",
    given: position({ venueLots: 3, isMoving: true }),
    look: later,
    suspects: before,
    expected: "confirmed",
  },
  {
    name: "the same twice without the fills is not",
    given: position({ venueLots: 3 }),
    look: { isFirst: false, areFillsRead: false },
    suspects: before,
    expected: "suspected",
  },
  {
    name: "another difference is a new suspicion",
    given: position({ venueLots: 4 }),
    look: later,
    suspects: before,
    expected: "suspected",
  },
  {
    name: "a foreign position that is gone is looked at again, too",
    given: position({ foreignLots: 3 }),
    look: later,
    suspects: [],
    expected: "suspected",
  },
] as const;
for (const { name, given, look, suspects, expected } of rows) {
  Deno.test(`comparePositions(): ${name}`, () => {
    const { confirmed, suspected } = comparePositions([given], suspects, look);
    const found = confirmed.length > 0 ? "confirmed" : suspected.length > 0 ? "suspected" : "nothing";
    assertEquals(found, expected);
    const difference = { index: 0, differenceLots: given.venueLots - given.ourLots };
    assertEquals([...confirmed, ...suspected], expected === "nothing" ? [] : [difference]);
  });
}
