import { assertEquals } from "@std/assert";
import { VenueQuestions } from "../../../../core/host/venues/venue_questions.ts";
import { venueId } from "../../../../core/model/ids.ts";
import type { HostMessage } from "../../../../core/protocol/messages.ts";

const paradex = venueId("paradex");
const okx = venueId("okx");

function bench() {
  const questions = new VenueQuestions();
  const sent: Extract<HostMessage, { type: "request" }>[] = [];
  questions.attach(paradex, (_id, message) => {
    if (message.type === "request") sent.push(message);
  });
  return { questions, sent, lastId: () => sent.at(-1)?.requestId ?? 0 };
}

Deno.test("a question gets its own answer, whatever else is said before", async () => {
  const { lastId, questions, sent } = bench();
  const time = questions.ask(paradex, { kind: "server_time" }, 1_000);
  const timeId = lastId();
  const status = questions.ask(paradex, { kind: "venue_status" }, 1_000);
  assertEquals(sent.map(({ kind, timeoutMs }) => [kind, timeoutMs]), [["server_time", 1_000], [
    "venue_status",
    1_000,
  ]]);
  assertEquals(questions.answered(paradex, lastId(), { kind: "venue_status", status: "trading" }), true);
  assertEquals(questions.answered(paradex, timeId, { kind: "server_time", tsVenueMs: 5 }), true);
  assertEquals(await time, { kind: "server_time", tsVenueMs: 5 });
  assertEquals(await status, { kind: "venue_status", status: "trading" });
});

Deno.test("the engine's answers are left to the engine, another venue's and late ones are nobody's", async () => {
  const { lastId, questions } = bench();
  const asked = questions.ask(paradex, { kind: "balances" }, 1_000);
  assertEquals(questions.answered(paradex, 1, { kind: "balances", balances: [] }), false);
  assertEquals(questions.answered(okx, lastId(), { kind: "server_time", tsVenueMs: 1 }), true);
  assertEquals(questions.answered(paradex, lastId(), { kind: "balances", balances: [] }), true);
  assertEquals(questions.answered(paradex, lastId(), { kind: "balances", balances: [] }), true);
  assertEquals(await asked, { kind: "balances", balances: [] });
});

Deno.test("every question ends: without an adapter, with its death, with another's answer, with silence", async () => {
  const { lastId, questions } = bench();
  const ended = async (asked: ReturnType<VenueQuestions["ask"]>): Promise<unknown> => {
    const response = await asked;
    return response.kind === "failed" ? response.code : response.kind;
  };
  assertEquals(await ended(questions.ask(okx, { kind: "positions" }, 1_000)), "unreachable");

  const crossed = ended(questions.ask(paradex, { kind: "positions" }, 1_000));
  questions.answered(paradex, lastId(), { kind: "server_time", tsVenueMs: 1 });
  assertEquals(await crossed, "garbled_reply");

  const refused = questions.ask(paradex, { kind: "positions" }, 1_000);
  const no = { kind: "failed", code: "rate_limited", venueCode: "429", details: "slow down" } as const;
  questions.answered(paradex, lastId(), no);
  assertEquals(await refused, no);

  const orphaned = ended(questions.ask(paradex, { kind: "open_orders" }, 1_000));
  questions.detach(paradex, "crashed");
  assertEquals(await orphaned, "unreachable");

  questions.attach(paradex, () => {});
  assertEquals(await ended(questions.ask(paradex, { kind: "open_orders" }, -990)), "unreachable");
});
