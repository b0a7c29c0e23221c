/**
 * A real host beside simulated venues: one of them goes away and comes back, a plugin falls over until it is quarantined;
 * people are told of all of it by a webhook, while another channel hangs and a third is misconfigured. Neither is felt by
 * the quotes.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { type AlertsResource, alertsSchema } from "../../core/console/alerts.ts";
import { slackDouble, slackPath } from "../support/alert_services/slack.ts";
import { type ReceivedNote, webhookDouble, webhookKey } from "../support/alert_services/webhook.ts";
import { CuttableLine } from "../support/cuttable_line.ts";
import { LineReader } from "../support/line_reader.ts";

const projectDir = fileURLToPath(new URL("../../", import.meta.url));
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Deno.ChildProcess =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", "--no-check", ...args],
    env: { BERTH_CONSOLE_PORT: "0", ...env },
    cwd: projectDir,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();

/** Falls over at its first quote, each time that it is started. */
const falling = `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "falling", version: "1.0.0", sdkVersion: 1, author: "tests", description: "Falls over.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: {},
}, () => ({ onQuote() { throw new Error("@everyone fell over"); } }));
`;

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
async function until<T>(what: string, found: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 600; tries++) {
    const value = await found();
    if (value !== undefined) return value;
    await after(50);
  }
  throw new Error(`it did not come: ${what}`);
}

const worldSchema = v.looseObject({
  venues: v.record(v.string(), v.looseObject({ endpoints: v.record(v.string(), v.string()) })),
});

/** The file of the venues with one venue's addresses leading over lines that can be cut. */
async function withLines(from: string, to: string, venue: string): Promise<readonly CuttableLine[]> {
  const world = v.parse(worldSchema, JSON.parse(await Deno.readTextFile(from)));
  const lines = new Map<string, CuttableLine>();
  const own = world.venues[venue];
  assert(own !== undefined);
  const endpoints = Object.fromEntries(
    Object.entries(own.endpoints).map(([name, address]) => {
      const url = new URL(address);
      const line = lines.get(url.port) ?? new CuttableLine(Number(url.port));
      lines.set(url.port, line);
      return [name, address.replace(`:${url.port}`, `:${line.port}`)];
    }),
  );
  const changed = { ...world, venues: { ...world.venues, [venue]: { ...own, endpoints } } };
  await Deno.writeTextFile(to, JSON.stringify(changed));
  return [...lines.values()];
}

/** Mean latency of OKX's quotes since the last call, ms. */
function latencyMeter(url: string): () => Promise<number> {
  let before = { sum: 0, count: 0 };
  return async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const read = (name: string): number =>
      Number(new RegExp(`^berth_quote_latency_ms_${name}\\{venue="okx"\\} (\\S+)$`, "m").exec(text)?.[1]);
    const now = { sum: read("sum"), count: read("count") };
    const mean = (now.sum - before.sum) / (now.count - before.count);
    before = now;
    return mean;
  };
}

