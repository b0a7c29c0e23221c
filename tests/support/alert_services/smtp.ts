/**
 * A mail server that speaks SMTP by the library of nodemailer's authors: greets, demands STARTTLS before AUTH, knows one
 * user, one sender's address and a few mailboxes, and keeps what it was sent.
 */
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { SMTPServer } from "smtp-server";

const certificates = new URL("./certificates/", import.meta.url);
/** Made for these tests; the key guards nothing. */
export const certificatePath = fileURLToPath(new URL("localhost_certificate.pem", certificates));
const key = await Deno.readTextFile(new URL("localhost_key.pem", certificates));
const certificate = await Deno.readTextFile(certificatePath);

export const mailLogin = { user: "berth", password: "example-only-password" };

export interface SmtpDouble extends AsyncDisposable {
  readonly port: number;
  readonly mails: { readonly from: string; readonly to: readonly string[]; readonly content: string }[];
  /** How connections were when somebody logged in. */
  readonly loginsOverTls: boolean[];
  /** Reply to the next message instead of taking it: 451, 552. */
  nextReply: { readonly code: number; readonly text: string } | undefined;
}

function replyError(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

/** @param offers `tls` from the first byte, `starttls`, or `plain` without any encryption */
export async function smtpDouble(offers: "tls" | "starttls" | "plain"): Promise<SmtpDouble> {
  const double: { -readonly [Name in Exclude<keyof SmtpDouble, symbol>]: SmtpDouble[Name] } = {
    port: 0,
    mails: [],
    loginsOverTls: [],
    nextReply: undefined,
  };
  const server = new SMTPServer({
    key,
    cert: certificate,
    secure: offers === "tls",
    disabledCommands: offers === "plain" ? ["STARTTLS"] : [],
    authOptional: offers === "plain",
    authMethods: ["PLAIN", "LOGIN"],
    onAuth(auth, session, done) {
      double.loginsOverTls.push(session.secure);
      const isOurs = auth.username === mailLogin.user && auth.password === mailLogin.password;
      done(isOurs ? null : replyError(535, "5.7.8 Authentication credentials invalid"), {
        user: auth.username ?? "",
      });
    },
    onMailFrom({ address }, _session, done) {
      done(
        address.endsWith("@desk.example")
          ? null
          : replyError(553, "5.7.1 Sender address rejected: not owned by user"),
      );
    },
    onRcptTo({ address }, _session, done) {
      done(address.endsWith("@people.example") ? null : replyError(550, "5.1.1 No such user here"));
    },
    onData(stream, { envelope }, done) {
      const chunks: Uint8Array[] = [];
      stream.on("data", (chunk) => chunks.push(chunk));
      stream.on("end", () => {
        const reply = double.nextReply;
        double.nextReply = undefined;
        if (reply !== undefined) return done(replyError(reply.code, reply.text));
        double.mails.push({
          from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          content: Buffer.concat(chunks).toString("utf8"),
        });
        done();
      });
    },
  });
  server.on("error", () => undefined); // clients that don't trust the certificate leave in the middle of the handshake
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.server.address();
  double.port = typeof address === "object" && address !== null ? address.port : 0;
  return Object.assign(double, {
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  });
}
