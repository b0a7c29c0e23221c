/** The console of a real host, over real sockets. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasIdlePolicy } from "../support/idle_policy.ts";
import { LineReader } from "../support/line_reader.ts";

const projectDir = fileURLToPath(new URL("../../", import.meta.url));

/** Asks for a network host, so that it waits for approval. */
const asking = `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "asking", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Asks for a host.",
  permissions: { net: ["api.example.com:443"] },
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: {},
}, () => ({}));
`;

const schedIdle = "5";

/** Scheduling policies of a process's threads, the first thread first (proc_pid_stat(5), field 41). */
function threadPolicies(pid: number): readonly (string | undefined)[] {
  const threads = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
  return threads.sort((a, b) => Number(a) - Number(b)).map((thread) => {
    const stat = Deno.readTextFileSync(`/proc/${pid}/task/${thread}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38];
  });
}

/** One raw request, as a program without manners sends it. */
async function raw(port: number, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  let answer = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  while (!answer.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) break;
    answer += decoder.decode(buffer.subarray(0, count));
  }
  return answer;
}

Deno.test("the console of a running host: live events, refusals on the wire, approval, and its end", async () => {
  const dataDir = await Deno.makeTempDir();
  const strategies = join(dataDir, "strategies");
  await Deno.mkdir(strategies);
  await Deno.writeTextFile(join(strategies, "asking.ts"), asking);
  const host = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--frozen",
      "--no-check",
      join(projectDir, "core/main.ts"),
      "start",
      "--seed",
      "1",
      "--plugins",
      strategies,
      "--data-dir",
      dataDir,
    ],
    env: { BERTH_CONSOLE_PORT: "0" },
    cwd: projectDir,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = new LineReader(host.stdout);
  try {
    const told = await lines.until((line) => line.includes("the console's token was made"));
    const token = (await Deno.readTextFile(join(dataDir, "console.token"))).trim();
    assert(told.includes("console.token") && !told.includes(token), "a log never has the token");
    for (const name of ["console.token", "sim/console.json"]) {
      await lines.until((line) => line.includes("console at"));
      if (Deno.build.os !== "windows") {
        assertEquals(((await Deno.stat(join(dataDir, name))).mode ?? 0) & 0o777, 0o600, name);
      }
    }
    const { url } = JSON.parse(await Deno.readTextFile(join(dataDir, "sim/console.json")));
    const port = Number(new URL(url).port);
    const get = async (path: string) => await (await fetch(`${url}/api/v1${path}`)).json();

    const foreign = await raw(port, "GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assertMatch(foreign, /^HTTP\/1\.1 403 /);
    const unnamed = await raw(port, "GET /api/v1/status HTTP/1.0\r\n\r\n");
    assertMatch(unnamed, /^HTTP\/1\.[01] 403 /);
    const large = await raw(
      port,
      `POST /api/v1/kill HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n` +
        `Content-Type: application/json\r\nContent-Length: 10000000\r\n\r\n{`,
    );
    assertMatch(large, /^HTTP\/1\.1 413 /);
    assertEquals((await get("/status")).tradingState, "active");

    const abort = new AbortController();
    const events = await fetch(`${url}/api/v1/events?topics=quotes`, { signal: abort.signal });
    let seen = "";
    for await (const text of events.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      seen += text;
      if ((seen.match(/event: quotes/g) ?? []).length >= 3) break;
    }
    abort.abort();
    assertMatch(seen, /"instrument":"okx:BTC-PERP","bidPrice":\d+/);

    const change = (path: string, body: unknown) =>
      fetch(`${url}/api/v1${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const waiting = await get("/plugins/asking");
    assertEquals(waiting.state, "awaiting_approval");
    assertMatch(waiting.asks.join(), /api\.example\.com/);
    const stale = await change("/plugins/asking/approve", { fingerprint: "00".repeat(32) });
    assertEquals(stale.status, 409);
    await stale.body?.cancel();
    const approved = await change("/plugins/asking/approve", { fingerprint: waiting.fingerprint });
    assertEquals(await approved.json(), { done: true });
    await lines.until((line) => line.includes('"running"') && line.includes('"asking"'));

    const { items } = await get("/journal?kind=operator&plugin=asking");
    const written = items.map((
      { body }: { body: { command: string; by: string; facts: { end: string } } },
    ) => [
      body.command,
      body.by,
      body.facts.end.split(":")[0],
    ]);
    assertEquals(written, [["plugin_approve", "http", "done"], [
      "plugin_approve",
      "http",
      "Another version",
    ]]);

    // One thread gives way to all others, and it is not the first one, on which orders go out.
    if (hasIdlePolicy) assertEquals(threadPolicies(host.pid).indexOf(schedIdle) > 0, true);

    const metrics = await (await fetch(`${url}/metrics`)).text();
    assertMatch(metrics, /berth_quotes_total\{venue="okx"\} [1-9]/);
    host.kill("SIGTERM");
    assertEquals((await host.status).code, 0);
    await lines.ended;
    assertEquals(await Deno.stat(join(dataDir, "sim/console.json")).catch(() => "gone"), "gone");
    assertEquals(lines.lines.filter((line) => line.includes(token)).length, 0);
  } finally {
    try {
      host.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await Promise.all([host.status, lines.ended]);
    await Deno.remove(dataDir, { recursive: true });
  }
});
