/** From a channel's settings to the channel. */
import type { Channel, ChannelSurroundings } from "./channel.ts";
import { discordChannel } from "./discord.ts";
import { emailChannel } from "./email.ts";
import type { ChannelTarget } from "./settings.ts";
import { slackChannel } from "./slack.ts";
import { telegramChannel } from "./telegram.ts";
import { webhookChannel } from "./webhook.ts";

export function makeChannel(target: ChannelTarget, around: ChannelSurroundings): Channel {
  switch (target.kind) {
    case "telegram":
      return telegramChannel(target, around);
    case "discord":
      return discordChannel(target, around);
    case "slack":
      return slackChannel(target, around);
    case "webhook":
      return webhookChannel(target, around);
    case "email":
      return emailChannel(target, around);
    default:
      return target satisfies never;
  }
}
