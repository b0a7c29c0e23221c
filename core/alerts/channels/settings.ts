/** What a channel is made of: where it leads, and which notes go there. */
import type { AlertRule, AlertSeverity } from "../alert.ts";
import type { DiscordSettings } from "./discord.ts";
import type { EmailSettings } from "./email.ts";
import type { SlackSettings } from "./slack.ts";
import type { TelegramSettings } from "./telegram.ts";
import type { WebhookSettings } from "./webhook.ts";

export const channelKinds = ["telegram", "discord", "slack", "webhook", "email"] as const;
export type ChannelKind = (typeof channelKinds)[number];

/** Secrets are filled in. Made and used within this process, never written. */
export type ChannelTarget =
  | ({ readonly kind: "telegram" } & TelegramSettings)
  | ({ readonly kind: "discord" } & DiscordSettings)
  | ({ readonly kind: "slack" } & SlackSettings)
  | ({ readonly kind: "webhook" } & WebhookSettings)
  | ({ readonly kind: "email" } & EmailSettings);

export interface ChannelSettings {
  /** The operator's name for it. */
  readonly name: string;
  /** Notes below this are not sent there. */
  readonly leastSeverity: AlertSeverity;
  /** Rules whose notes are not sent there. */
  readonly without: readonly AlertRule[];
  readonly target: ChannelTarget;
}
