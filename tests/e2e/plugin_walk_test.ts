/**
 * The walk of the README, with a real host: a file is dropped in and trades, a change takes over, one that asks for more
 * waits until it is approved on the command line, and its secret is nowhere but with it.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { openJournalReader } from "../../core/journal/reader.ts";
import { projectDir } from "../support/mini_host.ts";

/** Planted: in .env, in the environment, and nowhere else in the world. */
const granted = 'planted-8c1f"quoted\\4d2ab97e';
const ungranted = "planted-never-asked-for-55e01";
const venueKey = "planted-venue-key-0f3b7c";

const strategy = (version: string, permissions: string, body: string): string => `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "walker", version: "${version}", sdkVersion: 1, author: "tests", description: "Walks.",
  permissions: ${permissions},
  trading: { venues: ["okx"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: { maxOrderNotionalUsd: 500, maxPositionNotionalUsd: 500, maxOrdersPerSecond: 5, maxDailyLossUsd: 100 },
  onStop: "keep_positions", settings: {},
}, (ctx) => {
  let count = 0; let nextMs = 0;
  return {
    onQuote(quote) {
      count += 1;
      if (count === 1) ctx.log.info("first quote", { version: "${version}", working: ctx.orders.working().length });
      if (ctx.orders.working().length === 0 && ctx.time.epochMs() > nextMs) {
        nextMs = ctx.time.epochMs() + 300;
        ctx.orders.submit({ instrument: quote.instrument, side: "buy", sizeBase: 0.001, limitPrice: quote.bidPrice * 0.99 });
      }
      ${body}
    },
    onOrder(order) { if (order.status === "accepted") ctx.log.info("resting", { version: "${version}" }); },
  };
});
`;
/** Says its secret wherever a plugin can say anything, and ends with it on its lips. */
const gossip = `
  const key = ctx.secret("WALKER_KEY");
  if (count === 3) {
    ctx.log.info("the key is " + key, { key, length: key.length, other: String(ctx.secret("OTHER_KEY")) });
    ctx.state.save({ key });
    console.error(key);
  }
  if (count > 40) throw new Error("it was " + key);
`;

interface Line {
  readonly source?: string;
  readonly message?: string;
  readonly code?: string;
  readonly version?: string;
  readonly working?: number;
  readonly length?: number;
  readonly other?: string;
}

/** The host's log as it comes. */
class LogReader {
  readonly lines: Line[] = [];
  text = "";
  #isOver = false;
  readonly #waiting = new Set<() => void>();

  async read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      this.text += chunk;
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      this.lines.push(...parts.filter((part) => part.startsWith("{")).map((part): Line => JSON.parse(part)));
      for (const look of [...this.#waiting]) look();
    }
    this.#isOver = true;
    for (const look of [...this.#waiting]) look();
  }

  /** The first line from `from` on that fits. */
  async until(what: string, isIt: (line: Line) => boolean, from = 0): Promise<Line> {
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    const look = (): void => {
      const found = this.lines.slice(from).find(isIt);
      if (found !== undefined) resolve(found);
      else if (this.#isOver) reject(new Error(`the host ended before ${what}: ${this.text.slice(-2_000)}`));
    };
    const timer = setTimeout(
      () => reject(new Error(`waited in vain for ${what}: ${this.text.slice(-3_000)}`)),
      25_000,
    );
    this.#waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }
}

const entry = join(projectDir, "core/main.ts");

async function berth(folder: string, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", entry, ...words],
    cwd: folder,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout);
}

/** Command line and environment of the host and of everything below it. */
function processTexts(rootPid: number): string {
  const parents = new Map<number, number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // it ended meanwhile
    }
  }
  const isBelow = (pid: number): boolean => pid === rootPid || (pid > 1 && isBelow(parents.get(pid) ?? 0));
  const below = [...parents.keys()].filter(isBelow).filter((pid) => pid !== rootPid);
  assert(below.length >= 2, "the host has plugins");
  return below.map((pid) =>
    ["cmdline", "environ"].map((name) => Deno.readTextFileSync(`/proc/${pid}/${name}`)).join("\n")
  ).join("\n");
}

/** All that the console says to whoever may only read. */
async function answersOf(base: string): Promise<string> {
  const description = await (await fetch(new URL("/api/v1/openapi.json", base))).json();
  const paths = Object.entries<Record<string, unknown>>(description.paths)
    .filter(([path, methods]) => "get" in methods && !path.includes("{") && !path.endsWith("/events"))
    .map(([path]) => path);
  assert(paths.length > 5, paths.join(" "));
  const texts = await Promise.all(
    paths.map(async (path) => `${path}\n${await (await fetch(new URL(path, base))).text()}`),
  );
  return texts.join("\n");
}

function killIfAlive(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it ended
  }
}

