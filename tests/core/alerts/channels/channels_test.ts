/**
 * Each channel against a server that plays the service strictly: what it takes, what it refuses, how it slows down. No
 * reason that comes back may name an address or a secret, and no text may do more than be read.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { AlertNote } from "../../../../core/alerts/alert.ts";
import type { Channel, ChannelSurroundings, Delivery } from "../../../../core/alerts/channels/channel.ts";
import { discordChannel } from "../../../../core/alerts/channels/discord.ts";
import { slackChannel } from "../../../../core/alerts/channels/slack.ts";
import { telegramChannel } from "../../../../core/alerts/channels/telegram.ts";
import { webhookChannel } from "../../../../core/alerts/channels/webhook.ts";
import { systemClock } from "../../../../core/host/system_clock.ts";
import { discordDouble, discordPath } from "../../../support/alert_services/discord.ts";
import { serve } from "../../../support/alert_services/service.ts";
import { slackDouble, slackPath } from "../../../support/alert_services/slack.ts";
import { telegramDouble, telegramToken } from "../../../support/alert_services/telegram.ts";
import { webhookDouble, webhookKey } from "../../../support/alert_services/webhook.ts";
import { someNote } from "../builders.ts";

const clock = systemClock();
const around: ChannelSurroundings = {
  sender: { name: "berth", environment: "sim" },
  epochMs: () => clock.epochMs(),
};
const never = new AbortController().signal;
const deliver = (channel: Channel, note: AlertNote = someNote): Promise<Delivery> =>
  channel.deliver(note, never);

/** Everything that a stranger might put into a plugin's last words. */
const nasty =
  "@everyone <!channel> <@U123> <@&42> [click](https://evil.example) **bold** `code` ||spoiler|| _x_\n" +
  "# heading\n> quote\n- item\nhttps://evil.example/a?b=c&d \u202Eesrever\u0007 </script>";
const long = { ...someNote, text: `${"many <words> & *stars* ".repeat(400)}😀` };

Deno.test("Telegram: a text is shown as it is, pings nobody and links nowhere", async () => {
  await using service = telegramDouble({ nowMs: 0 }, { "42": "open" });
  const channel = telegramChannel({ apiUrl: service.url, token: telegramToken, chatId: "42" }, around);
  assertEquals(await deliver(channel, { ...someNote, text: nasty }), { kind: "sent", pauseMs: 0 });
  const [text = ""] = service.texts;
  assertMatch(text, /^\[critical\] berth sim\n/);
  assertMatch(text, /\*\*bold\*\* `code`/);
  assertEquals(text.match(/@\w|:\/\/|\.\w\w|\u202E/g), null);
  assert(!text.includes("\u0007"));
  assertEquals(service.silent, [false]);
});

Deno.test("Telegram: what is too long is cut at 4096, and an end comes without a sound", async () => {
  const time = { nowMs: 0 };
  await using service = telegramDouble(time, { "-100200": "open" });
  const channel = telegramChannel({ apiUrl: service.url, token: telegramToken, chatId: "-100200" }, around);
  assertEquals((await deliver(channel, { ...long, kind: "resolved" })).kind, "sent");
  assertEquals(service.texts[0]?.length, 4096);
  assertMatch(service.texts[0] ?? "", /^\[resolved\].*…$/s);
  assertEquals(service.silent, [true]);
});

const telegramErrors: readonly (readonly [string, string, string, Delivery["kind"], RegExp])[] = [
  ["a wrong token", telegramToken.replace("AAE", "AAF"), "42", "misconfigured", /401.*Unauthorized/],
  ["an unknown chat", telegramToken, "43", "misconfigured", /chat not found/],
  ["a user who blocked the bot", telegramToken, "44", "misconfigured", /blocked by the user/],
  [
    "a group that has moved",
    telegramToken,
    "-45",
    "misconfigured",
    /upgraded to a supergroup.*chatId is -1001234567890 now/,
  ],
];
for (const [name, token, chatId, kind, words] of telegramErrors) {
  Deno.test(`Telegram: ${name} is the operator's to mend`, async () => {
    await using service = telegramDouble({ nowMs: 0 }, { "42": "open", "44": "blocked", "-45": "upgraded" });
    const end = await deliver(telegramChannel({ apiUrl: service.url, token, chatId }, around));
    assertEquals(end.kind, kind);
    assertReason(end, words, [token, service.url]);
  });
}

Deno.test("Telegram: a second message within the second is asked to wait by retry_after", async () => {
  const time = { nowMs: 0 };
  await using service = telegramDouble(time, { "42": "open" });
  const channel = telegramChannel({ apiUrl: service.url, token: telegramToken, chatId: "42" }, around);
  await deliver(channel);
  assertEquals(await deliver(channel), { kind: "limited", afterMs: 1_000 });
  time.nowMs = 1_000;
  assertEquals((await deliver(channel)).kind, "sent");
});

