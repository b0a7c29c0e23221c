import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BerthError } from "../../../core/errors.ts";
import { ClientOrderIds, pluginHash } from "../../../core/execution/client_order_ids.ts";
import { pluginId } from "../../../core/model/ids.ts";

const anyPlugin = fc.stringMatching(/^[a-z][a-z0-9_]{1,47}$/).map(pluginId);
const anyTag = fc.stringMatching(/^[a-z0-9]{2,4}$/);

Deno.test("an id says whose it is and which, is 21 letters and digits, and never repeats", () => {
  fc.assert(
    fc.property(anyTag, anyPlugin, fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 }), (tag, plugin, counter) => {
      fc.pre(counter < 36 ** 9 - 2);
      const ids = new ClientOrderIds(tag, counter);
      const [first, second] = [ids.next(plugin), ids.next(plugin)];
      assert(/^[a-z0-9]{21}$/.test(first));
      assertNotEquals(first, second);
      assertEquals(ids.parse(first), { pluginHash: pluginHash(plugin), counter });
      assertEquals(ids.parse(second)?.counter, counter + 1);
      assertEquals(new ClientOrderIds(tag, 0).isOurs(first), true);
    }),
  );
});

Deno.test("others' ids are not ours: another host's, the venue's, none", () => {
  const ids = new ClientOrderIds("aa1", 7);
  const foreign = new ClientOrderIds("aa2", 7).next(pluginId("maker"));
  for (const id of [foreign, "12345", "", "b0aa1", `${ids.next(pluginId("maker"))}x`, undefined]) {
    assertEquals(ids.isOurs(id), false);
  }
});

Deno.test("the counter moves beyond what was seen at the venue, and never back", () => {
  const earlier = new ClientOrderIds("aa1", 500);
  const seen = earlier.next(pluginId("maker"));
  const ids = new ClientOrderIds("aa1", 10);
  ids.observe(seen);
  assertEquals(ids.counter, 501);
  ids.observe(new ClientOrderIds("aa1", 3).next(pluginId("maker")));
  ids.observe("nonsense");
  assertEquals(ids.counter, 501);
});

Deno.test("a host tag or counter that can't be is refused", () => {
  for (const tag of ["", "a", "abcde", "AB", "a-b"]) {
    assertThrows(() => new ClientOrderIds(tag, 1), BerthError);
  }
  for (const counter of [-1, 0.5, NaN, 2 ** 53]) {
    assertThrows(() => new ClientOrderIds("ab", counter), BerthError);
  }
});
