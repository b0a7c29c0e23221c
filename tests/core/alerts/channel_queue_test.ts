/** Notes that wait: order, bounds, pauses and the circuit, over whatever a service answers, on virtual time. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type AlertNote, alertSeverities, isAtLeast } from "../../../core/alerts/alert.ts";
import { ChannelQueue, maxQueued } from "../../../core/alerts/channel_queue.ts";
import type { Channel, Delivery } from "../../../core/alerts/channels/channel.ts";
import { afterDelivery, type Circuit, closedCircuit, tripAfter } from "../../../core/alerts/circuit.ts";
import { discordChannel } from "../../../core/alerts/channels/discord.ts";
import { slackChannel } from "../../../core/alerts/channels/slack.ts";
import { telegramChannel } from "../../../core/alerts/channels/telegram.ts";
import { discordDouble, discordPath } from "../../support/alert_services/discord.ts";
import { slackDouble, slackPath } from "../../support/alert_services/slack.ts";
import { telegramDouble, telegramToken } from "../../support/alert_services/telegram.ts";
import { someNote } from "./builders.ts";

/** A queue whose waits make time pass, and nothing else does. */
function queueOf(channel: Channel, time = { nowMs: 0 }) {
  const pauses: number[] = [];
  const queue = new ChannelQueue({
    name: "phone",
    kind: "webhook",
    channel,
    monotonicMs: () => time.nowMs,
    epochMs: () => time.nowMs,
    before: undefined,
    random: () => 0.5,
    wait: (ms) => {
      pauses.push(ms);
      time.nowMs += ms;
      return Promise.resolve();
    },
  });
  const idle = (): Promise<void> => queue.finish(new Promise(() => undefined));
  return { queue, time, pauses, idle };
}

/** Answers one after the other, then `sent`. */
function scripted(deliveries: readonly Delivery[], spacingMs = 0) {
  const rest = [...deliveries];
  const tried: string[] = [];
  const channel: Channel = {
    spacingMs,
    deliver: (note) => {
      tried.push(note.id);
      return Promise.resolve(rest.shift() ?? { kind: "sent", pauseMs: 0 });
    },
  };
  return { channel, tried };
}

const note = (id: number, severity: AlertNote["severity"] = "warning"): AlertNote => ({
  ...someNote,
  id: `run-${id}`,
  severity,
});
const failed: Delivery = { kind: "failed", reason: "no connection" };

Deno.test("a failure is tried again, later and later, and the next note waits its turn", async () => {
  const { channel, tried } = scripted([failed, failed, failed]);
  const { queue, pauses, idle } = queueOf(channel);
  queue.offer(note(1));
  queue.offer(note(2));
  await idle();
  assertEquals(tried, ["run-1", "run-1", "run-1", "run-1", "run-2"]);
  assertEquals(pauses, [1_125, 2_250, 4_500]);
  assertEquals(queue.status().sent, 2);
  assertEquals(queue.status().failed, 3);
});

Deno.test("after five failures the circuit opens; one note a time tries whether the service is back", async () => {
  const { channel } = scripted(Array.from({ length: 7 }, () => failed));
  const { queue, pauses, idle } = queueOf(channel);
  queue.offer(note(1));
  await idle();
  assertEquals(pauses, [1_125, 2_250, 4_500, 9_000, 67_500, 135_000, 270_000]);
  assertEquals([queue.status().circuit, queue.status().why], ["closed", ""]);
});

Deno.test("what only the operator can mend opens the circuit at once; the note is kept for twenty attempts", async () => {
  const wrong: Delivery = { kind: "misconfigured", reason: "status 401" };
  const { channel, tried } = scripted(Array.from({ length: 20 }, () => wrong));
  const { queue, pauses, idle } = queueOf(channel);
  queue.offer(note(1));
  queue.offer(note(2));
  await idle();
  assertEquals(pauses[0], 67_500);
  assert(pauses.every((pause) => pause <= 900_000 * 1.125));
  assertEquals(tried.filter((id) => id === "run-1").length, 20);
  assertEquals([queue.status().sent, queue.status().dropped, queue.status().failed], [1, 1, 20]);
});

