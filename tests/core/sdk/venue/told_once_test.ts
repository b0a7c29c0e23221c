import { assertEquals } from "@std/assert";
import { worstOf } from "@berth/sdk/venue/cancel_outcomes.ts";
import { FillOwners } from "@berth/sdk/venue/fill_owners.ts";
import { ToldOnce } from "@berth/sdk/venue/told_once.ts";
import {
  clientOrderId,
  type Fill,
  fillId,
  money,
  parseInstrumentId,
  priceTicks,
  sizeLots,
  venueOrderId,
} from "@berth/sdk";

Deno.test("an id is new once, as long as it is remembered", () => {
  const told = new ToldOnce(2);
  assertEquals(["a", "b", "a", "c", "b", "a"].map((id) => told.isNew(id)), [
    true,
    true,
    false,
    true,
    false,
    true, // forgotten when c came
  ]);
});

Deno.test("of many cancels the worst is told; what is done already is as good as cancelled", () => {
  const done = { kind: "already_done", venueText: "gone" } as const;
  const refused = { kind: "rejected", code: "other", venueCode: "", venueText: "" } as const;
  const unknown = { kind: "unknown", why: "timeout", details: "" } as const;
  assertEquals(worstOf([]), { kind: "acknowledged" });
  assertEquals(worstOf([done]), { kind: "acknowledged" });
  assertEquals(worstOf([refused, done, unknown, refused]), unknown);
  assertEquals(worstOf([done, refused]), refused);
});

Deno.test("an order is asked about once for all its fills, and not where a report named it", async () => {
  const fill = (order: string): Fill => ({
    instrument: parseInstrumentId("okx:BTC-PERP"),
    fillId: fillId(`${order}-1`),
    venueOrderId: venueOrderId(order),
    clientOrderId: undefined,
    side: "buy",
    priceTicks: priceTicks(1),
    sizeLots: sizeLots(1),
    liquidity: "taker",
    fee: money(0n),
    feeAsset: "USDT",
    tsVenueMs: 1,
    tsRecvUs: 1,
  });
  const asked: string[] = [];
  const owners = new FillOwners(({ venueOrderId }) => {
    asked.push(venueOrderId);
    return Promise.resolve(venueOrderId === "2" ? clientOrderId("ours2") : undefined);
  });
  owners.note("1", clientOrderId("ours1"));
  const named = await owners.named(["1", "2", "3", "2", "3"].map(fill), new AbortController().signal);
  assertEquals<unknown>(named.map((one) => one.clientOrderId), [
    "ours1",
    "ours2",
    undefined,
    "ours2",
    undefined,
  ]);
  assertEquals(asked, ["2", "3"]);
});