Deno.test("Discord: a text is read as it was written: no ping, no link, no format, no embed", async () => {
  await using service = discordDouble({ nowMs: 0 });
  const channel = discordChannel({ url: service.url + discordPath }, around);
  assertEquals((await deliver(channel, { ...someNote, text: nasty })).kind, "sent");
  const [text = ""] = service.rendered;
  assertEquals(service.pings, 0);
  assertEquals(text.match(/LINK|FORMAT|BLOCK|TAG|URL/g), null, text);
  assertEquals(text.replaceAll("\u2060", "").split("\n").slice(0, 3), [
    "[critical] berth sim",
    "@everyone <!channel> <@U123> <@&42> [click](https://evil.example) **bold** `code` ||spoiler|| _x_",
    "# heading",
  ]);
});

Deno.test("Discord's double sees what it must: unescaped text pings, links and formats", async () => {
  await using service = discordDouble({ nowMs: 0 });
  const body = JSON.stringify({ content: nasty });
  const headers = { "content-type": "application/json" };
  const response = await fetch(service.url + discordPath, { method: "POST", body, headers });
  await response.body?.cancel();
  assert(service.pings > 0);
  for (const word of ["LINK", "FORMAT", "BLOCK", "TAG", "URL"]) {
    assertMatch(service.rendered[0] ?? "", RegExp(word));
  }
});

Deno.test("Discord: what is too long once escaped is cut at 2000, never inside an escape", async () => {
  await using service = discordDouble({ nowMs: 0 });
  const channel = discordChannel({ url: service.url + discordPath }, around);
  assertEquals((await deliver(channel, long)).kind, "sent");
  const [content = ""] = service.contents;
  assert(content.length <= 2000 && content.length > 1990);
  assertMatch(content, /[^\\]…$/);
  assertEquals(service.rendered[0]?.match(/FORMAT|TAG/g), null);
});

Deno.test("Discord: headers say when the bucket is empty, 429 says for how long", async () => {
  const time = { nowMs: 0 };
  await using service = discordDouble(time);
  const channel = discordChannel({ url: service.url + discordPath }, around);
  for (let count = 0; count < 4; count++) assertEquals(await deliver(channel), { kind: "sent", pauseMs: 0 });
  assertEquals(await deliver(channel), { kind: "sent", pauseMs: 2_000 });
  assertEquals(await deliver(channel), { kind: "limited", afterMs: 2_000 });
  time.nowMs = 2_000;
  assertEquals((await deliver(channel)).kind, "sent");
});

const discordErrors: readonly (readonly [string, string, RegExp])[] = [
  [
    "a webhook that was deleted",
    discordPath.replace("223704706495545344", "223704706495545345"),
    /Unknown Webhook/,
  ],
  ["a wrong token", `${discordPath}x`, /Invalid Webhook Token/],
];
for (const [name, path, words] of discordErrors) {
  Deno.test(`Discord: ${name} is the operator's to mend`, async () => {
    await using service = discordDouble({ nowMs: 0 });
    const url = service.url + path;
    const end = await deliver(discordChannel({ url }, around));
    assertEquals(end.kind, "misconfigured");
    assertReason(end, words, [url, path, path.split("/").at(-1) ?? ""]);
  });
}

Deno.test("Slack: a text is read as it was written: no mention, no link, no format", async () => {
  await using service = slackDouble({ nowMs: 0 });
  const channel = slackChannel({ url: service.url + slackPath }, around);
  assertEquals(await deliver(channel, { ...someNote, text: nasty }), { kind: "sent", pauseMs: 0 });
  assertEquals(service.controls, 0);
  assertMatch(service.texts[0] ?? "", /<!channel> <@\u2060U123>/);
});

Deno.test("Slack: what is too long once escaped is cut at 4000, never inside an escape", async () => {
  await using service = slackDouble({ nowMs: 0 });
  const channel = slackChannel({ url: service.url + slackPath }, around);
  assertEquals((await deliver(channel, { ...long, text: "<&>".repeat(3_000) })).kind, "sent");
  assertEquals(service.texts[0]?.replaceAll(/[<&>]/g, "").split("\n")[1], "…");
});

Deno.test("Slack: a second message within the second is asked to wait by Retry-After", async () => {
  const time = { nowMs: 0 };
  await using service = slackDouble(time);
  const channel = slackChannel({ url: service.url + slackPath }, around);
  await deliver(channel);
  assertEquals(await deliver(channel), { kind: "limited", afterMs: 1_000 });
});

Deno.test("Slack: webhooks that are gone, channels that are closed, and no for good are the operator's to mend", async () => {
  await using service = slackDouble({ nowMs: 0 });
  const cases = [[`${slackPath}x`, "open", /no_service/], [slackPath, "archived", /channel_is_archived/], [
    slackPath,
    "prohibited",
    /action_prohibited/,
  ]] as const;
  for (const [path, state, words] of cases) {
    service.state = state;
    const end = await deliver(slackChannel({ url: service.url + path }, around));
    assertEquals(end.kind, "misconfigured");
    assertReason(end, words, [service.url, path]);
  }
});

