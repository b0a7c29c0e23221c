/** Two berths on one account of the simulated venues: each notices the other, and an operator decides which of them goes on. */
import { assertEquals, assertGreater } from "@std/assert";
import { pluginId } from "../../core/model/ids.ts";
import { FewHosts, okx, restOnOkx } from "./few_hosts.ts";

Deno.test("a host that comes to an account of a berth that runs is refused on every venue, and so is the first", async () => {
  const two = new FewHosts();
  const first = two.host("one1");
  await two.pass(1_500);
  const trader = two.trader(first.host, pluginId("first"));
  await two.pass(10_000);
  assertGreater(first.count.of("submit okx"), 5);
  assertGreater(first.count.of("submit paradex"), 5);
  assertEquals(first.count.of("OTHER_HOST"), 0);

  const second = two.host("two2");
  await two.pass(1_500);
  const other = two.trader(second.host, pluginId("second"));
  await two.pass(5_000);
  assertEquals(second.count.of("OTHER_HOST"), 2);
  assertEquals([second.count.of("submit okx"), second.count.of("submit paradex")], [0, 0]);
  assertGreater(second.count.of("ACCOUNT_OTHER_HOST"), 5);
  assertEquals([second.count.of("cancel okx"), second.count.of("cancel paradex")], [0, 0]);

  // An operator who lets the second go on beside the first: whoever is quicker trades, the other is closed, not both.
  for (const { id: venue } of two.venues) {
    const scope = { kind: "account" as const, venue };
    second.host.dispatch({
      kind: "operator",
      by: "cli",
      command: { kind: "set_state", scope, state: "active", reason: "a mistake" },
    });
  }
  await two.pass(5_000);
  const noticed = first.count.of("OTHER_HOST") + second.count.of("OTHER_HOST");
  assertEquals(noticed, 4);
  assertEquals([second.count.of("submit okx"), second.count.of("submit paradex")], [0, 0]);
  trader.rest();
  other.rest();
  two.stop();
});

Deno.test("a host whose journal was lost takes over its own old orders in one command, and trades on", async () => {
  const two = new FewHosts();
  const old = two.host("old1");
  await two.pass(1_500);
  two.trader(old.host, pluginId("trader")).rest();
  restOnOkx(old.host, pluginId("trader"));
  await two.pass(1_000);
  old.host.kill();
  const left = two.openOrders();
  assertEquals(left.length, 1);
  await two.pass(12_000); // the dead man's switch would cancel it after 30 s

  const fresh = two.host("new1");
  await two.pass(2_000);
  const trader = two.trader(fresh.host, pluginId("trader"));
  await two.pass(3_000);
  // Nothing of the old one is at Paradex: only OKX is closed.
  assertEquals(fresh.count.of("submit okx"), 0);
  assertGreater(fresh.count.of("submit paradex"), 0);
  assertGreater(fresh.count.of("ACCOUNT_OTHER_HOST"), 0);
  const command = { kind: "take_over", venue: okx, tag: "old1", reason: "the disk is gone" } as const;
  fresh.host.dispatch({ kind: "operator", by: "cli", command });
  await two.pass(10_000);
  assertEquals([fresh.count.of("HOST_TAKEN_OVER"), fresh.count.of("order_adopted")], [1, 1]);
  assertGreater(fresh.count.of("submit okx"), 5);
  assertEquals(two.openOrders().filter((id) => left.includes(id)), []);
  trader.rest();
  two.stop();
});
