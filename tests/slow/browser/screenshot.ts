/**
 * Takes the pictures of the docs from a host that runs for a while: `deno task screenshot`. On simulated venues, seed 1;
 * figures differ a little from time to time, as trades do.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openChromium } from "./chromium.ts";
import { watchedHosts } from "./watched_host.ts";

const images = fileURLToPath(new URL("../../../docs/images/", import.meta.url));
/** Until curves and lists have something to show. */
const runMs = 75_000;

const shots = [
  { name: "dashboard_dark.png", scheme: "dark", width: 1360, height: 1000 },
  { name: "dashboard_light.png", scheme: "light", width: 1360, height: 1000 },
  { name: "dashboard_phone.png", scheme: "dark", width: 390, height: 844 },
] as const;

await using hosts = await watchedHosts({ withOwn: false });
const host = await hosts.start(0);
await using browser = await openChromium();
const first = await browser.newPage();
await first.goto(host.url);
await first.waitForTimeout(runMs); // with somebody who looks: the curves are those of a page that was open
await Deno.mkdir(images, { recursive: true });
for (const { name, scheme, width, height } of shots) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  await page.goto(host.url);
  await page.locator("#link[data-state=live]").waitFor();
  await page.locator("#spreads-chart canvas").waitFor();
  await page.waitForTimeout(2_500); // two moments more, so that all lists are there
  await page.screenshot({ path: join(images, name) });
  await page.close();
}
await host.stop();
