/** E-mail by SMTP: plain text, one recipient list, over TLS unless the server is on this machine. */
import type { AlertNote } from "../alert.ts";
import { headlineOf } from "../alert.ts";
import { redactor } from "../../terminal/redaction.ts";
import type { Channel, ChannelSurroundings, Delivery } from "./channel.ts";
import { whyNot } from "./http_post.ts";
import { escapedWithin, harmlessText } from "./texts.ts";

export interface EmailSettings {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte (465), `starttls` demanded after the greeting (587), `none` for a server on this machine. */
  readonly security: "tls" | "starttls" | "none";
  /** Both or neither. */
  readonly login: { readonly user: string; readonly password: string } | undefined;
  readonly from: string;
  readonly to: readonly string[];
  /** Certificates in PEM to trust instead of the system's; undefined for the system's. */
  readonly trustedCertificates: string | undefined;
}

const timeoutMs = 10_000;
const maxSubject = 120;
const maxText = 20_000;

export function emailChannel(settings: EmailSettings, { sender }: ChannelSurroundings): Channel {
  const { host, port, security, login, from, to, trustedCertificates } = settings;
  return {
    spacingMs: 1_000,
    async deliver(note: AlertNote, signal: AbortSignal): Promise<Delivery> {
      // Loaded by those who use it: it is as large as all else of the alerts.
      const { createTransport } = await import("nodemailer");
      const transport = createTransport({
        host,
        port,
        secure: security === "tls",
        requireTLS: security === "starttls",
        ignoreTLS: security === "none",
        ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password } }),
        ...(trustedCertificates === undefined ? {} : { tls: { ca: trustedCertificates } }),
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        dnsTimeout: timeoutMs,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      const abort = (): void => transport.close();
      signal.addEventListener("abort", abort, { once: true });
      try {
        const { rejected } = await transport.sendMail({
          from,
          to: [...to],
          subject: subjectOf(note, headlineOf(note, sender)),
          text: escapedWithin(harmlessText(note.text), maxText, (part) => part),
          // The same for every attempt, so that a mailbox shows a repeated one once.
          messageId: `<${note.id}@berth.invalid>`,
          headers: { "Auto-Submitted": "auto-generated" },
          ...(note.severity === "critical" && note.kind !== "resolved" ? { priority: "high" as const } : {}),
        });
        return rejected.length === 0
          ? { kind: "sent", pauseMs: 0 }
          : { kind: "sent_in_part", reason: `refused for ${rejected.map(addressText).join(", ")}` };
      } catch (error) {
        return meaningOf(error, redactor(login === undefined ? [] : [login.password]));
      } finally {
        signal.removeEventListener("abort", abort);
        transport.close();
      }
    },
  };
}

const addressText = (address: string | { readonly address: string }): string =>
  typeof address === "string" ? address : address.address;

const subjectOf = ({ text }: AlertNote, headline: string): string =>
  escapedWithin(harmlessText(`${headline}: ${text.split("\n")[0]}`), maxSubject, (part) => part);

/** Reply codes of RFC 5321: 4yz may work later, 5yz never will; 530 and 535 are about the login (RFC 4954). */
function meaningOf(error: unknown, redact: (text: string) => string): Delivery {
  const fields: Readonly<Record<string, unknown>> = error instanceof Error ? { ...error } : {};
  const status = typeof fields.responseCode === "number" ? fields.responseCode : undefined;
  if (status === undefined) {
    return fields.code === "EAUTH" || fields.code === "ENOAUTH"
      ? { kind: "misconfigured", reason: "the server offers no way to log in" }
      : { kind: "failed", reason: whyNot(error) };
  }
  const said = redact(String(fields.response ?? "")).replaceAll(/\s+/g, " ").slice(0, 200);
  const reason = said === "" ? `reply ${status}` : `reply ${said}`;
  if (status < 500) return { kind: "failed", reason };
  const isAboutSender = fields.command !== "DATA";
  return isAboutSender ? { kind: "misconfigured", reason } : { kind: "rejected", reason };
}
