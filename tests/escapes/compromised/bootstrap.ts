/**
 * Stands in for the bootstrap in a process that is no longer its host's: real permissions, real pipes, and nothing in
 * between. Which attack it makes is the first line of its plugin's file.
 */
import { readPreamble } from "../../../core/sandbox/preamble.ts";
import { protocolVersion } from "../../../core/protocol/messages.ts";
import { attacks } from "./attacks.ts";
import { Wire } from "./wire.ts";

const buffer = new Uint8Array(1 << 16);
const { preamble, rest } = await readPreamble(async () => {
  const count = await Deno.stdin.read(buffer);
  return count === null ? undefined : buffer.subarray(0, count);
});
const name = /^\/\/ attack: (\w+)$/m.exec(Object.values(preamble?.modules.texts ?? {}).join("\n"))?.[1] ?? "";
const attack = attacks.find((one) => one.name === name);
const wire = new Wire(rest);
const hello = await wire.next();
if (attack === undefined || hello?.type !== "hello") Deno.exit(3);

if (hello.role === "probe") {
  wire.message({
    type: "manifest",
    manifest: {
      kind: "strategy",
      id: `attack_${name}`,
      version: "1.0.0",
      sdkVersion: 1,
      author: "escape corpus",
      description: "A process that is no longer its host's.",
      trading: { venues: ["alpha"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
      riskBudget: {
        maxOrderNotionalUsd: 100,
        maxPositionNotionalUsd: 100,
        maxOrdersPerSecond: 10,
        maxDailyLossUsd: 10,
      },
      onStop: "keep_positions",
      settings: {},
    },
  });
  Deno.exit(0);
}

if (attack.isSilentAtStart !== true) {
  wire.message({ type: "ready", protocolVersion, capabilities: null, hasTrading: false });
}
setInterval(() => {
  if (wire.isAlive) wire.heartbeat();
}, 50);
wire.log("attempting");
await wire.pause(20);
await attack.act(wire);
wire.log("done");
// The host is read to its end, as an honest process would.
while (await wire.next() !== undefined);
