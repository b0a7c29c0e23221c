/** Questions about the past, from a strategy's call to the answer or the reason for none. */
import { instrumentId } from "@berth/sdk";
import { assertEquals, assertRejects } from "@std/assert";
import { HistoryClient } from "../../../core/sdk/history.ts";
import { decodeJson, encodeMessage } from "../../../core/protocol/codec.ts";
import type { PluginMessage } from "../../../core/protocol/messages.ts";
import { parsePluginMessage } from "../../../core/protocol/schemas.ts";

const bitcoin = instrumentId("paradex", "BTC-PERP");
const range = { fromMs: 0, toMs: 60_000 };
const bar = { tsOpenMs: 0, openPrice: 1, highPrice: 2, lowPrice: 1, closePrice: 2, volumeBase: 3 };

Deno.test("answers find their questions in whatever order they come", async () => {
  const sent: PluginMessage[] = [];
  const history = new HistoryClient((message) => void sent.push(message));
  const klines = history.klines(bitcoin, "1m", range);
  const rates = history.fundingRates(bitcoin, range);
  history.onAnswer(2, {
    kind: "funding_rates",
    rates: [{ fundingRate: 0.0001, intervalHours: 8, tsVenueMs: 1 }],
  });
  history.onAnswer(7, { kind: "klines", klines: [] });
  history.onAnswer(1, { kind: "klines", klines: [bar] });
  assertEquals(await klines, [bar]);
  assertEquals((await rates).length, 1);
  for (const message of sent) {
    const parsed = parsePluginMessage(decodeJson(encodeMessage(message)), "strategy");
    assertEquals(parsed, { kind: "message", message });
  }
});

Deno.test("no answer is an error that says why", async () => {
  const history = new HistoryClient(() => undefined);
  const failed = history.klines(bitcoin, "1m", range);
  history.onAnswer(1, { kind: "failed", code: "unreachable", details: "no adapter runs for paradex" });
  await assertRejects(
    () => failed,
    Error,
    "The past of paradex:BTC-PERP is not to be had: unreachable, no adapter",
  );
  const mixed = history.fundingRates(bitcoin, range);
  history.onAnswer(2, { kind: "klines", klines: [] });
  await assertRejects(() => mixed, Error, "an answer of klines");
});

const refused: readonly { readonly name: string; readonly question: unknown }[] = [
  {
    name: "an interval that is none",
    question: { kind: "klines", instrument: bitcoin, interval: "7m", ...range },
  },
  { name: "an instrument that is none", question: { kind: "funding_rates", instrument: "x", ...range } },
  { name: "the account's business", question: { kind: "balances" } },
  {
    name: "a time before all",
    question: { kind: "funding_rates", instrument: bitcoin, fromMs: -1, toMs: 1 },
  },
];
for (const { name, question } of refused) {
  Deno.test(`a question with ${name} does not pass the schema`, () => {
    const parsed = parsePluginMessage({ type: "history_question", questionId: 1, question }, "strategy");
    assertEquals(parsed.kind, "fault");
  });
}
