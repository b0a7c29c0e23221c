/** The section `plugins` of the configuration: what the operator sets for one plugin. */
import * as v from "valibot";
import { describe, numberBetween, record, truth, wholeBetween } from "./fields.ts";

const budgetField = (words: string) =>
  v.exactOptional(v.pipe(numberBetween(0, 1e9, "a number of USD"), describe(words)));

/** One entry of `plugins`. */
export const pluginSchema = v.strictObject({
  enabled: v.optional(v.pipe(truth(), describe("false: it is not started. Default true.")), true),
  settings: v.optional(
    v.pipe(
      v.record(v.string(), v.unknown(), record("settings")),
      describe("Values of the plugin's own settings, over the defaults of its manifest."),
    ),
    {},
  ),
  budget: v.optional(
    v.pipe(
      v.strictObject({
        maxOrderNotionalUsd: budgetField("Value of one order."),
        maxPositionNotionalUsd: budgetField("Value of one position."),
        maxOrdersPerSecond: v.exactOptional(
          v.pipe(numberBetween(0, 10_000), describe("New orders within any one second.")),
        ),
        maxDailyLossUsd: budgetField("Loss since midnight UTC."),
      }, record("a risk budget")),
      describe("Less than what the plugin's manifest asks for; more is not given."),
    ),
    {},
  ),
  limits: v.optional(
    v.pipe(
      v.strictObject({
        heartbeatMs: v.optional(
          v.pipe(
            numberBetween(50, 60_000),
            describe("A heartbeat later than this means that it spins: it is stopped. Default 250."),
          ),
          250,
        ),
        startMs: v.optional(
          v.pipe(numberBetween(100, 120_000), describe("Time to load and answer. Default 10000.")),
          10_000,
        ),
        maxConnectAttempts: v.exactOptional(
          v.pipe(
            wholeBetween(1, 1_000_000),
            describe(
              "Of an adapter: attempts in a row to reach its venue, after which it is given up until it is started again. Default none: it tries for ever.",
            ),
          ),
        ),
        maxHeapMb: v.optional(
          v.pipe(wholeBetween(16, 65_536), describe("JavaScript heap of its process. Default 128.")),
          128,
        ),
        maxCpuShare: v.optional(
          v.pipe(
            numberBetween(0.01, 64),
            describe("Share of one core over cpuWindowMs: 0.5 for half of it. Default 0.95."),
          ),
          0.95,
        ),
        cpuWindowMs: v.optional(
          v.pipe(wholeBetween(1_000, 600_000), describe("Over which the share counts. Default 30000.")),
          30_000,
        ),
        maxMemoryMb: v.optional(
          v.pipe(wholeBetween(64, 262_144), describe("Resident memory of its process. Default 512.")),
          512,
        ),
      }, record("process limits")),
      describe("What its process may use."),
    ),
    {},
  ),
}, record("a plugin's configuration"));