Deno.test("a note that is refused for what it is makes way for the next", async () => {
  const { channel, tried } = scripted([{ kind: "rejected", reason: "too long" }]);
  const { queue, idle } = queueOf(channel);
  queue.offer(note(1));
  queue.offer(note(2));
  await idle();
  assertEquals(tried, ["run-1", "run-2"]);
  assertEquals([queue.status().sent, queue.status().dropped], [1, 1]);
});

Deno.test("a full queue drops the least important, of equals the oldest, and counts it", async () => {
  let isOpen = false;
  const sent: string[] = [];
  const opened = Promise.withResolvers<void>();
  const { queue, idle } = queueOf({
    spacingMs: 0,
    deliver: async ({ id }) => {
      if (!isOpen) await opened.promise;
      sent.push(id);
      return { kind: "sent", pauseMs: 0 };
    },
  });
  queue.offer(note(0, "notice")); // under way
  for (let id = 1; id <= maxQueued - 1; id++) queue.offer(note(id, id === 50 ? "notice" : "warning"));
  queue.offer(note(1_000, "critical"));
  queue.offer(note(1_001, "critical"));
  queue.offer(note(1_002, "notice"));
  assertEquals([queue.status().queued, queue.status().dropped], [maxQueued, 3]);
  isOpen = true;
  opened.resolve();
  await idle();
  assertEquals(["run-50", "run-1", "run-1002"].filter((id) => sent.includes(id)), []);
  assertEquals(sent.slice(-2), ["run-1000", "run-1001"]);
});

Deno.test("when the host stops, what still waits is given up at the deadline, and counted", async () => {
  const { queue } = queueOf({
    spacingMs: 0,
    deliver: (_, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(failed), { once: true })),
  });
  queue.offer(note(1));
  queue.offer(note(2));
  await queue.finish(Promise.resolve());
  assertEquals([queue.status().queued, queue.status().dropped], [0, 2]);
  queue.offer(note(3));
  assertEquals(queue.status().queued, 0);
});

const anyDelivery: fc.Arbitrary<Delivery> = fc.oneof(
  fc.nat({ max: 5_000 }).map((pauseMs): Delivery => ({ kind: "sent", pauseMs })),
  fc.nat({ max: 100_000 }).map((afterMs): Delivery => ({ kind: "limited", afterMs })),
  fc.constantFrom<Delivery>(
    failed,
    { kind: "rejected", reason: "no" },
    { kind: "misconfigured", reason: "wrong" },
  ),
);

Deno.test("whatever a service answers, notes leave in order, none twice, spaced, and every one is accounted for", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(anyDelivery, { maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom(0, 500, 3_000),
      async (deliveries, count, spacingMs) => {
        const rest = [...deliveries];
        const time = { nowMs: 0 };
        const sent: string[] = [];
        let lastMs = -Infinity;
        const { queue, idle } = queueOf({
          spacingMs,
          deliver: ({ id }) => {
            assert(time.nowMs - lastMs >= spacingMs, "too soon");
            lastMs = time.nowMs;
            const delivery: Delivery = rest.shift() ?? { kind: "sent", pauseMs: 0 };
            if (delivery.kind === "sent") sent.push(id);
            return Promise.resolve(delivery);
          },
        }, time);
        for (let id = 0; id < count; id++) queue.offer(note(id));
        await idle();
        assertEquals(sent, [...sent].sort((a, b) => Number(a.slice(4)) - Number(b.slice(4))));
        assertEquals(new Set(sent).size, sent.length);
        const { sent: told, dropped, queued } = queue.status();
        assertEquals([told + dropped, told, queued], [count, sent.length, 0]);
      },
    ),
    { numRuns: 60 },
  ));

