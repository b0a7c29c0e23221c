/** Parser of `berth alerts`. */
import { type Command, Option } from "commander";
import {
  collected,
  misuse,
  placeOf,
  type PlaceOptions,
  textsOf,
  withGroupExamples,
  withPlace,
} from "./option_readers.ts";

export type AlertsAct =
  | { readonly kind: "list" }
  /** The running host takes rules, channels and secrets anew. */
  | { readonly kind: "reload" }
  /** No channel named: all that are on. */
  | { readonly kind: "test"; readonly channels: readonly string[] };

export interface AlertsOptions extends PlaceOptions {
  readonly act: AlertsAct;
  readonly asJson: boolean;
}

const examples = `
Exit code of test: 0 when every channel delivered, 1 when one did not.

Examples:
  berth alerts list
  berth alerts reload
  berth alerts test
  berth alerts test --channel phone --json
`;

export function addAlerts(program: Command, found: (options: AlertsOptions) => void): void {
  const alerts = program.command("alerts").summary("show alert rules and channels, and try the channels");
  const none: readonly string[] = [];
  withPlace(alerts.command("list").description("Shows rules, what is wrong now, and how the channels do."))
    .option("--json", "as one JSON object")
    .action((options: Readonly<Record<string, unknown>>) =>
      found({ ...placeOf(options), act: { kind: "list" }, asJson: options.json === true })
    );
  withPlace(
    alerts.command("reload").description(
      "Has the running host read rules, channels and their secrets anew, from the configuration file and .env.",
    ),
  )
    .option("--json", "as one JSON object")
    .action((options: Readonly<Record<string, unknown>>) =>
      found({ ...placeOf(options), act: { kind: "reload" }, asJson: options.json === true })
    );
  withPlace(alerts.command("test").description("Sends one note by each channel, without a host."))
    .addOption(
      new Option("--channel <name>", "only this one, also if it is off; may be repeated")
        .argParser(collected(channelName)).default(none, "all that are on"),
    )
    .option("--json", "as one JSON object")
    .action((options: Readonly<Record<string, unknown>>) =>
      found({
        ...placeOf(options),
        act: { kind: "test", channels: textsOf(options.channel) },
        asJson: options.json === true,
      })
    );
  withGroupExamples(alerts, examples);
}

const channelName = (text: string): string =>
  /^[a-z][a-z0-9_]{0,31}$/.test(text) ? text : misuse(
    `${JSON.stringify(text)} is no channel's name`,
    "name one of alerts.channels of the configuration",
  );
