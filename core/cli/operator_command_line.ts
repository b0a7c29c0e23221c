/** Parsers of the commands that speak to a running host: status, risk, kill. */
import { type Command, Option } from "commander";
import type { TradingState } from "../model/risk_limits.ts";
import { marketLimitNames, scopeLimitNames } from "../model/risk_limits.ts";
import {
  misuse,
  placeOf,
  type PlaceOptions,
  textOf,
  withGroupExamples,
  withPlace,
} from "./option_readers.ts";

export interface StatusOptions extends PlaceOptions {
  readonly asJson: boolean;
}

export interface KillOptions extends PlaceOptions {
  readonly flatten: boolean;
  readonly asJson: boolean;
}

/** By name; null is no limit. */
export type GivenLimits = Readonly<Record<string, number | null>>;

export type RiskAct =
  | { readonly kind: "show" }
  /** Of the scope `market` the market limits. */
  | { readonly kind: "tighten"; readonly scope: string; readonly limits: GivenLimits }
  | {
    readonly kind: "loosen";
    readonly scope: string;
    readonly limits: GivenLimits;
    readonly reason: string;
  }
  | {
    readonly kind: "take_over";
    readonly scope: string;
    readonly venue: string;
    readonly tag: string;
    readonly reason: string;
  }
  | {
    readonly kind: "state";
    readonly scope: string;
    readonly state: TradingState;
    readonly reason: string;
  };

export interface RiskOptions extends PlaceOptions {
  readonly act: RiskAct;
  readonly asJson: boolean;
}

export type OperatorLine =
  | { readonly kind: "status"; readonly options: StatusOptions }
  | { readonly kind: "kill"; readonly options: KillOptions }
  | { readonly kind: "risk"; readonly options: RiskOptions };

type Found = (line: OperatorLine) => void;
type Given = Readonly<Record<string, unknown>>;

const scopeFix = "write global, account/VENUE or plugin/ID";

function scopeArgument(text: string): string {
  return /^(global|account\/[a-z][a-z0-9_]{1,23}|plugin\/[a-z][a-z0-9_]{1,47})$/.test(text)
    ? text
    : misuse(`${JSON.stringify(text)} is no scope`, scopeFix);
}

/** Scope of the limits on prices and data, which hold for everybody. */
export const marketScope = "market";

const limitsFix = "write global, account/VENUE, plugin/ID or market";

const limitsScopeArgument = (text: string): string => text === marketScope ? text : scopeArgument(text);

/** `maxOpenOrders=5`, `maxLeverage=none`. */
function limitArguments(scope: string, texts: readonly string[]): GivenLimits {
  const limits: Record<string, number | null> = {};
  const names: readonly string[] = scope === marketScope ? marketLimitNames : scopeLimitNames;
  for (const text of texts) {
    const [name = "", value = ""] = text.split("=");
    if (!names.includes(name)) misuse(`${JSON.stringify(name)} is no limit`, `choose of ${names.join(", ")}`);
    const number = value === "none" && scope !== marketScope
      ? null
      : /^\d{1,10}(\.\d{1,6})?$/.test(value)
      ? Number(value)
      : NaN;
    if (Number.isNaN(number)) {
      misuse(
        `${text} has no value`,
        `write ${name}=NUMBER${scope === marketScope ? "" : ` or ${name}=none`}`,
      );
    }
    limits[name] = number;
  }
  return limits;
}

function reasonOption(): Option {
  return new Option("--reason <words>", "why; it is written into the journal").makeOptionMandatory();
}

const statusExamples = `
Examples:
  berth status
  berth status --env live --json
`;

export function addStatus(program: Command, found: Found): void {
  withPlace(program.command("status").summary("show a running host"))
    .description("Shows what a running host is doing.")
    .option("--json", "as one JSON object")
    .addHelpText("after", statusExamples)
    .action((options: Given) =>
      found({ kind: "status", options: { ...placeOf(options), asJson: options.json === true } })
    );
}

const killExamples = `
Halts everything, cancels every order on every venue and asks the venues what is left. Works whether a host runs or not:
without one its adapters are started for it. The halt stays until berth risk resume. Exit code 0 when nothing is left, 1
when something is or a venue could not be asked.

Examples:
  berth kill
  berth kill --flatten --env live
`;

