/** Each request ends once: by its answer, its deadline or its connection. */
import { assertEquals } from "@std/assert";
import { PendingAnswers } from "@berth/sdk/venue/pending_answers.ts";
import fc from "fast-check";

interface Reply {
  readonly kind: "reply";
  readonly value: number;
}

type Ending = "answer" | "deadline" | "connection";
const unanswered = (why: "timeout" | "disconnected", details: string) =>
  ({ kind: "unanswered", why, details }) as const;

Deno.test("the first of answer, deadline and end of connection decides, and later ones find nobody", async () => {
  const endings = fc.array(fc.constantFrom<Ending>("answer", "deadline", "connection"), { minLength: 1 });
  await fc.assert(fc.asyncProperty(endings, async (order) => {
    const pending = new PendingAnswers<string, Reply>();
    const deadline = new AbortController();
    const answer = pending.wait("1", "the order", deadline.signal);
    order.forEach((ending, at) => {
      if (ending === "answer") assertEquals(pending.end("1", { kind: "reply", value: 7 }), at === 0);
      if (ending === "deadline") deadline.abort();
      if (ending === "connection") pending.endAll("closed");
      assertEquals(pending.has("1"), false);
    });
    const expected = {
      answer: { kind: "reply", value: 7 },
      deadline: unanswered("timeout", "the order was not answered in time"),
      connection: unanswered("disconnected", "closed"),
    } as const;
    assertEquals(await answer, expected[order[0] ?? "answer"]);
  }));
});

Deno.test("a deadline that had passed ends it at once", async () => {
  const answer = new PendingAnswers<number, Reply>().wait(1, "the order", AbortSignal.abort());
  assertEquals(await answer, unanswered("timeout", "the order was not answered in time"));
});

Deno.test("an answer reaches its own request alone", async () => {
  const pending = new PendingAnswers<number, Reply>();
  const { signal } = new AbortController();
  const first = pending.wait(1, "a", signal);
  const second = pending.wait(2, "b", signal);
  pending.end(2, { kind: "reply", value: 2 });
  assertEquals(await second, { kind: "reply", value: 2 });
  assertEquals(pending.has(1), true);
  pending.end(1, { kind: "reply", value: 1 });
  assertEquals(await first, { kind: "reply", value: 1 });
});
