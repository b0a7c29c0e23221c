import { assert, assertEquals } from "@std/assert";
import { Router } from "../../../core/engine/router.ts";
import type { TradingGrant } from "../../../core/engine/events.ts";
import { alpha, beta, btcAt } from "../../support/engine_builders.ts";

const grant = (changes: Partial<TradingGrant> = {}): TradingGrant => ({
  venues: ["*"],
  instruments: ["*"],
  data: ["quotes"],
  orders: "none",
  ...changes,
});

Deno.test("subscribers are those whose grant covers the instrument and the kind of data", () => {
  const router = new Router();
  router.subscribe(7, grant({ venues: ["alpha"] }));
  router.addInstrument(0, btcAt(alpha));
  router.addInstrument(1, btcAt(beta));
  router.subscribe(3, grant({ data: ["quotes", "marks"] }));
  assertEquals([...router.subscribers(0, "quotes")], [7, 3]);
  assertEquals([...router.subscribers(1, "quotes")], [3]);
  assertEquals([...router.subscribers(1, "marks")], [3]);
  assertEquals([...router.subscribers(1, "books")], []);
  assertEquals([...router.subscribers(9, "quotes")], []);
});

Deno.test("the list stays the same array until somebody comes or goes, and is never changed in place", () => {
  const router = new Router();
  router.addInstrument(0, btcAt(alpha));
  router.subscribe(1, grant());
  const before = router.subscribers(0, "quotes");
  router.subscribe(2, grant({ venues: ["beta"] }));
  assert(router.subscribers(0, "quotes") === before);
  router.subscribe(3, grant());
  assertEquals([[...before], [...router.subscribers(0, "quotes")]], [[1], [1, 3]]);
  router.unsubscribe(1);
  assertEquals([...router.subscribers(0, "quotes")], [3]);
});