export function addKill(program: Command, found: Found): void {
  withPlace(program.command("kill").summary("halt, cancel everything everywhere, and verify"))
    .description("The kill switch.")
    .option("--flatten", "close all positions besides")
    .option("--json", "the report as one JSON object")
    .addHelpText("after", killExamples)
    .action((options: Given) =>
      found({
        kind: "kill",
        options: { ...placeOf(options), flatten: options.flatten === true, asJson: options.json === true },
      })
    );
}

const riskExamples = `
A scope is global, account/VENUE or plugin/ID; limits on prices and data have the scope market.

Examples:
  berth risk show
  berth risk tighten plugin/scalper maxOrderNotionalUsd=100 maxOpenOrders=2
  berth risk tighten market maxQuoteAgeMs=1000
  berth risk loosen global maxDailyLossUsd=5000 --reason "larger book from today"
  berth risk halt account/okx --reason "venue maintenance"
  berth risk reduce plugin/scalper --reason "flat by the evening"
  berth risk resume global --reason "kill understood"
  berth risk take-over account/okx k3f9 --reason "that machine is gone"
`;

export function addRisk(program: Command, found: Found): void {
  const risk = program.command("risk").summary("show and change limits and trading states")
    .description("Limits, figures and trading states of the risk gate of a running host.");
  const give = (options: Given, act: RiskAct): void =>
    found({ kind: "risk", options: { ...placeOf(options), act, asJson: options.json === true } });
  withPlace(risk.command("show").description("Shows state, limits and figures of every scope."))
    .option("--json", "as one JSON object")
    .action((options: Given) => give(options, { kind: "show" }));
  withPlace(risk.command("tighten").description("Tightens limits at once; a looser one is refused."))
    .argument("<scope>", limitsFix)
    .argument("<limits...>", "NAME=VALUE")
    .option("--json", "as one JSON object")
    .action((text: string, limits: readonly string[], options: Given) => {
      const scope = limitsScopeArgument(text);
      give(options, { kind: "tighten", scope, limits: limitArguments(scope, limits) });
    });
  withPlace(
    risk.command("loosen").description(
      "Sets limits in either direction; what is looser than configured ends with the host.",
    ),
  )
    .argument("<scope>", limitsFix)
    .argument("<limits...>", "NAME=VALUE or NAME=none")
    .addOption(reasonOption())
    .option("--json", "as one JSON object")
    .action((text: string, limits: readonly string[], options: Given) => {
      const scope = limitsScopeArgument(text);
      give(options, {
        kind: "loosen",
        scope,
        limits: limitArguments(scope, limits),
        reason: textOf(options.reason) ?? "",
      });
    });
  withPlace(
    risk.command("take-over").description(
      "Takes the orders of another berth that is gone, and cancels them.",
    ),
  )
    .argument("<account>", "account/VENUE")
    .argument("<tag>", "the other host's tag, as the alert names it")
    .addOption(reasonOption())
    .option("--json", "as one JSON object")
    .action((text: string, tag: string, options: Given) => {
      const scope = scopeArgument(text);
      const [kind, venue = ""] = scope.split("/");
      if (kind !== "account") misuse(`${scope} is no account`, "write account/VENUE");
      give(options, { kind: "take_over", scope, venue, tag, reason: textOf(options.reason) ?? "" });
    });
  const states = [
    ["halt", "halted", "Only cancels are let through from now on."],
    ["reduce", "reducing", "Only cancels and orders that shrink a position are let through."],
    ["resume", "active", "Trades again; losses count from now."],
  ] as const;
  for (const [name, state, words] of states) {
    withPlace(risk.command(name).description(words))
      .argument("[scope]", `${scopeFix} (default: global)`)
      .addOption(reasonOption())
      .option("--json", "as one JSON object")
      .action((scope: string | undefined, options: Given) =>
        give(options, {
          kind: "state",
          scope: scopeArgument(scope ?? "global"),
          state,
          reason: textOf(options.reason) ?? "",
        })
      );
  }
  withGroupExamples(risk, riskExamples);
}