Deno.test("pauses grow and are bounded; a delivery closes the circuit", () =>
  fc.assert(
    fc.property(
      fc.array(anyDelivery),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (deliveries, random) => {
        let circuit: Circuit = closedCircuit;
        for (const delivery of deliveries) {
          const after = afterDelivery(circuit, delivery, 0, 500, random);
          assert(after.notBeforeMs >= 500 && after.notBeforeMs <= 3_600_000);
          if (delivery.kind === "sent") {
            assertEquals([after.isOpen, after.failures, after.why], [false, 0, ""]);
          }
          if (delivery.kind === "limited") {
            assertEquals(after.failures, circuit.failures);
          }
          if (delivery.kind === "failed") {
            assertEquals(after.failures, circuit.failures + 1);
            assert(!after.isOpen || circuit.isOpen || after.failures >= tripAfter);
          }
          if (delivery.kind === "misconfigured") assert(after.isOpen);
          circuit = after;
        }
      },
    ),
  ));

/** Each against its service's own limits: a burst arrives whole and in order, and is never slowed down by a 429. */
const burst = Array.from({ length: 12 }, (_, id) => ({ ...note(id), text: `number ${id}` }));
const surroundings = (time: { nowMs: number }) => ({
  sender: { name: "berth", environment: "sim" },
  epochMs: () => time.nowMs,
});
const numbersIn = (texts: readonly string[]): readonly string[] =>
  texts.map((text) => /number (\d+)/.exec(text)?.[1] ?? "?");
const expected = burst.map((_, id) => String(id));

Deno.test("a burst keeps within Telegram's limits for a chat and for a group", async () => {
  for (const chatId of ["42", "-100200"]) {
    const time = { nowMs: 0 };
    await using service = telegramDouble(time, { [chatId]: "open" });
    const target = { apiUrl: service.url, token: telegramToken, chatId };
    const { queue, idle } = queueOf(telegramChannel(target, surroundings(time)), time);
    for (const one of burst) queue.offer(one);
    await idle();
    assertEquals([numbersIn(service.texts), service.limited], [expected, 0]);
  }
});

Deno.test("a burst keeps within Discord's limits", async () => {
  const time = { nowMs: 0 };
  await using service = discordDouble(time);
  const { queue, idle } = queueOf(
    discordChannel({ url: service.url + discordPath }, surroundings(time)),
    time,
  );
  for (const one of burst) queue.offer(one);
  await idle();
  assertEquals([numbersIn(service.rendered), service.limited], [expected, 0]);
});

Deno.test("a burst keeps within Slack's limits", async () => {
  const time = { nowMs: 0 };
  await using service = slackDouble(time);
  const { queue, idle } = queueOf(slackChannel({ url: service.url + slackPath }, surroundings(time)), time);
  for (const one of burst) queue.offer(one);
  await idle();
  assertEquals([numbersIn(service.texts), service.limited], [expected, 0]);
});

Deno.test("two hosts on one webhook slow each other down, and lose nothing", async () => {
  const time = { nowMs: 0 };
  await using service = slackDouble(time);
  const one = queueOf(slackChannel({ url: service.url + slackPath }, surroundings(time)), time);
  const other = queueOf(slackChannel({ url: service.url + slackPath }, surroundings(time)), time);
  for (const each of burst) {
    one.queue.offer(each);
    other.queue.offer(each);
  }
  await Promise.all([one.idle(), other.idle()]);
  assertEquals(numbersIn(service.texts).toSorted(), [...expected, ...expected].toSorted());
  assert(service.limited > 0);
});

Deno.test("severities are an order", () => {
  const pairs = alertSeverities.flatMap((a) => alertSeverities.map((b) => [a, b] as const));
  assertEquals(pairs.filter(([a, b]) => isAtLeast(a, b)).length, 6);
});