/** Every file below a folder, as bytes in Latin-1, so that any text in them can be found. */
function filesBelow(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) { for (const [inner, text] of filesBelow(path)) found.set(inner, text); }
    else found.set(path, new TextDecoder("latin1").decode(Deno.readFileSync(path)));
  }
  return found;
}

Deno.test({
  name: "from a dropped file to an approved one: it trades, it is swapped, its secret stays its own",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = join(folder, "plugins/walker.ts");
    await Deno.mkdir(join(folder, "plugins"));
    await Deno.mkdir(join(folder, "mine"));
    await Deno.writeTextFile(
      join(folder, "berth.json"),
      JSON.stringify({ venues: { enabled: ["okx"], symbols: ["BTC-PERP"] }, console: { port: 0 } }),
    );
    await Deno.writeTextFile(join(folder, ".env"), `WALKER_KEY='${granted}'\nOKX_SECRET_KEY=${venueKey}\n`);
    const host = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        entry,
        "start",
        "--seed",
        "1",
        "--log-level",
        "debug",
        "--trust",
        "mine",
      ],
      cwd: folder,
      env: { OTHER_KEY: ungranted },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const log = new LogReader();
    const reading = log.read(host.stdout);
    const errors = new Response(host.stderr).text();
    const said = (message: RegExp) => (line: Line) =>
      line.source === "walker" && message.test(line.message ?? "");
    try {
      const trust = await log.until(
        "the word on trust",
        (line) => /because of --trust$/.test(line.message ?? ""),
      );
      assertMatch(trust.message ?? "", /^plugins in .*mine run WITHOUT your approval, whatever they ask for/);
      const served = await log.until("the console", (line) => /^console at http/.test(line.message ?? ""));
      await log.until("quotes", (line) => line.message === "quotes are flowing");
      await Deno.writeTextFile(path, strategy("1.0.0", "{}", ""));
      await log.until("an order at the venue", said(/^resting$/));

      await Deno.writeTextFile(path, strategy("1.1.0", "{}", ""));
      const second = await log.until("the second version", (line) => line.version === "1.1.0");
      assertEquals(second.working, 1); // the first version's order is still there

      await Deno.writeTextFile(path, strategy("1.2.0", '{ secrets: ["WALKER_KEY"] }', gossip));
      const waiting = await log.until("the update that waits", said(/waits, the version before it runs on/));
      assertMatch(waiting.message ?? "", /reads the secret WALKER_KEY/);
      assertMatch(
        await berth(folder, "plugin", "list"),
        /walker +1\.2\.0 +strategy +awaiting approval +no +running/,
      );
      assertMatch(await berth(folder, "plugin", "approve", "walker", "--yes"), /The host that runs follows/);
      const key = await log.until("the secret", said(/^the key is/));
      // It got the value, whole, and the host doesn't repeat it; what it was not granted it did not get.
      assertEquals([key.message, key.length, key.other], ["the key is ***", granted.length, "undefined"]);
      const processes = processTexts(host.pid);
      await log.until("its end", said(/^(backing_off|quarantined): .*it was \*\*\*/));

      const web = await answersOf((served.message ?? "").replace("console at ", ""));
      assert(web.includes("walker"));

      const seen = log.lines.length;
      await berth(folder, "plugin", "disable", "walker");
      await log.until("its stop", said(/^disabled/), 0);
      await log.until("its orders' end", (line) => line.code === "PLUGIN_ORDERS_CANCELLED");
      await berth(folder, "plugin", "enable", "walker");
      await log.until("its start", said(/^running/), seen);
      await Deno.remove(path);
      await log.until("its removal", said(/its files are gone/), seen);
      host.kill("SIGINT");
      const [{ code }] = await Promise.all([host.status, reading]);
      assertEquals(code, 0, log.text.slice(-2_000));

      const texts = new Map<string, string>([...filesBelow(join(folder, "var"))]);
      texts.set("log", log.text).set("standard error", await errors).set("processes", processes).set(
        "HTTP",
        web,
      );
      const escaped = JSON.stringify(granted).slice(1, -1);
      for (const [name, text] of texts) {
        for (const secret of [granted, escaped, ungranted, venueKey]) {
          assert(!text.includes(secret), `${secret} is in ${name}`);
        }
      }
      assert(texts.size > 4 && processes.includes("bootstrap"), [...texts.keys()].join(" "));
      using journal = openJournalReader(join(folder, "var/sim/journal.db"));
      const kinds = journal.records({ kinds: ["plugin_state"], plugin: "walker" }).map(({ body }) =>
        typeof body === "object" && body !== null && "kind" in body ? String(body.kind) : ""
      );
      for (const kind of ["running", "disabled", "stopped"]) assert(kinds.includes(kind), kinds.join(" "));
    } finally {
      killIfAlive(host);
      await Deno.remove(folder, { recursive: true });
    }
  },
});
