/** What a process that is no longer its host's may try on the frame stream, and how each must end. */
import type { Wire } from "./wire.ts";

export interface Attack {
  readonly name: string;
  readonly what: string;
  /**
   * `killed`: ended under one of these codes. `answered`: refused under one of these codes. `harmless`: it went on and
   * got nothing; what is not granted to it is checked for every attack.
   */
  readonly expected:
    | { readonly kind: "killed" | "answered"; readonly codes: readonly string[] }
    | { readonly kind: "harmless" };
  /** Orders of its own, within its grant and budget, that it may get through in a second. */
  readonly grantedOrders?: number;
  readonly isSilentAtStart?: boolean;
  readonly act: (wire: Wire) => Promise<void>;
}

const killed = (...codes: readonly string[]) => ({ kind: "killed" as const, codes });
const answered = (...codes: readonly string[]) => ({ kind: "answered" as const, codes });
const harmless = { kind: "harmless" as const };
const badFrame = killed("PROTOCOL_BAD_FRAME");
const tooLarge = killed("PROTOCOL_FRAME_TOO_LARGE");
const overLimit = killed("PLUGIN_LIMIT_EXCEEDED");

const limitOrder = {
  instrument: "alpha:BTC-PERP",
  side: "buy",
  sizeLots: 1,
  reduceOnly: false,
  pricing: { kind: "limit", limitPriceTicks: 995, timeInForce: "GTC", postOnly: false },
};
const submit = (ref: string, changes: object = {}, others: object = {}): object => ({
  type: "submit",
  ref,
  terms: { ...limitOrder, ...changes },
  causes: [],
  ...others,
});

/** Writes the same frame until it is stopped; gives the event loop back, so that only the flood is at fault. */
async function flood(wire: Wire, make: (count: number) => object, isEndless = true): Promise<void> {
  for (let count = 0; isEndless; count++) {
    wire.message(make(count));
    if (count % 500 === 499) await wire.pause(0);
  }
}

const text = new TextEncoder();
const now = async (act: () => void): Promise<void> => await Promise.resolve(act());

