/** How often the console is sent a picture, by how many follow it live. */
import { assertEquals } from "@std/assert";
import { pictureEveryFor } from "../../../../core/host/console/console_server.ts";

Deno.test("pictures come four times a second while people look, and less often to a crowd", () => {
  const paces = [[0, 1_000], [1, 250], [125, 250], [200, 400], [500, 1_000], [1_000, 1_000]] as const;
  for (const [followers, everyMs] of paces) assertEquals(pictureEveryFor(followers), everyMs, `${followers}`);
});
