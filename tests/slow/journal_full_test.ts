/** A real host whose journal can grow no more while an order of it rests at a venue. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../../core/main.ts", import.meta.url));
const plugins = fileURLToPath(new URL("../support/resting_plugin", import.meta.url));
/** What a file may grow to, in blocks of 512 bytes: room for a journal, not for its log. */
const blocks = 1_200;

Deno.test({
  name: "when the journal can't be written the host cancels what rests, tells people, and ends",
  ignore: Deno.build.os === "windows", // its limits are not the shell's
  async fn() {
    const folder = await Deno.makeTempDir();
    const told: string[] = [];
    const people = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
      told.push(await request.text());
      return new Response();
    });
    try {
      const config = {
        dataDir: "var",
        console: { enabled: false },
        pluginFolders: [plugins],
        venues: { enabled: ["okx"], symbols: ["BTC-PERP"] },
        alerts: { channels: { people: { kind: "webhook" } } },
      };
      await Deno.writeTextFile(join(folder, "berth.json"), JSON.stringify(config));
      const host = '"$0" run -A --no-check "$1" start --duration 40s';
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        // A write beyond the limit is an error, not the end of the process.
        args: ["-c", `trap '' XFSZ; ulimit -f ${blocks}; exec ${host}`, Deno.execPath(), entry],
        cwd: folder,
        env: {
          NO_COLOR: "1",
          ALERT_WEBHOOK_URL: `http://127.0.0.1:${people.addr.port}/`,
          ALERT_WEBHOOK_KEY: `whsec_${btoa("made up, of at least twenty-four bytes")}`,
        },
        stdin: "null",
      }).output();
      const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      const at = [
        '"status":"accepted"',
        "[JOURNAL_FAILED]",
        "cancelling all orders before the end",
        "every order is cancelled",
      ].map((words) => text.indexOf(words));
      assertEquals(code, 1, text.slice(-4_000));
      assert(told.some((note) => note.includes("The host can't go on")), told.join("\n"));
      assert(at.every((place, index) => place > (at[index - 1] ?? -1)), `${at}\n${text.slice(-4_000)}`);
    } finally {
      await people.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
