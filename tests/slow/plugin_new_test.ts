/** What `berth plugin new` writes is used as its author would: tested, checked, run, broken. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { berth, inFolder, run } from "../support/berth_command.ts";

Deno.test("a new strategy tests, checks and trades outside berth's own tree; a faulty one fails its check", () =>
  inFolder(["okx"], async (folder) => {
    const made = await berth(folder, "plugin", "new", "first_try", "--json");
    assertEquals(made.code, 0);
    const tested = await run(folder, ["test", "--quiet", "--no-remote", "plugins/first_try"]);
    assertEquals(tested.code, 0, tested.out + tested.errors);
    assertMatch(tested.out, /4 passed/);
    const types = await run(folder, [
      "check",
      "--quiet",
      "plugins/first_try/mod.ts",
      "plugins/first_try/mod_test.ts",
    ]);
    assertEquals(types.code, 0, types.errors);

    const check = await berth(folder, "plugin", "check", "plugins/first_try", "--seconds", "6", "--json");
    const steps = check.out.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(check.code, 0, check.out + check.errors);
    assertEquals(
      steps.filter(({ step }) => step !== "progress").map(({ step, passed }) => `${step} ${passed}`),
      ["types true", "manifest true", "run true", "verdict true"],
    );
    assert(steps.some(({ step }) => step === "progress"));
    const ran = steps.find(({ step }) => step === "run");
    assertMatch(ran.details.join("\n"), /orders asked for [1-9]/);

    const path = join(folder, "plugins/first_try/mod.ts");
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(
      path,
      text.replace(
        "const { instrument, bidPrice } = quote;",
        '$& if (bidPrice > 0) throw new Error("on purpose"); const oops: number = "text";',
      ),
    );
    const faulty = await berth(folder, "plugin", "check", "plugins/first_try", "--seconds", "3");
    assertEquals(faulty.code, 1);
    assertMatch(
      faulty.out,
      /FAILED types\n(.*\n)*.*TS2322(.*\n)*ok {5}manifest\n(.*\n)*FAILED run\n(.*\n)*.*threw in onQuote: Error: on purpose(.*\n)*\nFAILED\n$/,
    );
  }));
