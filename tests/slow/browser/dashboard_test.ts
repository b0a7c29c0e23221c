/** The dashboard of a running host in a real browser: what a person sees, does by keyboard, and must be spared. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core/axe.min.js" with { type: "text" };
import type { Browser, Locator, Page } from "playwright-core";
import type { PnlHistory } from "../../../core/console/curves.ts";
import { isSkipped, openChromium } from "./chromium.ts";
import { hostileText, type WatchedHost, watchedHosts } from "./watched_host.ts";

const waitMs = 30_000;

/** What went wrong in a page, and where its requests went. */
interface Witness {
  readonly faults: string[];
  readonly hosts: Set<string>;
}

async function openPage(
  browser: Browser,
  url: string,
  phone = false,
): Promise<Page & { readonly witness: Witness }> {
  const page = await browser.newPage({
    viewport: phone ? { width: 360, height: 740 } : { width: 1440, height: 1000 },
    colorScheme: "dark",
  });
  page.setDefaultTimeout(waitMs);
  const witness: Witness = { faults: [], hosts: new Set() };
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") witness.faults.push(message.text());
  });
  page.on("pageerror", (error) => witness.faults.push(error.message));
  page.on("request", (request) => witness.hosts.add(new URL(request.url()).host));
  await page.addInitScript(() => {
    addEventListener(
      "securitypolicyviolation",
      (event) => reportError(new Error(`policy: ${event.violatedDirective}`)),
    );
  });
  await page.goto(url);
  await page.locator("#link[data-state=live]").waitFor();
  return Object.assign(page, { witness });
}

/** The text of an element once it fits. */
async function textOnce(locator: Locator, fits: RegExp): Promise<string> {
  const found = locator.filter({ hasText: fits });
  await found.first().waitFor();
  return await found.first().innerText();
}

/** Moves by Tab alone until the element has the focus. */
async function tabTo(page: Page, locator: Locator): Promise<void> {
  for (let presses = 0; presses < 200; presses++) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("Tab never got there");
}

/** What is drawn of profit and loss after a restart begins in the run before, with a break where the host was down. */
async function curveGoesOn(page: Page, tsFirstStartMs: number): Promise<void> {
  const answered = page.waitForResponse((response) => response.url().includes("/history/pnl"));
  await page.locator("#scope").dispatchEvent("change");
  const { tsMs, totalUsd, pastProblem }: PnlHistory = await (await answered).json();
  assertEquals(pastProblem, null);
  const breakAt = totalUsd.indexOf(null);
  assert(breakAt > 0 && totalUsd.slice(breakAt).some((value) => value !== null), "points of both runs");
  assert((tsMs[0] ?? 0) > tsFirstStartMs);
  await page.locator("#equity-note").waitFor({ state: "hidden" });
  // Of the plot itself: the first and the last point lie as far apart as they were measured.
  await page.waitForFunction(
    (spanMs) => Number(document.getElementById("equity-chart")?.dataset.spanMs) >= spanMs,
    (tsMs.at(-1) ?? 0) - (tsMs[0] ?? 0),
  );
}

const background = (page: Page): Promise<string> =>
  page.evaluate(() => getComputedStyle(document.body).backgroundColor);

/** Text that is cut off at its right would be a page wider than its window. */
const overhang = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

