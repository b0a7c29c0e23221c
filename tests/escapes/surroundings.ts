/** What plugins with granted permissions find around them: two servers of which one is granted, and folders. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import type { Surroundings } from "./run_corpus.ts";

const secret = "what nobody may read";

export async function makeSurroundings(folder: string): Promise<Surroundings> {
  let forbiddenHits = 0;
  const quiet = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const forbidden = Deno.serve(quiet, () => {
    forbiddenHits += 1;
    return new Response(secret);
  });
  const allowed = Deno.serve(
    quiet,
    ({ url }) =>
      new URL(url).pathname === "/away"
        ? Response.redirect(`http://127.0.0.1:${forbidden.addr.port}/`)
        : new Response("export default 1;", { headers: { "content-type": "text/typescript" } }),
  );
  const [readable, writable, outside] = ["readable", "writable", "outside"].map((name) => join(folder, name));
  if (readable === undefined || writable === undefined || outside === undefined) {
    throw new Error("no folders");
  }
  const notReadable = `${readable}_not`;
  for (const path of [readable, writable, outside, notReadable]) await Deno.mkdir(path);
  await Deno.writeTextFile(join(readable, "note.txt"), "a note");
  await Deno.writeTextFile(join(readable, "module.ts"), "export default 1;");
  for (const path of [outside, notReadable]) await Deno.writeTextFile(join(path, "secret.txt"), secret);
  return {
    filledIn: {
      __ALLOWED_PORT__: String(allowed.addr.port),
      __FORBIDDEN_PORT__: String(forbidden.addr.port),
      __READABLE__: readable,
      __WRITABLE__: writable,
      __OUTSIDE__: outside,
    },
    async check() {
      assertEquals(forbiddenHits, 0, "a request reached the server that was not granted");
      assertEquals(await Deno.readTextFile(join(readable, "note.txt")), "a note");
      assertEquals([...Deno.readDirSync(outside)].map((entry) => entry.name), ["secret.txt"]);
      assertEquals(await Deno.readTextFile(join(outside, "secret.txt")), secret);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([allowed.shutdown(), forbidden.shutdown()]);
    },
  };
}
