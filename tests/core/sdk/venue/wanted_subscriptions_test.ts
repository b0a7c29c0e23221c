/** What a connection asks for follows what is wanted, whatever came and went in between. */
import { assertEquals } from "@std/assert";
import { WantedSubscriptions } from "@berth/sdk/venue/wanted_subscriptions.ts";
import fc from "fast-check";
import { VirtualTime } from "../../../support/venue_fakes.ts";

const keyOf = (channel: string): string => channel.toLowerCase();

Deno.test("a connection that applies the differences has asked for exactly what is wanted", async () => {
  const channel = fc.constantFrom("a", "b", "c", "d");
  const steps = fc.array(fc.record({ isWanted: fc.boolean(), channel, waits: fc.boolean() }));
  await fc.assert(fc.asyncProperty(steps, async (taken) => {
    const time = new VirtualTime();
    const asked = new Map<string, string>();
    const model = new Set<string>();
    const wanted = new WantedSubscriptions<string>({
      keyOf,
      scheduler: time,
      onChange() {
        const { gone, added } = wanted.difference(asked);
        for (const one of gone) asked.delete(keyOf(one));
        for (const one of added) asked.set(keyOf(one), one);
      },
    });
    for (const step of taken) {
      if (step.isWanted) model.add(step.channel);
      else model.delete(step.channel);
      if (step.isWanted) wanted.want([step.channel]);
      else wanted.unwant([step.channel]);
      if (step.waits) await time.advance(5);
    }
    await time.advance(5);
    assertEquals([...asked.keys()].sort(), [...model].sort());
    assertEquals([...wanted.all].sort(), [...model].sort());
  }));
});

Deno.test("what comes together goes out together, and nothing after the stop", async () => {
  const time = new VirtualTime();
  let changes = 0;
  const wanted = new WantedSubscriptions<string>({ keyOf, scheduler: time, onChange: () => changes++ });
  wanted.want(["a"]);
  wanted.want(["b"]);
  wanted.unwant(["A"]);
  await time.advance(5);
  assertEquals([changes, wanted.all], [1, ["b"]]);
  wanted.want(["c"]);
  wanted.stop();
  await time.advance(5);
  assertEquals(changes, 1);
});