Deno.test("a venue goes and comes back, a plugin falls: people are told, whatever other channels do", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "berth_alerts_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const hook = stack.use(webhookDouble());
  const stuck = stack.use(webhookDouble());
  stuck.isHanging = true;
  const slack = stack.use(slackDouble({ nowMs: 0 }));
  const venuesFile = join(folder, "venues.json");
  const venues = run([
    join(projectDir, "exchanges/simulation/standalone.ts"),
    "--file",
    venuesFile,
    "--seed",
    "5",
  ]);
  stack.defer(async () => {
    venues.kill("SIGKILL");
    await venues.stdout.cancel();
    await venues.status;
  });
  await until("the venues", () => Deno.stat(venuesFile).then(() => true, () => undefined));
  const lines = await withLines(venuesFile, join(folder, "attach.json"), "paradex");
  for (const line of lines) stack.use(line);
  await Deno.writeTextFile(
    join(folder, "berth.json"),
    JSON.stringify({
      pluginFolders: ["strategies"],
      simulation: { attach: "attach.json" },
      venues: { symbols: ["BTC-PERP"] },
      log: { format: "json" },
      alerts: {
        name: "desk one",
        // A busy machine is none of this test's business.
        rules: { host_slow: { enabled: false }, latency_high: { enabled: false } },
        channels: {
          hook: { kind: "webhook", urlSecret: "HOOK_URL" },
          stuck: { kind: "webhook", urlSecret: "STUCK_URL" },
          wrong: { kind: "slack" },
        },
      },
    }),
  );
  await Deno.mkdir(join(folder, "strategies"));
  const secrets = {
    HOOK_URL: `${hook.url}/hook-secret-path`,
    STUCK_URL: `${stuck.url}/stuck-secret-path`,
    ALERT_WEBHOOK_KEY: webhookKey,
    SLACK_WEBHOOK_URL: `${slack.url}${slackPath}Wrong`,
  };
  const config = ["--config", join(folder, "berth.json")];
  const host = run([join(projectDir, "core/main.ts"), "start", ...config], secrets);
  const output = new LineReader(host.stdout);
  stack.defer(async () => {
    try {
      host.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await Promise.all([host.status, output.ended]);
  });
  await output.until((line) => line.includes("console at"));
  const { url } = JSON.parse(await Deno.readTextFile(join(folder, "var/sim/console.json")));
  const alerts = async () => v.parse(alertsSchema, await (await fetch(`${url}/api/v1/alerts`)).json());
  const told = (fits: (note: ReceivedNote) => boolean, what: string) =>
    until(what, () => hook.received.find(fits));

  await until("calm alerts", async () => {
    const { isWatching, active } = await alerts();
    return isWatching && active.length === 0 ? true : undefined;
  });
  const latency = latencyMeter(url);
  await latency();
  await after(4_000);
  const calmMs = await latency();
  assertEquals(hook.received, [], "nothing is wrong, nobody is told of anything");

  for (const line of lines) await line.cut();
  const raised = await told(({ type }) => type === "alert.raised", "the alert");
  assertMatch(String(raised.data.text), /^paradex disconnected: /);
  assertEquals([raised.data.severity, raised.data.sender, raised.data.headline], [
    "critical",
    "desk one",
    "[critical] desk one sim",
  ]);
  const failing = await told(({ data }) => data.rule === "channel_failing", "the failing channel");
  assertMatch(String(failing.data.text), /^alert channel wrong does not deliver: status 404: no_service$/);

  await latency();
  await after(4_000); // one channel has no answer all the while
  const besideMs = await latency();
  assert(
    besideMs < 3 * calmMs + 5,
    `quotes took ${calmMs} ms before, ${besideMs} ms beside a hanging channel`,
  );
  const { rules, channels } = await alerts();
  assertEquals(rules.find(({ rule }) => rule === "venue_disconnected")?.active, 1);
  assertEquals(channels.map(({ name, sent, circuit }) => [name, sent > 0, circuit]), [
    ["hook", true, "closed"],
    ["stuck", false, "closed"],
    ["wrong", false, "open"],
  ]);

  for (const line of lines) line.mend();
  const resolved = await told(
    ({ type, data }) => type === "alert.resolved" && data.rule === "venue_disconnected",
    "the recovery note",
  );
  assertMatch(String(resolved.data.text), /^resolved after \d+ s: paradex disconnected: /);

  const isResolvedIn = ({ recent }: AlertsResource): boolean =>
    recent.some(({ kind }) => kind === "resolved");
  await until("the note in the picture of the host", async () => isResolvedIn(await alerts()) || undefined);
  const listed = run([join(projectDir, "core/main.ts"), "alerts", "list", "--json", ...config]);
  const { stdout } = await listed.output();
  assert(isResolvedIn(v.parse(alertsSchema, JSON.parse(new TextDecoder().decode(stdout)))));

  const reloaded = run([join(projectDir, "core/main.ts"), "alerts", "reload", "--json", ...config]);
  assertEquals(JSON.parse(new TextDecoder().decode((await reloaded.output()).stdout)), { changes: [] });
  const text = await Deno.readTextFile(join(folder, "berth.json"));
  const settings = JSON.parse(text);
  delete settings.alerts.channels.wrong;
  await Deno.writeTextFile(join(folder, "berth.json"), JSON.stringify(settings));
  await until("the saved settings in the running host", async () => {
    const now = await alerts();
    const isGone = !now.channels.some(({ name }) => name === "wrong");
    return isGone && now.channels.some(({ name, sent }) => name === "hook" && sent > 0) ? true : undefined;
  });

  await Deno.writeTextFile(join(folder, "strategies/falling.ts"), falling);
  const isDown = (words: RegExp) => ({ data }: ReceivedNote): boolean =>
    data.rule === "plugin_down" && words.test(String(data.text));
  const ended = await told(isDown(/^plugin falling was ended and is started again: /), "the plugin's end");
  const given = await told(isDown(/^plugin falling is quarantined: /), "the quarantine");
  assertEquals([ended.data.severity, given.data.severity], ["warning", "critical"]);

  host.kill("SIGTERM");
  await host.status;
  await output.ended;
  const log = output.lines.filter((line) => line.includes('"source":"alerts"')).map((line) =>
    JSON.parse(line)
  );
  const line = log.find(({ rule, message }) =>
    rule === "venue_disconnected" && !message.startsWith("resolved")
  );
  assertEquals([line?.level, line?.subject], ["error", "paradex"]);
  const later = hook.received.slice(hook.received.indexOf(resolved) + 1);
  assertEquals(
    later.filter(({ data }) => data.rule === "venue_disconnected"),
    [],
    "an end in order is no alarm",
  );
  for (const secret of Object.values(secrets)) {
    assertEquals(output.lines.filter((one) => one.includes(secret)), []);
  }
});
