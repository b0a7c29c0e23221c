/** `berth plugin` by its real command line: what is printed, what is written down, how it ends. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { berth, inFolder } from "../../support/berth_command.ts";

interface Parts {
  readonly id?: string;
  readonly version?: string;
  readonly net?: readonly string[];
  readonly maxOrderUsd?: number;
}
const strategy = ({ id = "news_reader", version = "1.0.0", net = [], maxOrderUsd = 5000 }: Parts): string => `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "${id}", version: "${version}", sdkVersion: 1, author: "tests", description: "Reads news.",
  permissions: { net: ${JSON.stringify(net)} },
  trading: { venues: ["okx"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: { maxOrderNotionalUsd: ${maxOrderUsd}, maxPositionNotionalUsd: 5000, maxOrdersPerSecond: 1, maxDailyLossUsd: 100 },
  onStop: "keep_positions", settings: {},
}, () => ({}));
`;

interface Listed {
  readonly id: string;
  readonly verdict: string;
  readonly why: string;
  readonly fingerprint: string | null;
  readonly grant: { readonly isLive: boolean; readonly fingerprint: string } | null;
  readonly change: { readonly direction: string; readonly gained: readonly string[] } | null;
}
async function listed(folder: string, ...words: readonly string[]): Promise<ReadonlyMap<string, Listed>> {
  const { out, code, errors } = await berth(folder, "plugin", "list", "--json", ...words);
  assertEquals([code, errors], [0, ""]);
  const all: readonly Listed[] = out.trim().split("\n").map((line) => JSON.parse(line));
  return new Map(all.map((one) => [one.id, one]));
}

Deno.test("a plugin is listed, shown, approved, updated, disabled and revoked", () =>
  inFolder(["nowhere"], async (folder) => {
    const path = join(folder, "plugins/news_reader.ts");
    await Deno.writeTextFile(path, strategy({ net: ["news.test"] }));
    await Deno.writeTextFile(join(folder, "plugins/quiet.ts"), strategy({ id: "quiet" }));
    await Deno.writeTextFile(join(folder, "plugins/wrong.ts"), strategy({ id: "wrong", version: "1" }));
    const before = await listed(folder);
    assertEquals(before.get("quiet")?.verdict, "may_run");
    assertEquals([before.get("news_reader")?.verdict, before.get("news_reader")?.grant], [
      "awaiting_approval",
      null,
    ]);
    assertMatch(before.get("news_reader")?.why ?? "", /connects to news\.test/);
    assertMatch(before.get("wrong")?.why ?? "", /manifest field version is "1"; expected a semantic version/);

    const shown = await berth(folder, "plugin", "show", "news_reader");
    const lines = shown.out.split("\n").filter((line) => line.startsWith("  - "));
    assertEquals(lines.slice(0, 4), [
      "  - may place orders in BTC-PERP on okx",
      "  - up to 5,000 USD in one order",
      "  - up to 5,000 USD in one position",
      "  - may lose 100 USD a day",
    ]);

    const early = await berth(folder, "plugin", "check", "plugins/news_reader.ts");
    assertEquals(early.code, 1);
    assertMatch(
      early.out,
      /FAILED run\n.*connects to news\.test.*\n +approve it first: berth plugin approve plugins\/news_reader\.ts\n/,
    );
    const unasked = await berth(folder, "plugin", "approve", "news_reader");
    assertEquals(unasked.code, 2);
    assertMatch(unasked.errors, /^berth: news_reader was not approved: nobody said yes\./);
    const approved = await berth(folder, "plugin", "approve", "news_reader", "--yes");
    assertEquals([approved.code, approved.errors], [0, ""]);
    assertMatch(approved.out, /This is not for real money/);
    const after = (await listed(folder)).get("news_reader");
    assertEquals([after?.verdict, after?.grant?.isLive], ["may_run", false]);
    assertEquals(after?.grant?.fingerprint, after?.fingerprint);
    const { mode } = await Deno.stat(join(folder, "var/grants.json"));
    assertEquals((mode ?? 0) & 0o777, 0o600);

    // Less power goes through by itself, more waits; only the change is shown.
    await Deno.writeTextFile(path, strategy({ net: ["news.test"], version: "1.1.0", maxOrderUsd: 1000 }));
    const narrower = (await listed(folder)).get("news_reader");
    assertEquals([narrower?.verdict, narrower?.change?.direction], ["may_run", "narrower"]);
    await Deno.writeTextFile(path, strategy({ net: ["news.test", "more.test"], version: "1.2.0" }));
    const wider = (await listed(folder)).get("news_reader");
    assertEquals([wider?.verdict, wider?.change?.direction], ["awaiting_approval", "wider"]);
    const update = await berth(folder, "plugin", "approve", "plugins/news_reader.ts", "--yes", "--live");
    assertMatch(
      update.out,
      /Its power WIDENS\.\nIt asks for, in addition:\n {2}- connects to more\.test\n\nThis is for REAL MONEY too/,
    );
    assert(!update.out.includes("may lose"));
    assertEquals((await listed(folder, "--env", "live")).get("news_reader")?.verdict, "may_run");

    assertMatch((await berth(folder, "plugin", "disable", "news_reader")).out, /^news_reader is disabled\./);
    assertEquals((await listed(folder)).get("news_reader")?.verdict, "disabled");
    assertMatch((await berth(folder, "plugin", "enable", "news_reader")).out, /^news_reader is enabled\./);
    await Deno.remove(path);
    assertMatch(
      (await berth(folder, "plugin", "revoke", "news_reader")).out,
      /^news_reader is no longer approved\./,
    );
    assertEquals(JSON.parse(await Deno.readTextFile(join(folder, "var/grants.json"))).grants, []);
  }));

const misuses: readonly (readonly [readonly string[], number, RegExp])[] = [
  [["plugin"], 2, /^berth: A command of berth plugin is missing; add list, show, .* or check\.\n$/],
  [["plugin", "aprove"], 2, /^berth: There is no command aprove; did you mean approve\?\n$/],
  [["plugin", "approve"], 2, /^berth: The plugin is missing; add it after the command\.\n$/],
  [["plugin", "show", "nobody"], 2, /^berth: There is no plugin nobody\. Found are half\./],
  [["plugin", "approve", "half"], 1, /^berth: half is broken: .*\[PLUGIN_BROKEN\]\n$/],
  [["plugin", "new", "My-Plugin"], 2, /^berth: The name is "My-Plugin"; write lower-case letters/],
  [["plugin", "new", "half"], 2, /^berth: .*plugins\/half\.ts is there already\./],
  [["plugin", "check", "nowhere.ts"], 2, /^berth: There is no plugin nowhere\.ts\./],
  [
    ["plugin", "check", "plugins/half.ts", "--seconds", "0"],
    2,
    /^berth: --seconds is "0"; write a whole number/,
  ],
];
Deno.test("what can't be done is told in a sentence, with an exit code", () =>
  inFolder(["nowhere"], async (folder) => {
    await Deno.writeTextFile(join(folder, "plugins/half.ts"), strategy({}).slice(0, 200));
    const ended = await Promise.all(misuses.map(([words]) => berth(folder, ...words)));
    for (const [index, [words, code, says]] of misuses.entries()) {
      assertMatch(ended[index]?.errors ?? "", says);
      assertEquals([ended[index]?.code, ended[index]?.out], [code, ""], words.join(" "));
    }
  }));
