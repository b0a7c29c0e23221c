import { assertEquals } from "@std/assert";
import { adapterAccess, hostAndPort } from "../../../../core/host/venues/modes.ts";
import type { ExchangeManifest } from "../../../../core/sdk/manifest.ts";

const manifest: ExchangeManifest = {
  kind: "exchange",
  id: "somewhere",
  venue: "somewhere",
  version: "1.0.0",
  sdkVersion: 1,
  description: "A venue.",
  author: "tests",
  settings: {},
  tradingSecrets: ["SOMEWHERE_KEY", "SOMEWHERE_SECRET"],
  packages: [],
  endpoints: {
    live: {
      restUrl: { url: "https://api.somewhere.test", purpose: "market_data" },
      wsUrl: { url: "wss://ws.somewhere.test:8443/public", purpose: "market_data" },
      orderUrl: { url: "wss://orders.somewhere.test", purpose: "trading" },
    },
    testnet: { restUrl: { url: "https://api.testnet.somewhere.test", purpose: "market_data" } },
  },
};
const allSecrets = (name: string) => `value of ${name}`;
const noSecrets = () => undefined;

Deno.test("paper trading knows no trading host and no secret, even when both exist", () => {
  const result = adapterAccess("paper", manifest, undefined, allSecrets);
  assertEquals(result, {
    kind: "access",
    access: {
      endpoints: { restUrl: "https://api.somewhere.test", wsUrl: "wss://ws.somewhere.test:8443/public" },
      netHosts: ["api.somewhere.test:443", "ws.somewhere.test:8443"],
      secrets: {},
      isPaper: true,
    },
  });
});

Deno.test("sim reaches loopback alone, with the simulator's made-up credentials and never the operator's", () => {
  const simulated = {
    accountId: "a",
    endpoints: { restUrl: "http://127.0.0.1:4000/v1", wsUrl: "ws://127.0.0.1:4001/v1" },
    credentials: { SOMEWHERE_KEY: "made up", ANOTHER: "not declared" },
  };
  assertEquals(adapterAccess("sim", manifest, simulated, allSecrets), {
    kind: "access",
    access: {
      endpoints: simulated.endpoints,
      netHosts: ["127.0.0.1:4000", "127.0.0.1:4001"],
      secrets: { SOMEWHERE_KEY: "made up" },
      isPaper: false,
    },
  });
});

Deno.test("sim refuses a simulator that names an address outside this machine", () => {
  const simulated = { accountId: "a", endpoints: { restUrl: "https://api.somewhere.test" }, credentials: {} };
  assertEquals(adapterAccess("sim", manifest, simulated, noSecrets).kind, "impossible");
});

Deno.test("sim without a simulator of the venue is impossible", () => {
  assertEquals(adapterAccess("sim", manifest, undefined, noSecrets).kind, "impossible");
});

Deno.test("live hands over the declared secrets and opens all declared hosts", () => {
  const result = adapterAccess("live", manifest, undefined, allSecrets);
  assertEquals(result.kind === "access" ? result.access.secrets : undefined, {
    SOMEWHERE_KEY: "value of SOMEWHERE_KEY",
    SOMEWHERE_SECRET: "value of SOMEWHERE_SECRET",
  });
  assertEquals(
    result.kind === "access" ? result.access.netHosts.includes("orders.somewhere.test:443") : false,
    true,
  );
});

Deno.test("live with half of the keys says which are missing, without showing the others", () => {
  const result = adapterAccess(
    "live",
    manifest,
    undefined,
    (name) => (name === "SOMEWHERE_KEY" ? "hush" : undefined),
  );
  assertEquals(result.kind === "impossible" ? result.what : "", "somewhere lacks SOMEWHERE_SECRET.");
  assertEquals(JSON.stringify(result).includes("hush"), false);
});

Deno.test("a venue without testnet is impossible there", () => {
  const { testnet: _, ...endpoints } = manifest.endpoints;
  assertEquals(adapterAccess("testnet", { ...manifest, endpoints }, undefined, noSecrets).kind, "impossible");
});

for (
  const [url, expected] of [
    ["https://a.test/path", "a.test:443"],
    ["wss://a.test", "a.test:443"],
    ["ws://127.0.0.1:9", "127.0.0.1:9"],
    ["http://[::1]/x", "[::1]:80"],
  ] as const
) {
  Deno.test(`hostAndPort() of ${url} is ${expected}`, () => assertEquals(hostAndPort(url), expected));
}