export const attacks: readonly Attack[] = [
  {
    name: "garbage",
    what: "writes random bytes",
    expected: killed("PROTOCOL_BAD_FRAME", "PROTOCOL_FRAME_TOO_LARGE"),
    act: (wire) => now(() => wire.write(crypto.getRandomValues(new Uint8Array(4_096)))),
  },
  {
    name: "largest_length",
    what: "announces the largest length that a header can hold",
    expected: tooLarge,
    act: (wire) => now(() => wire.write(wire.header(0xffff_ffff, 1))),
  },
  {
    name: "length_above_limit",
    what: "announces one byte more than a frame may have",
    expected: tooLarge,
    act: (wire) => now(() => wire.write(wire.header((1 << 20) + 1, 1))),
  },
  {
    name: "another_version",
    what: "sends a frame of another protocol version",
    expected: badFrame,
    act: (wire) => now(() => wire.write(wire.header(0, 1, 2))),
  },
  {
    name: "unknown_kind",
    what: "sends a frame of a kind that does not exist",
    expected: badFrame,
    act: (wire) => now(() => wire.frame(9, new Uint8Array(8))),
  },
  {
    name: "torn_frame",
    what: "begins a large frame and falls silent",
    expected: killed("PLUGIN_HEARTBEAT_LATE"),
    act: async (wire) => {
      wire.isAlive = false;
      wire.write(wire.header(1 << 20, 1));
      wire.write(new Uint8Array(1_000));
      await wire.pause(60_000);
    },
  },
  {
    name: "heartbeats_inside_a_frame",
    what: "announces a large frame and lets its heartbeats be the content",
    expected: killed("PLUGIN_HEARTBEAT_LATE", "PROTOCOL_BAD_FRAME"),
    act: async (wire) => {
      wire.write(wire.header(1 << 20, 1));
      await wire.pause(60_000);
    },
  },
  {
    name: "no_json",
    what: "sends a message that is no JSON",
    expected: badFrame,
    act: (wire) => now(() => wire.text("{type:submit}")),
  },
  {
    name: "no_utf8",
    what: "sends a message that is no UTF-8",
    expected: badFrame,
    act: (wire) => now(() => wire.frame(1, new Uint8Array([0x22, 0xff, 0xfe, 0x22]))),
  },
  {
    name: "empty_message",
    what: "sends a message of no bytes",
    expected: badFrame,
    act: (wire) => now(() => wire.frame(1, new Uint8Array())),
  },
  {
    name: "a_number",
    what: "sends a number in place of a message",
    expected: badFrame,
    act: (wire) => now(() => wire.text("1")),
  },
  {
    name: "deep_nesting",
    what: "nests half a million arrays",
    expected: badFrame,
    act: (wire) => now(() => wire.text("[".repeat(500_000) + "]".repeat(500_000))),
  },
  {
    name: "unknown_type",
    what: "sends a message of a type that does not exist",
    expected: badFrame,
    act: (wire) => now(() => wire.message({ type: "approve", plugin: "healthy" })),
  },
  {
    name: "prototype_keys",
    what: "sends keys that would change prototypes if they were copied",
    expected: harmless,
    act: (wire) =>
      now(() =>
        wire.text(
          '{"type":"log","level":"info","message":"x","fields":{"a":1,"__proto__":{"polluted":1},"constructor":"c"},' +
            '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
        )
      ),
  },
  {
    name: "integer_bomb",
    what: "sends an integer of a million digits",
    expected: badFrame,
    act: (wire) =>
      now(() => wire.message({ type: "gauge", name: "a", value: { $int: "9".repeat(1_000_000) } })),
  },
  {
    name: "market_data",
    what: "sends market data as if it were an adapter",
    expected: badFrame,
    act: (wire) => now(() => wire.frame(2, new Uint8Array(64))),
  },
  {
    name: "order_book",
    what: "sends an order book as if it were an adapter",
    expected: badFrame,
    act: (wire) => now(() => wire.frame(3, new Uint8Array(40))),
  },
  {
    name: "forged_fill",
    what: "reports a fill as if it were an adapter",
    expected: badFrame,
    act: (wire) =>
      now(() =>
        wire.message({
          type: "fill_report",
          fill: {
            instrument: "alpha:BTC-PERP",
            fillId: "1",
            venueOrderId: "1",
            clientOrderId: null,
            side: "buy",
            priceTicks: 1,
            sizeLots: 1_000,
            liquidity: "maker",
            fee: { $int: "0" },
            feeAsset: "USD",
            tsVenueMs: 1,
            tsRecvUs: 1,
          },
        })
      ),
  },
  {
    name: "forged_balance",
    what: "reports a balance as if it were an adapter",
    expected: badFrame,
    act: (wire) =>
      now(() =>
        wire.message({
          type: "balance_report",
          balance: { asset: "USD", total: { $int: "1" }, available: { $int: "1" }, tsVenueMs: 1 },
        })
      ),
  },
  {
    name: "forged_answer",
    what: "answers a request that was meant for an adapter",
    expected: badFrame,
    act: (wire) =>
      now(() => wire.message({ type: "response", requestId: 1, response: { kind: "set_leverage" } })),
  },
  {
    name: "foreign_venue",
    what: "orders on a venue that it was not granted",
    expected: answered("NOT_GRANTED_INSTRUMENT"),
    act: (wire) => now(() => wire.message(submit("a1", { instrument: "beta:BTC-PERP" }))),
  },
  {
    name: "unknown_venue",
    what: "orders on a venue that does not exist",
    expected: answered("INSTRUMENT_UNKNOWN"),
    act: (wire) => now(() => wire.message(submit("a1", { instrument: "nowhere:BTC-PERP" }))),
  },
  {
    name: "another_name",
    what: "orders in the name of another plugin",
    expected: answered("ORDER_NOTIONAL"),
    act: (wire) =>
      now(() =>
        wire.message(
          submit("a1", { sizeLots: 5_000, plugin: "order_holder" }, {
            plugin: "order_holder",
            pluginId: "order_holder",
          }),
        )
      ),
  },
  {
    name: "origin_of_the_host",
    what: "orders as if the host itself did, past its grant",
    expected: answered("NOT_GRANTED_INSTRUMENT"),
    act: (wire) =>
      now(() =>
        wire.message(
          submit("a1", { instrument: "beta:BTC-PERP", origin: "host" }, { origin: "host", approved: true }),
        )
      ),
  },
  {
    name: "forged_ids",
    what: "gives its order the ids of others",
    expected: harmless,
    grantedOrders: 1,
    act: (wire) =>
      now(() =>
        wire.message(
          submit("a1", { clientOrderId: "forged", intentId: "forged", venueOrderId: "forged" }, {
            clientOrderId: "forged",
            causes: ["order/forged", "fill/alpha/1"],
          }),
        )
      ),
  },
  {
    name: "ref_with_control_characters",
    what: "gives its order a ref that would forge a line of the log",
    expected: badFrame,
    act: (wire) => now(() => wire.message(submit("a\n1\u001b[2J"))),
  },
  {
    name: "negative_size",
    what: "orders a negative size",
    expected: badFrame,
    act: (wire) => now(() => wire.message(submit("a1", { sizeLots: -1 }))),
  },
  {
    name: "size_beyond_integers",
    what: "orders a size that loses its last digits",
    expected: badFrame,
    act: (wire) => now(() => wire.message(submit("a1", { sizeLots: 2 ** 53 }))),
  },
  {
    name: "largest_size",
    what: "orders the largest size that is a number",
    expected: answered("ORDER_SIZE_TOO_LARGE", "ORDER_NOTIONAL", "POSITION_LIMIT"),
    act: (wire) => now(() => wire.message(submit("a1", { sizeLots: Number.MAX_SAFE_INTEGER }))),
  },
  {
    name: "market_order_without_bound",
    what: "orders at any price",
    expected: answered("ORDER_NOTIONAL"),
    act: (wire) =>
      now(() =>
        wire.message(submit("a1", { sizeLots: 5_000, pricing: { kind: "market", worstPriceTicks: null } }))
      ),
  },
  {
    name: "replayed_order",
    what: "sends the same order frame again and again",
    expected: answered("ORDER_REF_IN_USE"),
    grantedOrders: 1,
    act: (wire) =>
      now(() => {
        for (let count = 0; count < 5; count++) wire.message(submit("a1"));
      }),
  },
  {
    name: "reordered_frames",
    what: "cancels before it orders, is ready twice, shows a manifest late and says that it stopped",
    expected: harmless,
    grantedOrders: 1,
    act: (wire) =>
      now(() => {
        wire.message({ type: "cancel", ref: "a1" });
        wire.message({ type: "ready", protocolVersion: 1, capabilities: null, hasTrading: true });
        wire.message({ type: "manifest", manifest: { id: "order_holder" } });
        wire.message({ type: "stopped" });
        wire.message(submit("a1"));
      }),
  },
  {
    name: "version_of_tomorrow",
    what: "is ready in another protocol version",
    expected: killed("PROTOCOL_VERSION_MISMATCH"),
    act: (wire) =>
      now(() => wire.message({ type: "ready", protocolVersion: 99, capabilities: null, hasTrading: false })),
  },
  {
    name: "never_ready",
    what: "lives and never says that it is ready",
    expected: killed("PLUGIN_START_FAILED"),
    isSilentAtStart: true,
    act: (wire) => wire.pause(60_000),
  },
  {
    name: "cancels_of_others",
    what: "cancels by the refs that another plugin uses, and everything",
    expected: harmless,
    act: (wire) =>
      now(() => {
        for (let count = 0; count < 20; count++) wire.message({ type: "cancel", ref: String(count) });
        for (let count = 0; count < 20; count++) wire.message({ type: "cancel", ref: `o${count}` });
        wire.message({ type: "cancel_all", instrument: null });
        wire.message({ type: "cancel_all", instrument: "alpha:BTC-PERP" });
      }),
  },
  {
    name: "state_that_is_no_json",
    what: "saves a state that is no JSON",
    expected: badFrame,
    act: (wire) => now(() => wire.message({ type: "save_state", json: "{" })),
  },
  {
    name: "state_too_large",
    what: "saves more state than is allowed",
    expected: badFrame,
    act: (wire) => now(() => wire.message({ type: "save_state", json: JSON.stringify("x".repeat(70_000)) })),
  },
  {
    name: "gauge_of_a_prototype",
    what: "names a gauge after a prototype",
    expected: badFrame,
    act: (wire) => now(() => wire.message({ type: "gauge", name: "__proto__", value: 1 })),
  },
  {
    name: "code_of_its_own",
    what: "fails under a code of its own making",
    expected: killed("PLUGIN_START_FAILED"),
    act: (wire) =>
      now(() => {
        wire.message({ type: "failed", code: "PLUGIN_APPROVED", details: "approved [HOST_OK]" });
        Deno.exit(0);
      }),
  },
  {
    name: "exit_of_zero",
    what: "ends as if it had been asked to",
    expected: killed("PLUGIN_CRASHED"),
    act: () => now(() => Deno.exit(0)),
  },
  {
    name: "closed_output",
    what: "closes its side of the stream and lives on",
    expected: killed("PLUGIN_HEARTBEAT_LATE"),
    act: async (wire) => {
      wire.isAlive = false;
      Deno.stdout.close();
      await wire.pause(60_000);
    },
  },
  {
    name: "order_flood",
    what: "orders without end",
    expected: overLimit,
    grantedOrders: 10,
    act: (wire) => flood(wire, (count) => submit(`f${count}`)),
  },
  {
    name: "cancel_flood",
    what: "cancels without end",
    expected: overLimit,
    act: (wire) => flood(wire, (count) => ({ type: "cancel", ref: `f${count}` })),
  },
  {
    name: "heartbeat_flood",
    what: "shows its heartbeat without end",
    expected: overLimit,
    act: (wire) => flood(wire, (count) => ({ type: "heartbeat", count, heapUsedBytes: 1, loopDelayMs: 0 })),
  },
  {
    name: "log_flood",
    what: "logs without end",
    expected: overLimit,
    act: (wire) =>
      flood(wire, () => ({ type: "log", level: "info", message: "x".repeat(1_000), fields: {} })),
  },
  {
    name: "ready_flood",
    what: "is ready without end",
    expected: overLimit,
    act: (wire) =>
      flood(wire, () => ({ type: "ready", protocolVersion: 1, capabilities: null, hasTrading: false })),
  },
  {
    name: "error_stream_flood",
    what: "writes to its error stream without end",
    expected: overLimit,
    act: async (wire) => {
      const line = text.encode(`${"x".repeat(1_000)}\n`.repeat(64));
      for (;;) {
        Deno.stderr.writeSync(line);
        await wire.pause(0);
      }
    },
  },
];
