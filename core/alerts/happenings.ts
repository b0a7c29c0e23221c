/** The rules about what happens: pure functions from what came since the last observation to what is worth a note. */
import { type AlertSeverity, type EventRule, ruleSeverities } from "./alert.ts";
import type { Happening, Observation } from "./observation.ts";
import type { AlertThresholds } from "./settings.ts";

export interface SubjectEvent {
  readonly rule: EventRule;
  readonly subject: string;
  readonly severity: AlertSeverity;
  readonly text: string;
}

/** What the engine says when the venue's word and ours differed. */
const differenceCodes: ReadonlySet<string> = new Set([
  "RECONCILIATION_REPAIR",
  "ACCOUNT_RECONCILIATION_FAILED",
  "GROUP_POSITIONS_DIFFER",
  "ORDER_ADOPTED",
  "ORDER_REVIVED",
  "FILL_FOREIGN",
]);
/** Told as conditions, with their ends. */
const conditionCodes: ReadonlySet<string> = new Set([
  "TRADING_STATE_CHANGED",
  "ADAPTER_LOST",
  "GROUP_BROKEN",
  "GROUP_NAKED_TOO_LONG",
  "GROUP_HALTED",
]);

export function eventsOf(
  { happenings, lostHappenings }: Observation,
  thresholds: AlertThresholds,
): readonly SubjectEvent[] {
  const events = happenings.flatMap((happening) => eventOf(happening, thresholds) ?? []);
  if (lostHappenings === 0) return events;
  const text = `${lostHappenings} happenings came faster than alerts are kept`;
  return [...events, { rule: "critical_notice", subject: "alerts", severity: "warning", text }];
}

function eventOf(happening: Happening, { minOpportunityBps }: AlertThresholds): SubjectEvent | undefined {
  switch (happening.kind) {
    case "fill": {
      const { plugin, instrument, side, price, sizeBase } = happening;
      return {
        rule: "fill",
        subject: plugin,
        severity: ruleSeverities.fill,
        text: `${plugin}: ${side === "buy" ? "bought" : "sold"} ${sizeBase} ${instrument} at ${price}`,
      };
    }
    case "opportunity": {
      const { plugin, symbol, words, netBps, isTaken } = happening;
      if (!(netBps >= minOpportunityBps)) return undefined;
      return {
        rule: "opportunity",
        subject: symbol,
        severity: ruleSeverities.opportunity,
        text: `${plugin}: ${symbol} ${netBps.toFixed(1)} bps net (${words})${isTaken ? ", taken" : ""}`,
      };
    }
    case "notice":
      return noticeEvent(happening);
    case "position":
    case "plugin_ended":
      return undefined;
    default:
      return happening satisfies never;
  }
}

function noticeEvent(notice: Extract<Happening, { readonly kind: "notice" }>): SubjectEvent | undefined {
  const { code, severity, text, facts } = notice;
  if (conditionCodes.has(code)) return undefined;
  const subject = String(facts.venue ?? facts.plugin ?? facts.scope ?? "host");
  if (differenceCodes.has(code)) {
    return {
      rule: "reconciliation_difference",
      subject,
      severity: severity === "critical" ? "critical" : ruleSeverities.reconciliation_difference,
      text: `${subject}: ${text}`,
    };
  }
  return severity === "critical"
    ? { rule: "critical_notice", subject, severity: "critical", text: `${subject}: ${text}` }
    : undefined;
}
