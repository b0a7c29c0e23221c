/** The dashboard's files hang together: what they load is served, what they look for is there, nothing leads outside. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { pageFile, pageFileNames, pageShell } from "../../../core/console/page_files.ts";
import { consoleBench } from "./bench.ts";

const textOf = async (name: string): Promise<string> => await pageFile(name)?.text() ?? "";
const own = pageFileNames.filter((name) => name.endsWith(".js") && name !== "uplot.js");

Deno.test("the shell says where orders go before any script runs, and text in it is text", async () => {
  const live = await pageShell("live", '1.0"<script>').text();
  assertMatch(live, /<html lang="en" data-environment="live">/);
  assertMatch(live, /<strong>LIVE<\/strong> <span>real money<\/span>/);
  assertMatch(live, /<title>LIVE · berth<\/title>/);
  assert(live.includes("1.0&quot;&lt;script&gt;") && !live.includes("{{"));
});

Deno.test("the page fits the content policy: no script, style or handler within it, nothing of elsewhere", async () => {
  const shell = await pageShell("sim", "1").text();
  assertEquals(shell.match(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:/gi), null);
  for (const [, target = ""] of shell.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assertMatch(target, /^(\/|#)/);
    if (target.startsWith("/page/")) assert(pageFileNames.includes(target.slice("/page/".length)), target);
  }
  for (const name of own) {
    const text = await textOf(name);
    assertEquals(text.match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b/g), null, name);
    assertEquals(text.match(/["'`](https?:)?\/\/\w/g), null, name);
    assertEquals(text.match(/\bDeno\b|from "node:/g), null, `${name} runs in a browser`);
  }
});

Deno.test("every module that a module imports is served, and every element that one looks for is in the shell", async () => {
  const shell = await pageShell("sim", "1").text();
  for (const name of own) {
    const text = await textOf(name);
    for (const [, path = ""] of text.matchAll(/^import .* from "\.\/([^"]+)";$/gm)) {
      assert(pageFileNames.includes(path), `${name} imports ${path}`);
    }
    for (const [, id = ""] of text.matchAll(/(?:byId|ofKind)\("([^"]+)"/g)) {
      assert(shell.includes(`id="${id}"`), `${name} looks for #${id}`);
    }
  }
});

Deno.test("files come with their type and the policy, and a name that is none is a no", async () => {
  const bench = await consoleBench();
  for (
    const [name, type] of [["main.js", "text/javascript"], ["page.css", "text/css"], [
      "icon.svg",
      "image/svg+xml",
    ]]
  ) {
    const response = await bench.ask(`/page/${name}`);
    assertEquals(response.headers.get("content-type"), `${type}; charset=utf-8`);
    assertMatch(
      response.headers.get("content-security-policy") ?? "",
      /script-src 'self'; style-src 'self';/,
    );
    assert((await response.text()).length > 100);
  }
  for (const name of ["constructor", "../app.ts", "%2e%2e%2fapp.ts", "toString"]) {
    assertEquals((await bench.ask(`/page/${name}`)).status, 404, name);
  }
  assertEquals((await (await bench.ask("/")).text()).includes('data-environment="sim"'), true);
});
