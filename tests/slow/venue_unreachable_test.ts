/** A whole host whose venues are not there when it starts, as after a power cut that took the network along. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import * as v from "valibot";
import { run } from "../support/berth_command.ts";

const entry = new URL("../../core/main.ts", import.meta.url).pathname;
/** Nothing listens there. */
const [http, ws] = ["http://127.0.0.1:9", "ws://127.0.0.1:9"];
const lineSchema = v.object({ message: v.string(), source: v.string() });

Deno.test("a venue that is down at the start is waited for, or given up where the operator set a limit", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "plugins"));
    await Deno.writeTextFile(
      join(folder, "berth.json"),
      JSON.stringify({
        console: { enabled: false },
        venues: {
          symbols: ["BTC-PERP"],
          endpoints: {
            okx: { restUrl: http, wsPublicUrl: ws, wsBusinessUrl: ws },
            paradex: { rest: http, ws },
          },
        },
        plugins: {
          okx: { limits: { maxConnectAttempts: 3 } },
          paradex: { limits: { startMs: 3_000 } },
        },
      }),
    );
    const args = ["run", "-A", "--no-check", entry, "start", "--env", "paper", "--duration", "9s"];
    const { out, errors } = await run(folder, args);
    const lines = `${out}\n${errors}`.split("\n").flatMap((text) => {
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), lineSchema), text);
      return parsed.success ? [parsed.output] : [];
    });
    const statesOf = (plugin: string) =>
      lines.filter(({ source, message }) =>
        source === plugin && /^(starting|running|backing_off|quarantined|stopp)/.test(message)
      ).map(({ message }) => message);
    const [starting, givenUp, ...more] = statesOf("okx");
    assertEquals([starting, more], ["starting", []]);
    assertMatch(givenUp ?? "", /^quarantined: given up after [3-5] attempts to reach its venue$/);
    // Three times its start time later it still waits, and stops when it is told to.
    assertEquals(statesOf("paradex"), ["starting", "stopping", "stopped"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
