/**
 * Process of the simulated venues. Speaks JSON lines over its standard streams:
 *
 * - in, first: `{kind:"start", venues, seed, depositUsd, faults?, credentials?, ports?}`;
 *   out: `{kind:"ready", venues:{okx:{endpoints, credentials, accountId}}}` or `{kind:"error", message}` and exit 1
 * - `{kind:"ledger"}` → `{kind:"ledger", venues:{okx:{cash, equity, feesPaid, realizedPnl, positions, openOrders, fills}}}`
 * - `{kind:"set_maintenance", venue, isOn}` → `{kind:"done"}`
 * - `{kind:"stop"}` → `{kind:"stopped"}` and exit 0
 *
 * The end of the input ends it too: for venues that outlive their host see `standalone.ts`. Credentials are made up for
 * each run and leave by the pipe alone. Everything here is simulated.
 */
import * as v from "valibot";
import { accessOf, ledgersOf, type RunningWorld, startWorld, stopWorld, worldSchema } from "./world.ts";

const commandSchema = v.variant("kind", [
  v.strictObject({ kind: v.literal("start"), ...worldSchema.entries }),
  v.strictObject({ kind: v.literal("ledger") }),
  v.strictObject({ kind: v.literal("set_maintenance"), venue: v.string(), isOn: v.boolean() }),
  v.strictObject({ kind: v.literal("stop") }),
]);
type Command = v.InferOutput<typeof commandSchema>;

const encoder = new TextEncoder();
const answer = (message: Readonly<Record<string, unknown>>): void => {
  Deno.stdout.writeSync(encoder.encode(JSON.stringify(message) + "\n"));
};
const log = (line: string): void => {
  Deno.stderr.writeSync(encoder.encode(line + "\n"));
};

async function* commands(): AsyncGenerator<Command> {
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield v.parse(commandSchema, JSON.parse(line));
  }
}

async function main(): Promise<number> {
  let world: RunningWorld | undefined;
  for await (const command of commands()) {
    switch (command.kind) {
      case "start": {
        const { kind: _kind, ...options } = command;
        world = await startWorld(options);
        answer({ kind: "ready", venues: accessOf(world) });
        break;
      }
      case "ledger":
        answer({ kind: "ledger", venues: world === undefined ? {} : ledgersOf(world) });
        break;
      case "set_maintenance":
        world?.running.find(({ venue }) => venue.venue === command.venue)?.venue.setMaintenance(command.isOn);
        answer({ kind: "done" });
        break;
      case "stop":
        if (world !== undefined) await stopWorld(world);
        answer({ kind: "stopped" });
        return 0;
      default:
        command satisfies never;
    }
  }
  world?.model.stop();
  return 0;
}

// Ctrl-C reaches the whole group. The venues stay until the host has taken its orders back and says stop, or is gone.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  if (Deno.build.os !== "windows" || signal === "SIGINT") Deno.addSignalListener(signal, () => {});
}

try {
  Deno.exit(await main());
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  log(`simulated venues: ${message}`);
  answer({ kind: "error", message });
  Deno.exit(1);
}
