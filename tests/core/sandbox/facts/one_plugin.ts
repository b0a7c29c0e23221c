/** One plugin in a sandbox with nothing of the host around it. */
import { pluginId } from "../../../../core/model/ids.ts";
import { protocolVersion } from "../../../../core/protocol/messages.ts";
import { defaultLimits, type SandboxHandlers, type SandboxSpec } from "../../../../core/sandbox/sandbox.ts";

/** A strategy's module; `body` is what its factory returns, with `ctx`. */
export const strategyText = (body: string): string => `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "alone", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Alone.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: {},
}, (ctx) => (${body}));
`;

export function specOf(path: string, changes: Partial<SandboxSpec> = {}): SandboxSpec {
  const id = pluginId("alone");
  return {
    pluginId: id,
    role: "strategy",
    entryPath: path,
    rootPath: path,
    permissions: { net: [], read: [], write: [] },
    packages: [],
    limits: { ...defaultLimits, heartbeatMs: 60_000 },
    hello: {
      type: "hello",
      role: "strategy",
      protocolVersion,
      pluginId: id,
      environment: "sim",
      settings: {},
      secrets: {},
      savedState: undefined,
      seed: 1,
      heartbeatEveryMs: 50,
      timeMode: "real",
      epochUs: 0,
      instruments: [],
    },
    ...changes,
  };
}

export const handlersOf = (changes: Partial<SandboxHandlers> = {}): SandboxHandlers => ({
  onRecords: () => undefined,
  onBook: () => undefined,
  onMessage: () => undefined,
  onErrorLine: () => undefined,
  onExit: () => undefined,
  ...changes,
});
