/** The results page's section on the kinds of sandbox. */
import { sandboxKinds } from "../../core/sandbox/kind_names.ts";
import { type SandboxCost, sandboxCost } from "./sandbox_costs.ts";

export const sandboxTitle = "Kinds of sandbox";

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");

/** Measures each kind; one column a kind. @param machine what it ran on, and when */
export async function sandboxSection(machine: string): Promise<string> {
  const costs: SandboxCost[] = [];
  for (const kind of sandboxKinds) costs.push(await sandboxCost(kind));
  const row = (what: string, value: (cost: SandboxCost) => string): string =>
    `| ${[what, ...costs.map(value)].join(" | ")} |`;
  return [
    `## ${sandboxTitle}`,
    "",
    `| | ${costs.map((cost) => `\`${cost.kind}\``).join(" | ")} |`,
    `| ${["---", ...costs.map(() => "---")].join(" | ")} |`,
    row("start to ready, median of 9", (cost) => `${whole(cost.startMs)} ms`),
    row(
      "memory of an idle plugin, resident / proportional, median of 9",
      (cost) => `${whole(cost.rssMb)} / ${whole(cost.pssMb)} MB`,
    ),
    row("kill to reaped, idle, median of 9", (cost) => `${cost.idleKilledMs.toFixed(1)} ms`),
    row(
      "kill to reaped, in an endless loop, median of 9",
      (cost) => `${cost.spinningKilledMs.toFixed(1)} ms`,
    ),
    row(
      "start of an endless loop to reaped (heartbeat limit 250 ms), median of 3",
      (cost) => `${whole(cost.spinToReapedMs)} ms`,
    ),
    row(
      "delay of a quote, p50 / p99, about 2,000 a second",
      (cost) => `${whole(cost.delayP50Us)} / ${whole(cost.delayP99Us)} µs`,
    ),
    row("quotes a second, one strategy, 512 instruments", (cost) => whole(cost.quotesPerSecond)),
    "",
    `Both run from source. A compiled berth has the second kind alone, and could not be measured here.${
      machine === "" ? "" : ` ${machine}`
    }`,
    "",
  ].join("\n");
}

/** The page with this section in place of the one of the same title, or at its end. */
export function withSection(page: string, section: string): string {
  const title = section.slice(0, section.indexOf("\n"));
  const from = page.indexOf(`${title}\n`);
  if (from < 0) return `${page.trimEnd()}\n\n${section}`;
  const next = page.indexOf("\n## ", from + 1);
  return page.slice(0, from) + section + (next < 0 ? "" : `\n${page.slice(next + 1)}`);
}
