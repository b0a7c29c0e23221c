/**
 * Clients of a console, in a process of their own: followers of the live events, and requests at a steady rate. Prints one
 * line of JSON at the end.
 *
 * Arguments: address, followers, requests a second, seconds.
 */
const [url = "", followersText = "500", rateText = "2000", secondsText = "10"] = Deno.args;
const paths = ["/api/v1/status", "/api/v1/quotes", "/api/v1/orders", "/api/v1/risk"];
let events = 0;
let open = 0;

async function follow(): Promise<void> {
  const response = await fetch(`${url}/api/v1/events`);
  if (response.body === null || !response.ok) return;
  open += 1;
  for await (const chunk of response.body) events += chunk.length > 3 ? 1 : 0;
  open -= 1; // cut off by the console
}

for (let count = 0; count < Number(followersText); count++) void follow();
await new Promise((resolve) => setTimeout(resolve, 1_000));

const ratePerMs = Number(rateText) / 1_000;
const fromMs = performance.now();
const untilMs = fromMs + Number(secondsText) * 1_000;
const latencies: number[] = [];
const statuses = new Map<number, number>();
let sent = 0;
const waiting = new Set<Promise<void>>();

async function ask(path: string): Promise<void> {
  const askedMs = performance.now();
  const response = await fetch(`${url}${path}`);
  await response.arrayBuffer();
  latencies.push(performance.now() - askedMs);
  statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
}

while (performance.now() < untilMs) {
  const due = Math.floor((performance.now() - fromMs) * ratePerMs);
  for (; sent < due && waiting.size < 200; sent++) {
    const asked: Promise<void> = ask(paths[sent % paths.length] ?? "").finally(() => waiting.delete(asked));
    waiting.add(asked);
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await Promise.all(waiting);
const seconds = (performance.now() - fromMs) / 1_000;
latencies.sort((a, b) => a - b);
const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN;
const report = {
  followers: open,
  eventsPerSecond: Math.round(events / seconds),
  requestsPerSecond: Math.round(latencies.length / seconds),
  statuses: Object.fromEntries(statuses),
  p50Ms: at(0.5),
  p99Ms: at(0.99),
};
await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(report)}\n`));
Deno.exit(0); // the followers would go on
