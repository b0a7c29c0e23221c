import { assertEquals } from "@std/assert";
import { pages, pageUrl } from "./pages.ts";

for (const { name, text } of pages) {
  Deno.test(`docs/${name} is what the code says (write it by: deno task docs)`, async () => {
    assertEquals(await Deno.readTextFile(pageUrl(name)), text());
  });
}
