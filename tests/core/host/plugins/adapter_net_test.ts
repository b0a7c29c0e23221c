/** An adapter's process reaches the addresses of its environment and no other: real processes, real sockets. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { commandLine } from "../../../../core/sandbox/child_process.ts";
import { adapterAccess } from "../../../../core/host/venues/modes.ts";
import { defaultLimits } from "../../../../core/sandbox/sandbox.ts";
import { pluginId } from "../../../../core/model/ids.ts";
import { protocolVersion } from "../../../../core/protocol/messages.ts";
import type { ExchangeManifest } from "../../../../core/sdk/manifest.ts";
import { MiniHost, projectDir } from "../../../support/mini_host.ts";

const adapter = (foreign: string): string => `
import { defineExchange } from "@berth/sdk";
const tried = async (what: string, act: () => Promise<unknown>) => {
  try { await act(); return what + " reached"; } catch (error) { return what + " " + error.name; }
};
const socket = (url: string) => new Promise((resolve, reject) => {
  const one = new WebSocket(url);
  one.onopen = resolve;
  one.onerror = (event) => reject(Object.assign(new Error(event.message), { name: "refused: " + event.message }));
});
export default defineExchange({
  kind: "exchange", id: "curious", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Looks around.",
  venue: "curious", tradingSecrets: [], packages: [], settings: {},
  endpoints: { live: { restUrl: { url: "https://example.test", purpose: "trading" } } },
}, (ctx) => ({
  capabilities: {},
  async start() {
    const own = ctx.endpoints.restUrl;
    ctx.log.info("looked", {
      own: await tried("own", () => fetch(own + "/hello").then((answer) => answer.text())),
      redirect: await tried("redirect", () => fetch(own + "/away").then((answer) => answer.text())),
      foreign: await tried("foreign", () => fetch("${foreign}")),
      socket: await tried("socket", () => socket("${foreign.replace("http", "ws")}")),
      live: await tried("live", () => fetch("https://example.test")),
      file: await tried("file", () => fetch("file:///etc/hosts")),
    });
  },
  marketData: { subscribe() {}, unsubscribe() {} },
  async stop() {},
}));
`;

Deno.test("an adapter reaches its venue's address, not another port of the same machine, not the live venue", async () => {
  const folder = await Deno.makeTempDir();
  let foreignRequests = 0;
  const foreign = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    foreignRequests += 1;
    return new Response("never");
  });
  const foreignUrl = `http://127.0.0.1:${foreign.addr.port}/`;
  const own = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => request.url.endsWith("/away") ? Response.redirect(foreignUrl) : new Response("hello"),
  );
  const ownHost = `127.0.0.1:${own.addr.port}`;
  await Deno.mkdir(join(folder, "curious"));
  await Deno.writeTextFile(join(folder, "curious/mod.ts"), adapter(foreignUrl));
  try {
    await using host = new MiniHost({
      trustedFolders: [folder],
      accessOf: () => ({
        kind: "access",
        access: {
          endpoints: { restUrl: `http://${ownHost}` },
          netHosts: [ownHost],
          secrets: {},
          isPaper: false,
        },
      }),
    });
    await host.start(folder);
    const { fields } = await host.until(
      "its look",
      () => host.lines.find(({ message }) => message === "looked"),
    );
    assertEquals(fields["own"], "own reached");
    for (const attempt of ["redirect", "foreign", "live"]) {
      assertEquals(fields[attempt], `${attempt} NotCapable`);
    }
    assertMatch(String(fields["socket"]), /^socket (NotCapable|refused)/);
    assertMatch(String(fields["file"]), /^file (NotCapable|TypeError)/);
    assertEquals(foreignRequests, 0);
  } finally {
    await Promise.all([own.shutdown(), foreign.shutdown()]);
    await Deno.remove(folder, { recursive: true });
  }
});

const venue: ExchangeManifest = {
  kind: "exchange",
  id: "venue",
  version: "1.0.0",
  sdkVersion: 1,
  author: "tests",
  description: "Has addresses.",
  venue: "venue",
  endpoints: {
    live: {
      feed: { url: "wss://feed.test/ws", purpose: "market_data" },
      orders: { url: "https://orders.test:8443", purpose: "trading" },
    },
    testnet: {
      feed: { url: "wss://feed.testnet.test", purpose: "market_data" },
      orders: { url: "https://testnet.test", purpose: "trading" },
    },
  },
  tradingSecrets: ["VENUE_KEY"],
  packages: [],
  settings: {},
};
const simulated = {
  accountId: "made-up",
  endpoints: { feed: "ws://127.0.0.1:5", orders: "http://127.0.0.1:6" },
  credentials: {},
};
const reach: readonly (readonly ["sim" | "paper" | "testnet" | "live", string])[] = [
  ["sim", "--allow-net=127.0.0.1:5,127.0.0.1:6"],
  ["paper", "--allow-net=feed.test:443"],
  ["testnet", "--allow-net=feed.testnet.test:443,testnet.test:443"],
  ["live", "--allow-net=feed.test:443,orders.test:8443"],
];
for (const [environment, flag] of reach) {
  Deno.test(`in ${environment} the adapter's process is started with ${flag}, and nothing secret on its command line`, () => {
    const result = adapterAccess(environment, venue, simulated, () => "made-up-key-77f1");
    if (result.kind !== "access") throw new Error(result.what);
    const words = commandLine({
      pluginId: pluginId("venue"),
      role: "exchange",
      entryPath: "/x/mod.ts",
      rootPath: "/x",
      permissions: { net: result.access.netHosts, read: [], write: [] },
      packages: [],
      limits: defaultLimits,
      hello: { type: "hello", role: "probe", protocolVersion },
    }, projectDir);
    assertEquals(words.filter((word) => word.startsWith("--allow-net")), [flag]);
    assertEquals(words.filter((word) => /--allow-(write|env|run|ffi|sys|all)|^-A$/.test(word)), []);
    assertEquals(words.join(" ").includes("made-up-key-77f1"), false);
  });
}