interface Barrier {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

/** What would keep somebody out, by the rules of WCAG 2.2 A and AA, contrast included. */
async function barriersOf(page: Page, part = "html"): Promise<readonly string[]> {
  await page.evaluate(axe);
  const found: readonly Barrier[] = await page.evaluate(
    `axe.run("${part}", { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((result) => result.violations)`,
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`)
  );
}

Deno.test({ name: "the dashboard in Chromium", ignore: isSkipped() }, async (t) => {
  await using hosts = await watchedHosts();
  const host: WatchedHost = await hosts.start(0);
  await using browser = await openChromium();
  const page = await openPage(browser, host.url);
  const { faults } = page.witness;
  const dialog = page.locator("dialog[open]");

  await t.step("it says where orders go, and shows live quotes that change", async () => {
    assertEquals(await page.title(), "SIM · berth");
    assertMatch(await page.locator(".environment").innerText(), /SIM\s+simulated venues/);
    await textOnce(page.locator("#trading"), /^active$/);
    await page.locator("#quotes tr").nth(7).waitFor();
    const first = page.locator("#quotes tr").first();
    const before = await first.innerText();
    await page.waitForFunction(
      (text) => document.querySelector<HTMLElement>("#quotes tr")?.innerText !== text,
      before,
    );
    assertMatch(before, /^BTC-PERP\s+okx\s/);
    assertMatch(await page.locator("#venues li").first().innerText(), /okx\s+trading/);
  });

  await t.step("charts are drawn of the console's history", async () => {
    for (const name of ["spreads", "equity"]) {
      const canvas = page.locator(`#${name}-chart canvas`);
      await canvas.waitFor();
      const colors = await canvas.evaluate((element) => {
        if (!(element instanceof HTMLCanvasElement)) return 0;
        const { data } = element.getContext("2d")?.getImageData(0, 0, element.width, element.height) ??
          { data: [] };
        const seen = new Set<string>();
        for (let at = 0; at < data.length; at += 4) seen.add(`${data[at]} ${data[at + 1]} ${data[at + 2]}`);
        return seen.size;
      });
      assert(colors > 4, `${name}: ${colors} colours`);
    }
  });

  await t.step("texts of a plugin are shown as they are, never as HTML", async () => {
    await page.locator("#log .message", { hasText: hostileText }).first().waitFor();
    const card = page.locator("[data-plugin=shouting]");
    assert((await card.innerText()).includes(hostileText), "its description");
    await textOnce(card, /Last error/);
    const made = await page.evaluate(() => ({
      images: document.images.length,
      scripts: document.querySelectorAll("body script").length,
      wasRun: "wasRun" in globalThis,
    }));
    assertEquals(made, { images: 0, scripts: 0, wasRun: false });
  });

  await t.step("the log can be filtered by level and by text", async () => {
    await page.locator("#log-filter").fill("quotes are flowing");
    await page.waitForFunction(() => document.querySelectorAll("#log li").length === 1);
    await page.locator("#log-filter").fill("");
    await page.locator("#log-level").selectOption("error");
    await page.waitForFunction(() => {
      const rows = [...document.querySelectorAll<HTMLElement>("#log li")];
      return rows.length > 0 && rows.every((row) => row.dataset.level === "error");
    });
    await page.locator("#log-level").selectOption("info");
  });

  await t.step("a fill is explained back to the quote that it was decided on", async () => {
    await page.getByRole("tab", { name: /Positions/ }).focus();
    for (let presses = 0; presses < 4; presses++) await page.keyboard.press("ArrowRight");
    assertEquals(await page.getByRole("tab", { name: /Fills/ }).getAttribute("aria-selected"), "true");
    await page.locator("#tab-body tr").first().waitFor();
    await page.getByRole("button", { name: "Why?" }).first().click();
    const chain = await textOnce(dialog, /filled/);
    for (const word of ["quote", "intent", "order", "fill"]) assert(chain.includes(word), word);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  });

  await t.step("a plugin is approved by keyboard alone, after a wrong token is turned down", async () => {
    const card = page.locator("[data-plugin=asking]");
    await textOnce(card, /awaiting approval/);
    await tabTo(page, card.getByRole("button", { name: "Approve asking" }));
    await page.keyboard.press("Enter");
    const asked = await textOnce(dialog, /Approve asking/);
    assertMatch(asked, /place orders[\s\S]*lose 25 USD a day[\s\S]*news\.example\.com/, "money first");
    const submit = dialog.getByRole("button", { name: "Approve" });
    assert(await submit.isDisabled(), "not without a token");
    await page.keyboard.type("berth_wrong");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => sessionStorage.getItem("berth.token") === null);
    await tabTo(page, dialog.locator("input[type=password]"));
    await page.keyboard.press("Control+a");
    await page.keyboard.type(host.token);
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await textOnce(card, /running/);
    assertEquals(new URL(page.url()).search, "", "the token is never in the address");
    faults.splice(0, faults.length, ...faults.filter((fault) => !/status of 401/.test(fault)));
  });

  await t.step("the theme follows the system, and the button overrules it", async () => {
    const dark = await background(page);
    await page.emulateMedia({ colorScheme: "light" });
    const light = await background(page);
    assert(light !== dark);
    for (const [theme, color] of [["light", light], ["dark", dark], ["auto", light]] as const) {
      await page.locator("#theme").click();
      assertEquals(await page.locator("#theme").getAttribute("aria-label"), `Theme: ${theme}`);
      assertEquals(await background(page), color);
    }
    await page.emulateMedia({ colorScheme: "dark" });
  });

  await t.step("nothing keeps anybody out, in either theme, with dialogs and on a phone", async () => {
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      assertEquals(await barriersOf(page), [], colorScheme);
      await page.locator("#kill").click();
      assertEquals(await barriersOf(page, "dialog"), [], `${colorScheme}, kill switch`);
      await page.keyboard.press("Escape");
    }
    await page.emulateMedia({ colorScheme: "dark" });
  });

  await t.step("a tab in the background rests, and comes back", async () => {
    const hide = (isHidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, isHidden);
    const clients = async () =>
      /berth_console_live_clients (\d+)/.exec(await (await fetch(`${host.url}/metrics`)).text())?.[1];
    assertEquals(await clients(), "1");
    await hide(true);
    await page.locator("#link[data-state=paused]").waitFor();
    while ((await clients()) !== "0") await new Promise((resolve) => setTimeout(resolve, 50));
    await hide(false);
    await page.locator("#link[data-state=live]").waitFor();
  });

  await t.step("where reading needs the token, the page says so and takes it", async () => {
    const far = await browser.newPage();
    far.setDefaultTimeout(waitMs);
    // As the console answers on an address that others can reach: tests/core/console has that side.
    await far.route("**/api/v1/**", async (route) => {
      const isKnown = route.request().headers()["authorization"] === `Bearer ${host.token}`;
      const isCheck = route.request().method() === "POST"; // the host itself judges
      await (isKnown || isCheck ? route.continue() : route.fulfill({ status: 401, body: "{}" }));
    });
    await far.goto(host.url);
    await textOnce(far.locator("#banner"), /needs the token/);
    await far.getByRole("button", { name: "Unlock" }).click();
    await far.keyboard.type("berth_wrong");
    await far.keyboard.press("Enter");
    await textOnce(far.locator("dialog[open] .trouble"), /not the console's token/);
    assertEquals(await far.evaluate(() => sessionStorage.length), 0, "a wrong one is not kept");
    await tabTo(far, far.locator("dialog[open] input[type=password]"));
    await far.keyboard.press("Control+a");
    await far.keyboard.type(host.token);
    await far.keyboard.press("Enter");
    await far.locator("#link[data-state=live]").waitFor();
    await far.locator("#quotes tr").first().waitFor();
    await far.getByRole("button", { name: "Lock" }).click();
    assertEquals(await far.evaluate(() => sessionStorage.length), 0);
    await far.close();
  });

  await t.step("on a phone nothing reaches beyond the screen, and the kill switch is in sight", async () => {
    const phone = await openPage(browser, host.url, true);
    await phone.locator("#quotes tr").nth(7).waitFor();
    assert(await overhang(phone) <= 0, `${await overhang(phone)} px too wide`);
    const box = await phone.locator("#kill").boundingBox();
    assert(box !== null && box.x >= 0 && box.x + box.width <= 360 && box.height >= 32);
    assertEquals(await barriersOf(phone), []);
    assertEquals(phone.witness.faults, []);
    await phone.close();
  });

  await t.step("the kill switch takes the typed word, and shows what the venues said", async () => {
    await page.locator("body").press("Home");
    await tabTo(page, page.locator("#kill"));
    await page.keyboard.press("Enter");
    const throwIt = dialog.getByRole("button", { name: "Throw the kill switch" });
    await page.keyboard.type("kill");
    assert(await throwIt.isDisabled(), "not by the word in small letters");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("KILL");
    await tabTo(page, dialog.locator("input[type=checkbox]"));
    await page.keyboard.press("Space");
    await tabTo(page, throwIt);
    await page.keyboard.press("Enter");
    const verdict = await textOnce(dialog, /verified/i);
    assertMatch(verdict, /verified: no order is open, no position is held/);
    for (const venue of ["okx", "paradex"]) {
      assertMatch(verdict, new RegExp(`${venue}: no open order, no position`));
    }
    await page.keyboard.press("Enter"); // the focus is on Close
    await dialog.waitFor({ state: "detached" });
    await textOnce(page.locator("#trading"), /^halted$/);
    assert(
      await page.locator("#kill").evaluate((element) => element === document.activeElement),
      "the focus is back",
    );
  });

  assertEquals(faults, []);

  await t.step(
    "it survives a restart of the host: says since when it knows nothing, and comes back",
    async () => {
      assertEquals(await host.stop(), 0);
      assertMatch(await textOnce(page.locator("#banner"), /Disconnected/), /as of \d\d:\d\d:\d\d/);
      const { port } = host;
      const again = await hosts.start(port);
      await page.locator("#link[data-state=live]").waitFor();
      await page.locator("#banner").waitFor({ state: "hidden" });
      await textOnce(page.locator("#trading"), /^halted$/); // the halt outlives the host
      await curveGoesOn(page, host.tsStartMs);
      await textOnce(page.locator("#spoken"), /started anew/);
      const scope = page.locator("#scopes li").first();
      await scope.getByRole("button", { name: "Resume global" }).click();
      await page.keyboard.type("the test goes on");
      await page.keyboard.press("Enter");
      await textOnce(page.locator("#trading"), /^active$/);
      await scope.getByRole("button", { name: "Act on global" }).click();
      await dialog.getByLabel("Reduce: only orders that shrink a position").check();
      await dialog.getByLabel(/^Why/).fill("the test ends");
      await dialog.getByRole("button", { name: "Do it" }).click();
      await textOnce(page.locator("#trading"), /^reducing$/);
      // Requests that nobody took while the host was away are all that may be amiss.
      assertEquals(
        faults.filter((fault) =>
          !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/.test(fault)
        ),
        [],
      );
      assertEquals([...page.witness.hosts], [`127.0.0.1:${again.port}`], "no request leaves this machine");
      assertEquals(await again.stop(), 0);
    },
  );
});