Deno.test("webhook: another library knows the sender and reads the note; a repeated one is dropped", async () => {
  await using service = webhookDouble();
  const channel = webhookChannel({ url: service.url, signingKey: webhookKey }, around);
  const note: AlertNote = { ...someNote, kind: "resolved", lastedMs: 8_000, text: nasty };
  assertEquals(await deliver(channel, note), { kind: "sent", pauseMs: 0 });
  assertEquals(await deliver(channel, note), { kind: "sent", pauseMs: 0 });
  assertEquals(service.refused, []);
  assertEquals<unknown>(service.received, [{
    type: "alert.resolved",
    timestamp: "2026-01-15T12:00:00.000Z",
    data: {
      id: "run-1",
      rule: "venue_disconnected",
      subject: "okx",
      severity: "critical",
      text: nasty, // for a program: as it is
      lastedMs: 8_000,
      headline: "[resolved] berth sim",
      sender: "berth",
      environment: "sim",
    },
  }]);
});

Deno.test("webhook: another key, or a clock that is far off, is not believed", async () => {
  await using service = webhookDouble();
  const otherKey = `whsec_${new Uint8Array(32).toBase64()}`;
  const old = { ...around, epochMs: () => clock.epochMs() - 600_000 };
  for (
    const channel of [
      webhookChannel({ url: service.url, signingKey: otherKey }, around),
      webhookChannel({ url: service.url, signingKey: webhookKey }, old),
    ]
  ) {
    const end = await deliver(channel);
    assertEquals(end.kind, "misconfigured");
    assertReason(end, /401: who are you/, [service.url, webhookKey, otherKey]);
  }
  assertEquals(service.refused, ["No matching signature found", "Message timestamp too old"]);
});

const answers: readonly (readonly [string, Response, Delivery["kind"]])[] = [
  ["an error of the server", new Response("oops", { status: 500 }), "failed"],
  ["a gateway without a server", new Response("<html>", { status: 502 }), "failed"],
  ["too many requests", new Response("", { status: 429, headers: { "retry-after": "7" } }), "limited"],
  ["too many requests, without saying for how long", new Response("", { status: 429 }), "limited"],
  ["a note it will not take", new Response("too large", { status: 413 }), "rejected"],
  [
    "another place",
    new Response("", { status: 302, headers: { location: "https://evil.example/" } }),
    "misconfigured",
  ],
  ["gone for good", new Response("", { status: 410 }), "misconfigured"],
];
for (const [name, answer, kind] of answers) {
  Deno.test(`webhook: ${name} is ${kind}`, async () => {
    await using service = webhookDouble();
    service.answers.push(answer);
    const end = await deliver(webhookChannel({ url: service.url, signingKey: webhookKey }, around));
    assertEquals(end.kind, kind);
    if (end.kind === "limited") assertEquals(end.afterMs, name.includes("without") ? 5_000 : 7_000);
    else assertReason(end, /status \d{3}/, [service.url]);
  });
}

Deno.test("a service that repeats the secret it was asked with is not repeated", async () => {
  await using service = serve((request) => new Response(`no such ${request.url}`, { status: 404 }));
  const url = `${service.url}/services/T1/B1/SecretPart0123456789`;
  assertReason(await deliver(slackChannel({ url }, around)), /status 404: no such/, [url, "SecretPart"]);
  const telegram = telegramChannel({ apiUrl: service.url, token: telegramToken, chatId: "1" }, around);
  assertReason(await deliver(telegram), /status 404: no such/, [telegramToken]);
});

Deno.test("nobody at the address: a reason without the address", async () => {
  const service = serve(() => new Response());
  await service[Symbol.asyncDispose]();
  const url = `${service.url}${slackPath}`;
  const end = await deliver(slackChannel({ url }, around));
  assertEquals(end, { kind: "failed", reason: "the connection was refused" });
});

Deno.test("a name that nobody knows: a reason without the name", async () => {
  const end = await deliver(slackChannel({ url: `https://berth-test.invalid${slackPath}` }, around));
  assertEquals(end.kind, "failed");
  assertReason(end, /./, ["berth-test", slackPath]);
});

Deno.test("a server without TLS where https was asked for is a failure, not a delivery", async () => {
  await using service = serve(() => new Response("ok"));
  const end = await deliver(
    slackChannel({ url: service.url.replace("http:", "https:") + slackPath }, around),
  );
  assertEquals(end.kind, "failed");
});

Deno.test("a service that never answers is left when the host stops", async () => {
  await using service = webhookDouble();
  service.isHanging = true;
  const stop = new AbortController();
  const end = webhookChannel({ url: service.url, signingKey: webhookKey }, around).deliver(
    someNote,
    stop.signal,
  );
  stop.abort();
  assertEquals((await end).kind, "failed");
});

function assertReason(end: Delivery, words: RegExp, secrets: readonly string[]): void {
  assert("reason" in end, `${end.kind} has no reason`);
  assertMatch(end.reason, words);
  for (const secret of secrets) assert(!end.reason.includes(secret), end.reason);
}
