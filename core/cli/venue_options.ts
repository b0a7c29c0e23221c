/** The words of `berth venue …`. */
import { type Command, Option } from "commander";
import { type MarginMode, marginModes } from "../model/account.ts";
import {
  choiceFlag,
  memberOf,
  misuse,
  placeOf,
  type PlaceOptions,
  withGroupExamples,
  withPlace,
} from "./option_readers.ts";

export interface LeverageOptions extends PlaceOptions {
  /** `okx:BTC-PERP`. */
  readonly instrument: string;
  readonly leverage: number;
  readonly marginMode: MarginMode;
  readonly asJson: boolean;
}

const examples = `
Leverage decides how much margin a position binds at the venue. How much may be held in all is up to the risk gate:
risk.*.maxLeverage of the configuration.

Examples:
  berth venue leverage okx:BTC-PERP 3
  berth venue leverage hyperliquid:ETH-PERP 5 --margin isolated --env testnet
`;

const leverageOf = (text: string): number =>
  /^\d{1,3}(\.\d{1,2})?$/.test(text) && Number(text) >= 1
    ? Number(text)
    : misuse(`The leverage is ${JSON.stringify(text)}`, "write a number from 1, such as 3");

const instrumentOf = (text: string): string =>
  /^[a-z][a-z0-9_]{1,23}:[A-Za-z0-9-]{3,80}$/.test(text)
    ? text
    : misuse(`${JSON.stringify(text)} is no instrument`, "write venue and symbol, such as okx:BTC-PERP");

export function addVenue(program: Command, found: (options: LeverageOptions) => void): void {
  const venue = program.command("venue").summary("change the account's settings at a venue")
    .description("What the account has at a venue, beside orders.");
  withPlace(
    venue.command("leverage").description(
      "Sets the account's leverage on one instrument, by a running host.",
    ),
  )
    .argument("<instrument>", "such as okx:BTC-PERP", instrumentOf)
    .argument("<leverage>", "from 1 to what the venue allows; many take whole numbers only", leverageOf)
    .addOption(
      choiceFlag("--margin <mode>", "shared by all positions, or each of its own", marginModes).default(
        "cross",
      ),
    )
    .addOption(new Option("--json", "as one JSON object"))
    .action((instrument: string, leverage: number, options: Readonly<Record<string, unknown>>) =>
      found({
        ...placeOf(options),
        instrument,
        leverage,
        marginMode: memberOf(marginModes, options.margin) ?? "cross",
        asJson: options.json === true,
      })
    );
  withGroupExamples(venue, examples);
}
