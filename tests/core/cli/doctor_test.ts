/**
 * The doctor from the real command line, against simulated venues: one that is well, and ones that are not. The real
 * adapter runs in its sandbox; where a venue stands in for a real one, its addresses come from the configuration.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import * as v from "valibot";
import { makeCredentials, simulatedInstruments, startSimulator } from "../../../exchanges/okx/simulator.ts";
import { realTimeClock } from "../../../exchanges/simulation/clock.ts";
import { noFaults } from "../../../exchanges/simulation/faults.ts";
import type { SimulatedCredentials } from "../../../exchanges/simulation/ports.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../../exchanges/simulation/simulated_venue.ts";

const entry = new URL("../../../core/main.ts", import.meta.url).pathname;
const accountId = "trader";

const outputSchema = v.object({
  environment: v.string(),
  isHealthy: v.boolean(),
  venues: v.array(v.object({
    venue: v.string(),
    checks: v.array(
      v.object({
        name: v.string(),
        result: v.string(),
        details: v.string(),
        fix: v.string(),
        tookMs: v.number(),
      }),
    ),
  })),
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

async function berth(
  words: readonly string[],
  options: { readonly config?: unknown; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  const folder = await Deno.makeTempDir();
  try {
    if (options.config !== undefined) {
      await Deno.writeTextFile(`${folder}/berth.json`, JSON.stringify(options.config));
    }
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", entry, "doctor", ...words],
      cwd: folder,
      env: { NO_COLOR: "1", ...options.env },
    }).output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout), errors: decoder.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Results by check of the one venue that was examined. */
function results({ out }: Ended): Readonly<Record<string, string>> {
  const { venues: [venue] } = v.parse(outputSchema, JSON.parse(out));
  return Object.fromEntries(venue?.checks.map(({ name, result }) => [name, result]) ?? []);
}
function failure({ out }: Ended): { readonly name: string; readonly details: string; readonly fix: string } {
  const { venues: [venue] } = v.parse(outputSchema, JSON.parse(out));
  const failed = venue?.checks.filter(({ result }) => result === "failed") ?? [];
  assertEquals(failed.length, 1, out);
  const [one] = failed;
  assert(one !== undefined);
  assert(one.fix !== "", "a failure says what to do");
  return one;
}

interface StandIn {
  readonly venue: SimulatedVenueControl;
  readonly credentials: SimulatedCredentials;
  readonly config: unknown;
}

/** A simulated OKX that stands in for its testnet, with a clock of its own. */
async function withStandIn(
  skewMs: number,
  test: (standIn: StandIn) => Promise<void>,
  endpointsOf = (endpoints: Readonly<Record<string, string>>) => endpoints,
): Promise<void> {
  const real = realTimeClock();
  const clock = { ...real, nowMs: () => real.nowMs() + skewMs };
  const random = seededRandom(3);
  const venue = createSimulatedVenue({
    venue: "okx",
    instruments: simulatedInstruments,
    clock,
    firstId: clock.nowMs() * 1_000,
  });
  venue.deposit(accountId, "1000");
  const credentials = await makeCredentials(random.fork("credentials"));
  const simulator = await startSimulator({
    venue,
    accountId,
    credentials,
    faults: noFaults,
    random: random.fork("faults"),
    hostname: "127.0.0.1",
    port: 0,
  });
  let step = 0;
  const quote = () => {
    step += 1;
    for (const [side, ticks] of [["buy", 600_000], ["sell", 600_010]] as const) {
      venue.quoteHouse("BTC-PERP", side, new Map([[ticks, 100_000 + step % 2]]));
    }
    const rest = { indexPrice: 60_000, fundingRate: 0.0001, tsNextFundingMs: clock.nowMs() + 3_600_000 };
    venue.setMark({ symbol: "BTC-PERP", markPrice: 60_000.5, ...rest, tsMs: clock.nowMs() });
  };
  quote();
  const ticker = setInterval(quote, 200);
  try {
    await test({
      venue,
      credentials,
      config: { venues: { endpoints: { okx: endpointsOf(simulator.endpoints) } } },
    });
  } finally {
    clearInterval(ticker);
    await simulator.stop();
  }
}

const examined = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name: `berth doctor: ${name}`, fn, sanitizeOps: false, sanitizeResources: false });

const okxTestnet = ["--env", "testnet", "--venue", "okx", "--json", "--wait", "5s"];

examined("in sim every check passes, the order too, and the table says so", async () => {
  const ended = await berth(["--venue", "okx", "--trade"]);
  assertEquals(ended.code, 0, ended.out + ended.errors);
  for (
    const check of [
      "adapter",
      "name resolution",
      "connection",
      "credentials",
      "clock",
      "market data",
      "private stream",
      "order",
    ]
  ) {
    assertMatch(ended.out, new RegExp(`^okx +${check} +ok`, "m"));
  }
  assertMatch(ended.out, /Placed and cancelled: 0\.0001 of okx:BTC-PERP/);
  assertMatch(ended.out, /Nothing is wrong in sim\./);
});

