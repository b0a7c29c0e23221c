/** What differs between two settings of the alerts, in plain words and without secrets. */
import type { AlertsSetup } from "../../alerts/ports.ts";
import type { AlertsConfig } from "../config/alerts_section.ts";

/** A configuration, and the channels that were made of it with their secrets. */
export interface AlertsGiven {
  readonly config: AlertsConfig;
  readonly channels: AlertsSetup["channels"];
}

/** One line for each thing that changed; empty when nothing did. */
export function alertChanges(before: AlertsGiven, after: AlertsGiven): readonly string[] {
  const { enabled, name, rules, channels } = after.config;
  const channelNames = new Set([...Object.keys(before.config.channels), ...Object.keys(channels)]);
  return [
    ...(enabled === before.config.enabled ? [] : [enabled ? "alerts are on" : "alerts are off"]),
    ...(name === before.config.name ? [] : [`name: ${name}`]),
    ...Object.entries(rules).flatMap(([rule, settings]) =>
      lineOf(`rule ${rule}`, fieldsOf(before.config.rules, rule), settings)
    ),
    ...[...channelNames].flatMap((channel) => channelLine(channel, before, after)),
  ];
}

function channelLine(name: string, before: AlertsGiven, after: AlertsGiven): readonly string[] {
  const [was, is] = [before.config.channels[name], after.config.channels[name]];
  if (is === undefined) return [`channel ${name}: gone`];
  if (was === undefined) return [`channel ${name}: new, ${is.kind}`];
  const line = lineOf(`channel ${name}`, was, is);
  if (line.length > 0) return line;
  const targetOf = ({ channels }: AlertsGiven) => channels.find((one) => one.name === name)?.target;
  const [to, from] = [targetOf(after), targetOf(before)];
  const isOther = to !== undefined && from !== undefined && JSON.stringify(to) !== JSON.stringify(from);
  return isOther ? [`channel ${name}: other secrets`] : [];
}

const fieldsOf = (rules: AlertsConfig["rules"], rule: string): object =>
  Object.entries(rules).find(([name]) => name === rule)?.[1] ?? {};

function lineOf(subject: string, before: object, after: object): readonly string[] {
  const was = new Map(Object.entries(before).map(([field, value]) => [field, JSON.stringify(value)]));
  const is = new Map(Object.entries(after).map(([field, value]) => [field, JSON.stringify(value)]));
  const changed = [...new Set([...was.keys(), ...is.keys()])]
    .filter((field) => was.get(field) !== is.get(field))
    .map((field) => `${field} ${was.get(field) ?? "none"} → ${is.get(field) ?? "none"}`);
  return changed.length === 0 ? [] : [`${subject}: ${changed.join(", ")}`];
}
