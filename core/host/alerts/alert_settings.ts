/** From the configuration to what the alerts' thread is started with: thresholds, timing, and channels with their secrets. */
import { type AlertSettings, rulesBy } from "../../alerts/settings.ts";
import type { ChannelSettings, ChannelTarget } from "../../alerts/channels/settings.ts";
import { keyBytes } from "../../alerts/channels/webhook.ts";
import { BerthError } from "../../errors.ts";
import type { AlertsConfig, ChannelConfig } from "../config/alerts_section.ts";

export function alertSettings({ rules }: AlertsConfig): AlertSettings {
  const [hour = "", minute = ""] = rules.daily_summary.at.split(":");
  return {
    rules: rulesBy((rule) => {
      const given = rules[rule];
      const { enabled, severity, cooldownMs } = given;
      return {
        isEnabled: enabled,
        severity: severity === "own" ? undefined : severity,
        cooldownMs,
        afterMs: "afterMs" in given ? given.afterMs : 0,
      };
    }),
    thresholds: {
      maxHeartbeatAgeMs: rules.heartbeat_stale.maxAgeMs,
      maxQuoteAgeMs: rules.quote_stale.maxAgeMs,
      maxAverageLatencyMs: rules.latency_high.maxAverageMs,
      minUpdatesPerSecond: rules.update_rate_low.minPerSecond,
      limitShare: rules.limit_near.share,
      minOpportunityBps: rules.opportunity.minBps,
      maxLoopDelayMs: rules.host_slow.maxDelayMs,
      summaryMinuteUtc: Number(hour) * 60 + Number(minute),
    },
  };
}

/** Where secrets and files are found. */
export interface ChannelSources {
  readonly secretOf: (name: string) => string | undefined;
  /** @throws when it can't be read */
  readonly readTextFile: (path: string) => string;
}

export interface ReadChannels {
  readonly channels: readonly ChannelSettings[];
  /** What must never be printed. */
  readonly secrets: readonly string[];
}

/**
 * The channels that are on, with their secrets.
 *
 * @throws {BerthError} ALERT_CHANNEL_INVALID for a secret that is missing or can't be one
 */
export function readChannels({ channels }: AlertsConfig, sources: ChannelSources): ReadChannels {
  const secrets: string[] = [];
  const secretOf = (name: string): string | undefined => {
    const value = sources.secretOf(name);
    if (value !== undefined) secrets.push(value);
    return value;
  };
  const read = Object.entries(channels).filter(([, { enabled }]) => enabled).map((
    [name, config],
  ): ChannelSettings => ({
    name,
    leastSeverity: config.leastSeverity,
    without: config.without,
    target: targetOf(name, config, { ...sources, secretOf }),
  }));
  return { channels: read, secrets };
}

function targetOf(name: string, config: ChannelConfig, sources: ChannelSources): ChannelTarget {
  const refuse = (problem: string, fix: string): never => {
    throw new BerthError("ALERT_CHANNEL_INVALID", { channel: name, problem, fix });
  };
  const secret = (named: string): string => {
    const value = sources.secretOf(named) ?? "";
    return value === "" ? refuse(`${named} is not set`, `Put ${named} into .env or the environment`) : value;
  };
  const address = (named: string): string => {
    const value = secret(named);
    return isSafeAddress(value) ? value : refuse(
      `${named} is no address that may be used`,
      "Write an https: address, or http: of this machine",
    );
  };
  switch (config.kind) {
    case "telegram": {
      const { chatId, tokenSecret } = config;
      const apiUrl = config.apiUrl.replace(/\/+$/, "");
      if (!isSafeAddress(apiUrl)) {
        refuse("apiUrl is not https:", "Write an https: address, or http: of this machine");
      }
      const token = secret(tokenSecret);
      if (!/^\d+:[\w-]{20,}$/.test(token)) {
        refuse(`${tokenSecret} is no bot's token`, "Copy it from @BotFather: digits, a colon, letters");
      }
      return { kind: "telegram", chatId, apiUrl, token };
    }
    case "discord":
    case "slack":
      return { kind: config.kind, url: address(config.urlSecret) };
    case "webhook": {
      const signingKey = secret(config.keySecret);
      if (keyBytes(signingKey) === undefined) {
        refuse(`${config.keySecret} is no signing key`, "Write whsec_ and 24 to 64 bytes in base64");
      }
      return { kind: "webhook", url: address(config.urlSecret), signingKey };
    }
    case "email": {
      const { host, port, security, user, passwordSecret, from, to, trustedCertificatesFile } = config;
      if (security === "none" && !isThisMachine(host)) {
        refuse(`security is none and ${host} is not this machine`, "Choose starttls or tls");
      }
      return {
        kind: "email",
        host,
        port,
        security,
        from,
        to,
        login: user === undefined ? undefined : { user, password: secret(passwordSecret) },
        trustedCertificates: trustedCertificatesFile === undefined
          ? undefined
          : certificatesOf(trustedCertificatesFile, sources, refuse),
      };
    }
    default:
      return config satisfies never;
  }
}

function certificatesOf(
  path: string,
  { readTextFile }: ChannelSources,
  refuse: (problem: string, fix: string) => never,
): string {
  try {
    const text = readTextFile(path);
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch {
    return refuse(`${path} can't be read`, "Name a PEM file in trustedCertificatesFile");
  }
  return refuse(`${path} holds no certificate`, "Name a PEM file in trustedCertificatesFile");
}

const isThisMachine = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(host);

/** Encrypted, or not leaving this machine; without a login that would stand in the address. */
function isSafeAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username } = new URL(text);
  if (username !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isThisMachine(hostname));
}