examined(
  "a venue with keys in the environment passes, and its order came and went",
  () =>
    withStandIn(0, async ({ venue, credentials, config }) => {
      const ended = await berth([...okxTestnet, "--trade"], { config, env: credentials });
      assertEquals([ended.code, new Set(Object.values(results(ended)))], [0, new Set(["passed"])], ended.out);
      const orders = venue.orderHistory(accountId);
      assertEquals(
        orders.map(({ side, postOnly, sizeLots, status }) => ({ side, postOnly, sizeLots, status })),
        [
          { side: "buy", postOnly: true, sizeLots: 1, status: "cancelled" },
        ],
      );
    }),
);

examined("without --trade nothing is sent", () =>
  withStandIn(0, async ({ venue, credentials, config }) => {
    const ended = await berth(okxTestnet, { config, env: credentials });
    assertEquals([ended.code, results(ended)["order"]], [0, "skipped"], ended.out);
    assertEquals(venue.orderHistory(accountId), []);
  }));

examined(
  "without keys there is market data only, which is no fault",
  () =>
    withStandIn(0, async ({ config }) => {
      const ended = await berth(okxTestnet, { config });
      const found = results(ended);
      assertEquals(ended.code, 0, ended.out);
      assertEquals([found["credentials"], found["market data"], found["private stream"]], [
        "skipped",
        "passed",
        "skipped",
      ]);
    }),
);

examined(
  "a wrong key is told in the venue's words, and never repeated",
  () =>
    withStandIn(0, async ({ credentials, config }) => {
      const env = { ...credentials, OKX_SECRET_KEY: "WRONGSECRET1234567" };
      const ended = await berth(okxTestnet, { config, env });
      assertEquals(ended.code, 1);
      const { name, details, fix } = failure(ended);
      assertEquals(name, "credentials");
      assertMatch(details, /50113/);
      assertMatch(fix, /OKX_API_KEY, OKX_SECRET_KEY, OKX_PASSPHRASE/);
      assertEquals((ended.out + ended.errors).includes("WRONGSECRET"), false);
    }),
);

examined(
  "a key without its passphrase is told before anything is asked",
  () =>
    withStandIn(0, async ({ credentials, config }) => {
      const { OKX_PASSPHRASE: _, ...env } = credentials;
      const { name, details } = failure(await berth(okxTestnet, { config, env }));
      assertEquals([name, /OKX_PASSPHRASE/.test(details)], ["credentials", true]);
    }),
);

for (const [words, skewMs] of [["behind", 45_000], ["ahead of", -45_000]] as const) {
  examined(
    `a clock that is ${words} the venue's is told with the time it is off`,
    () =>
      withStandIn(skewMs, async ({ credentials, config }) => {
        const ended = await berth(okxTestnet, { config, env: credentials });
        assertEquals(ended.code, 1);
        const { name, details, fix } = failure(ended);
        assertEquals(name, "clock");
        assertMatch(details, new RegExp(`clock is 4[45]\\d{3} ms ${words} the venue`));
        assertMatch(fix, /timedatectl/);
      }),
  );
}

examined("a venue that is down is told, and what rests on it is not looked at", async () => {
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr;
  closed.close();
  const base = `ws://127.0.0.1:${port}/ws/v5`;
  const config = {
    venues: {
      endpoints: {
        okx: {
          restUrl: `http://127.0.0.1:${port}`,
          wsPublicUrl: `${base}/public`,
          wsPrivateUrl: `${base}/private`,
          wsBusinessUrl: `${base}/business`,
        },
      },
    },
  };
  const ended = await berth(okxTestnet, { config });
  assertEquals(ended.code, 1);
  const { name, details } = failure(ended);
  assertEquals(name, "connection");
  assertMatch(details, new RegExp(`127\\.0\\.0\\.1:${port} takes no connection`));
  assertEquals(results(ended)["market data"], undefined);
});

examined("a name that is not known is told", () =>
  withStandIn(0, async ({ config }) => {
    const { name, details } = failure(await berth(okxTestnet, { config }));
    assertEquals(name, "name resolution");
    assertMatch(details, /okx\.invalid can't be resolved/);
  }, (endpoints) => ({ ...endpoints, restUrl: "https://okx.invalid" })));

examined("an address without encryption is refused", async () => {
  const config = { venues: { endpoints: { okx: { restUrl: "http://okx.example" } } } };
  const { name, details } = failure(await berth(okxTestnet, { config }));
  assertEquals([name, details], ["credentials", "venues.endpoints.okx.restUrl is http://okx.example."]);
});

examined("a venue that there is no adapter of is told", async () => {
  const ended = await berth(["--venue", "nowhere", "--json"]);
  assertEquals([ended.code, failure(ended).details], [1, "There is no adapter of nowhere."]);
});

examined("a real order needs its flag", async () => {
  const ended = await berth(["--env", "live", "--trade"]);
  assertEquals([ended.code, ended.out], [2, ""]);
  assertMatch(ended.errors, /--i-understand-live-trading/);
});
