/** Opportunities in the journal: what was taken, the best of a second, and never more than the journal can bear. */
import { assert, assertEquals } from "@std/assert";
import {
  maxTakenPerSecond,
  type OpportunityBody,
  OpportunityJournal,
} from "../../../../core/host/observers/opportunity_journal.ts";
import { instrumentId } from "../../../../core/model/ids.ts";
import type { OpportunityMessage } from "../../../../core/protocol/messages.ts";

const opportunity = (expectedBps: number, isTaken = false): OpportunityMessage => ({
  type: "opportunity",
  tsMs: 0,
  symbol: "BTC-PERP",
  buy: instrumentId("okx", "BTC-PERP"),
  sell: instrumentId("paradex", "BTC-PERP"),
  buyPrice: 100,
  sellPrice: 101,
  sizeBase: 1,
  buyBidPrice: 99,
  buyAskPrice: 100,
  sellBidPrice: 101,
  sellAskPrice: 102,
  spreadBps: 99,
  grossBps: 99,
  feesBps: 4,
  netBps: 95,
  slippageBps: 0,
  fundingBps: 0,
  expectedBps,
  score: 1,
  plan: "buy, sell",
  isTaken,
});

const isBody = (body: unknown): body is OpportunityBody =>
  typeof body === "object" && body !== null && "opportunity" in body && "seen" in body;

function journalling() {
  let nowMs = 1_000_000;
  const bodies: (OpportunityBody & { readonly plugin: string | undefined })[] = [];
  const ids = new Set<string>();
  const shown: number[] = [];
  const journal = new OpportunityJournal({
    clock: { epochMs: () => nowMs, epochUs: () => nowMs * 1_000 },
    journal: {
      append: ({ id, plugin, body }) => {
        assert(!ids.has(id), "ids are unique");
        ids.add(id);
        assert(isBody(body), "the body of a record");
        bodies.push({ ...body, plugin });
      },
    },
    next: {
      opportunity: (_plugin, { expectedBps }) => void shown.push(expectedBps),
      gauge: () => undefined,
      panel: () => undefined,
    },
  });
  const pass = (ms: number): void => {
    nowMs += ms;
    journal.tick();
  };
  const written = (): readonly (readonly [number, number])[] =>
    bodies.map(({ opportunity: { expectedBps }, seen }) => [expectedBps, seen]);
  return { journal, pass, written, shown, bodies };
}

Deno.test("one that is taken is written at once, with how many there were since the last", () => {
  const { journal, written } = journalling();
  for (const bps of [1, 2, 3]) journal.opportunity("arb", opportunity(bps));
  journal.opportunity("arb", opportunity(4, true));
  assertEquals(written(), [[4, 4]]);
});

Deno.test("of those that were passed over the best of a second is written when the second is over", () => {
  const { journal, pass, written, shown } = journalling();
  for (const bps of [1, 5, 3]) journal.opportunity("arb", opportunity(bps));
  assertEquals(written(), []);
  pass(1_000);
  pass(1_000);
  assertEquals(written(), [[5, 3]], "and once only");
  assertEquals(shown, [1, 5, 3], "each is shown");
});

Deno.test("each plugin has its own second", () => {
  const { journal, pass, bodies } = journalling();
  journal.opportunity("one", opportunity(1));
  journal.opportunity("other", opportunity(2));
  pass(1_000);
  assertEquals(bodies.map(({ plugin }) => plugin), ["one", "other"]);
});

Deno.test("a flood of taken ones is bounded, and the best of the rest is kept", () => {
  const { journal, pass, written } = journalling();
  for (let count = 0; count < 10_000; count++) journal.opportunity("arb", opportunity(count, true));
  assertEquals(written().length, maxTakenPerSecond);
  pass(1_000);
  assertEquals(written().at(-1), [9_999, 10_000 - maxTakenPerSecond]);
});
