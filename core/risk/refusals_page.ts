/** `docs/refusals.md`, made from the table of codes. */
import { type RefusalCode, refusalCodes, refusalTable, refusalText } from "../model/refusals.ts";

const intro = `# Refusals

What the risk gate answers when it lets an order not through. A refused order was never sent. The same code stands
in the strategy's order (\`order.reason\`, with \`order.text\` as the sentence), in the journal (\`berth journal --kind
refusal\`), in the console and in the metric \`berth_refusals_total{code="…"}\`; the numbers that go with it are those
of the example.

Cancels are never refused. Reduce-only orders that fit into the position pass every limit on risk.

This page is written from the table in \`core/model/refusals.ts\` by \`deno task docs\`.
`;

function section(code: RefusalCode): string {
  const { when, example } = refusalTable[code];
  const facts = Object.entries(example).map(([name, value]) => `\`${name}\` ${JSON.stringify(value)}`);
  const numbers = facts.length === 0 ? "It has no numbers." : `With: ${facts.join(", ")}.`;
  return `## ${code}\n\n${when}\n\n${numbers}\n\n> ${refusalText(code, { ...example })}\n`;
}

/** The page's text, with a final line break. */
export const refusalsPage = (): string => [intro, ...refusalCodes.map(section)].join("\n");
