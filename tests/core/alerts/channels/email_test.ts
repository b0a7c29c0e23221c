/** E-mail against a server that speaks real SMTP: TLS before the login, replies by their classes, harmless headers. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { emailChannel, type EmailSettings } from "../../../../core/alerts/channels/email.ts";
import type { AlertNote } from "../../../../core/alerts/alert.ts";
import type { Delivery } from "../../../../core/alerts/channels/channel.ts";
import {
  certificatePath,
  mailLogin,
  type SmtpDouble,
  smtpDouble,
} from "../../../support/alert_services/smtp.ts";
import { someNote } from "../builders.ts";

const trustedCertificates = await Deno.readTextFile(certificatePath);

function deliver(
  server: SmtpDouble,
  changes: Partial<EmailSettings> = {},
  note: AlertNote = someNote,
): Promise<Delivery> {
  const channel = emailChannel({
    host: "localhost",
    port: server.port,
    security: "starttls",
    login: mailLogin,
    from: "berth@desk.example",
    to: ["anna@people.example", "ben@people.example"],
    trustedCertificates,
    ...changes,
  }, { sender: { name: "berth", environment: "sim" }, epochMs: () => 0 });
  return channel.deliver(note, new AbortController().signal);
}

Deno.test("e-mail goes by STARTTLS, then login, to all receivers", async () => {
  await using server = await smtpDouble("starttls");
  assertEquals(await deliver(server), { kind: "sent", pauseMs: 0 });
  assertEquals(server.loginsOverTls, [true]);
  const [mail] = server.mails;
  assertEquals(mail?.from, "berth@desk.example");
  assertEquals(mail?.to, ["anna@people.example", "ben@people.example"]);
  assertMatch(mail?.content ?? "", /^Subject: \[critical\] berth sim: okx disconnected: market data is$/m);
  assertMatch(mail?.content ?? "", /^Message-ID: <run-1@berth\.invalid>\r$/m);
  assertMatch(mail?.content ?? "", /\r\n\r\nokx disconnected: market data is reconnecting\r\n/);
});

Deno.test("e-mail goes by TLS from the first byte", async () => {
  await using server = await smtpDouble("tls");
  assertEquals((await deliver(server, { security: "tls" })).kind, "sent");
  assertEquals(server.loginsOverTls, [true]);
});

Deno.test("a server on this machine may go without TLS and login", async () => {
  await using server = await smtpDouble("plain");
  assertEquals((await deliver(server, { security: "none", login: undefined })).kind, "sent");
  assertEquals(server.mails.length, 1);
});

Deno.test("a server that offers no TLS never sees the password", async () => {
  await using server = await smtpDouble("plain");
  const end = await deliver(server);
  assert(end.kind === "failed" || end.kind === "misconfigured", end.kind);
  assertEquals([server.loginsOverTls, server.mails], [[], []]);
});

Deno.test("a certificate that nobody vouches for never sees the password", async () => {
  await using server = await smtpDouble("starttls");
  const end = await deliver(server, { trustedCertificates: undefined });
  assertEquals(end, { kind: "failed", reason: "its certificate is not trusted, or it speaks no TLS" });
  assertEquals(server.loginsOverTls, []);
});

const replies: readonly (readonly [string, Partial<EmailSettings>, Delivery["kind"], RegExp])[] = [
  ["a wrong password", { login: { ...mailLogin, password: "wrong-password" } }, "misconfigured", /535/],
  ["a sender that is not ours", { from: "me@elsewhere.example" }, "misconfigured", /553/],
  ["a receiver that nobody knows", { to: ["nobody@elsewhere.example"] }, "misconfigured", /550/],
];
for (const [name, changes, kind, words] of replies) {
  Deno.test(`e-mail: ${name} is the operator's to mend`, async () => {
    await using server = await smtpDouble("starttls");
    const end = await deliver(server, changes);
    assertEquals(end.kind, kind, JSON.stringify(end));
    assert("reason" in end);
    assertMatch(end.reason, words);
    assert(!end.reason.includes("wrong-password"));
  });
}

Deno.test("e-mail: a receiver of several that nobody knows is named, the others get it once", async () => {
  await using server = await smtpDouble("starttls");
  const end = await deliver(server, { to: ["anna@people.example", "nobody@elsewhere.example"] });
  assertEquals(end, { kind: "sent_in_part", reason: "refused for nobody@elsewhere.example" });
  assertEquals(server.mails.map(({ to }) => to), [["anna@people.example"]]);
});

Deno.test("e-mail: 4yz may work later, 5yz about the message never will", async () => {
  await using server = await smtpDouble("starttls");
  server.nextReply = { code: 451, text: "4.3.0 Try again later" };
  assertEquals((await deliver(server)).kind, "failed");
  server.nextReply = { code: 552, text: "5.3.4 Message too big" };
  assertEquals((await deliver(server)).kind, "rejected");
  assertEquals((await deliver(server)).kind, "sent");
});

Deno.test("a text can't add headers or receivers", async () => {
  await using server = await smtpDouble("starttls");
  const text = "boom\r\nBcc: thief@people.example\r\n\r\n.\r\nMAIL FROM:<x@desk.example>";
  assertEquals((await deliver(server, {}, { ...someNote, text })).kind, "sent");
  assertEquals(server.mails.length, 1);
  const [head = "", ...body] = server.mails[0]?.content.split("\r\n\r\n") ?? [];
  assert(!/^Bcc:/m.test(head));
  assertEquals(server.mails[0]?.to, ["anna@people.example", "ben@people.example"]);
  assertMatch(body.join("\r\n\r\n"), /Bcc: thief/);
});

Deno.test("nobody listens: a failure that may pass", async () => {
  const server = await smtpDouble("starttls");
  await server[Symbol.asyncDispose]();
  assertEquals(await deliver(server), { kind: "failed", reason: "the connection was refused" });
});
