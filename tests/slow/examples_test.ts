/** The worked examples of docs/examples, all at once in a real host on simulated venues. */
import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";

const entry = new URL("../../core/main.ts", import.meta.url).pathname;
const examples = new URL("../../docs/examples", import.meta.url).pathname;

const line = v.looseObject({ level: v.string(), message: v.string(), source: v.string() });
type Line = v.InferOutput<typeof line>;

async function runExamples(): Promise<readonly Line[]> {
  const folder = await Deno.makeTempDir();
  try {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        entry,
        "start",
        ...["--plugins", examples, "--duration", "15s", "--seed", "7", "--no-console", "--json"],
      ],
      cwd: folder,
      stderr: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    assertEquals(code, 0, text);
    return text.trimEnd().split("\n").flatMap((one) => {
      const parsed = v.safeParse(line, JSON.parse(one));
      return parsed.success ? [parsed.output] : [];
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("every worked example runs and shows what it is about", async (t) => {
  const lines = await runExamples();
  const of = (name: string, message: string): readonly Line[] =>
    lines.filter((one) => one.source === `example_${name}` && one.message === message);
  await t.step("history comes over REST", () => {
    // A simulated venue's past begins with the run.
    assertEquals(of("rest_history", "klines").map(({ bars }) => Number(bars) >= 1), [true, true]);
    assertEquals(of("rest_history", "funding rates").length, 2);
    assertEquals(of("rest_history", "no history"), []);
  });
  await t.step("streams are counted with their latency", () => {
    const last = of("streaming", "stream").at(-1);
    assert(Number(last?.quotes) > 100 && Number(last?.trades) > 0, JSON.stringify(last));
    assert(Number(last?.latencyP99Ms) < 5_000);
  });
  await t.step("bars are built from trades", () => {
    assert(of("kline_building", "first trade").length > 0);
  });
  await t.step("a symbol has another name at each venue", () => {
    const names = of("symbol_mapping", "symbol").filter(({ symbol }) => symbol === "BTC-PERP")
      .map(({ venueSymbol }) => String(venueSymbol));
    assertEquals(names.toSorted(), ["BTC-USD-PERP", "BTC-USDT-SWAP"]);
  });
  await t.step("an order is placed and comes to an end", () => {
    assert(of("order_execution", "placed").length > 0);
    assert(of("order_execution", "ended").length > 0);
  });
  await t.step("nothing went wrong", () => {
    const wrong = lines.filter(({ level, source }) => level === "error" && source.startsWith("example_"));
    assertEquals(wrong, []);
  });
});
