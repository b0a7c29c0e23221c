/** The disk under the journal is full while orders rest at the venues. */
import { assertEquals } from "@std/assert";
import { pluginId } from "../../core/model/ids.ts";
import { FewHosts, restOnOkx } from "./few_hosts.ts";

Deno.test("without its journal a host sends no order any more, but cancels all that rest", async () => {
  const hosts = new FewHosts();
  const { host, disk } = hosts.host("one1");
  await hosts.pass(1_500);
  const plugin = pluginId("trader");
  hosts.trader(host, plugin).rest();
  restOnOkx(host, plugin);
  await hosts.pass(1_000);
  disk.isFull = true;
  const resting = hosts.openOrders();
  const recorded = disk.records.length;
  assertEquals(resting.length, 1);

  restOnOkx(host, plugin);
  await hosts.pass(1_000);
  assertEquals(hosts.openOrders(), resting);

  host.dispatch({ kind: "operator", by: "host", command: { kind: "shutdown", deadlineMs: 5_000 } });
  await hosts.pass(2_000);
  assertEquals(hosts.openOrders(), []);
  assertEquals(disk.records.length, recorded);
  hosts.stop();
});
