/** Child process of crash_test.ts: appends until it is killed and prints each id once it is durable. */
import { openJournal } from "../../../core/journal/writer.ts";

const path = Deno.args[0] ?? "";
const clock = { epochMs: () => Date.now(), epochUs: () => Date.now() * 1000 };
const journal = await openJournal({ path, clock });
journal.startRun({
  runId: "crashing",
  environment: "sim",
  seed: 1,
  version: "0",
  tsStartMs: clock.epochMs(),
});
const encoder = new TextEncoder();
for (let i = 0;; i++) {
  for (let extra = 0; extra < 5; extra++) {
    journal.append({
      id: `quiet/a/${i}_${extra}`,
      kind: "quiet",
      tsUs: clock.epochUs(),
      body: "x".repeat(500),
    });
  }
  const counter = journal.nextCounter("order");
  await journal.appendDurable({
    id: `intent/a/${i}`,
    kind: "intent",
    tsUs: clock.epochUs(),
    body: { counter },
  });
  Deno.stdout.writeSync(encoder.encode(`${i} ${counter}\n`));
}
