/** Files are dropped, changed and removed under a running host: real processes, real file events. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { MiniHost } from "../../../support/mini_host.ts";

interface Parts {
  readonly version: string;
  readonly permissions?: string;
  readonly onStart?: string;
  readonly top?: string;
  readonly onStop?: string;
}

const strategy = (
  { version, permissions = "{}", onStart = "", top = "", onStop = "keep_positions" }: Parts,
) => `
import { defineStrategy } from "@berth/sdk";
${top}
export default defineStrategy({
  kind: "strategy", id: "dropped", version: "${version}", sdkVersion: 1, author: "tests", description: "Comes and goes.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: { maxOrderNotionalUsd: 1000, maxPositionNotionalUsd: 1000, maxOrdersPerSecond: 10, maxDailyLossUsd: 100 },
  onStop: "${onStop}", settings: {}, permissions: ${permissions},
}, (ctx) => {
  let isDone = false;
  return {
    onQuote() {
      if (isDone) return;
      isDone = true;
      ctx.log.info("here", { version: "${version}", saved: JSON.stringify(ctx.state.saved()), working: ctx.orders.working().length });
      ${onStart}
    },
    onOrder(order) { ctx.log.info("order " + order.status, { reason: order.reason, text: order.text }); },
  };
});
`;

async function inFolder(run: (folder: string, host: MiniHost) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using host = new MiniHost({ hasAccounts: true });
    await host.start(folder);
    host.watch(folder);
    await run(folder, host);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const here = (host: MiniHost, version: string, from = 0) =>
  host.until(
    `version ${version}`,
    () =>
      host.lines.slice(from).find(({ message, fields }) =>
        message === "here" && fields["version"] === version
      ),
  );
const stateOf = (host: MiniHost, kind: string) =>
  host.until(`the state ${kind}`, () => {
    const view = host.view("dropped");
    return view?.state.kind === kind ? view : undefined;
  });
const rest = 'ctx.orders.submit({ instrument: "alpha:BTC-PERP", side: "buy", sizeBase: 1, limitPrice: 99 });';

Deno.test("a dropped file runs, a saved one takes over with state and orders, a broken one changes nothing, a removed one is stopped", async () => {
  await inFolder(async (folder, host) => {
    const path = join(folder, "dropped.ts");
    const first = strategy({ version: "0.1.0", onStart: `ctx.state.save({ seen: 7 }); ${rest}` });

    // Half of a file is no plugin yet, and no end of it either.
    await Deno.writeTextFile(path, first.slice(0, 300));
    await stateOf(host, "broken");
    await Deno.writeTextFile(path, first);
    await here(host, "0.1.0");
    await host.until("the order", () => host.lines.find(({ message }) => message === "order accepted"));

    await Deno.writeTextFile(path, strategy({ version: "0.2.0" }));
    const second = await here(host, "0.2.0");
    assertEquals([second.fields["saved"], second.fields["working"]], ['{"seen":7}', 1]);
    assertEquals(host.snapshot().workingOrders.map(({ status }) => status), ["accepted"]);

    // Wrong in one field: the sentence names it, and the version that runs goes on.
    await Deno.writeTextFile(path, strategy({ version: "zero" }));
    const update = await host.until("the fault", () => host.view("dropped")?.update);
    assertEquals(update.kind, "broken");
    assertMatch(update.why, /manifest field version is "zero"; expected a semantic version such as 1\.2\.3/);
    assertEquals(host.view("dropped")?.state.kind, "running");

    // It loads, but does not start: the old one is put back, with the state it had.
    const seen = host.lines.length;
    await Deno.writeTextFile(
      path,
      strategy({ version: "0.3.0" }).replace(
        "let isDone",
        'ctx.state.save({ seen: 0 }); throw new Error("no start"); let isDone',
      ),
    );
    const back = await here(host, "0.2.0", seen);
    assertEquals([back.fields["saved"], back.fields["working"]], ['{"seen":7}', 1]);
    const failed = host.view("dropped");
    assertEquals([failed?.state.kind, failed?.update?.kind], ["running", "failed"]);
    assertMatch(failed?.update?.why ?? "", /no start/);
    assertEquals(host.snapshot().workingOrders.map(({ status }) => status), ["accepted"]);

    await Deno.remove(path);
    await host.until("its end", () => host.view("dropped") === undefined ? true : undefined);
    await host.until(
      "the cancelled order",
      () => host.lines.find(({ fields }) => fields["code"] === "PLUGIN_ORDERS_CANCELLED"),
    );
    assertEquals(host.snapshot().workingOrders, []);
  });
});

Deno.test("an update that asks for more waits while the approved version runs; a file of another id is another plugin", async () => {
  await inFolder(async (folder, host) => {
    await Deno.mkdir(join(folder, "dropped"));
    const path = join(folder, "dropped", "mod.ts");
    const first = strategy({ version: "0.1.0", onStart: rest });
    await Deno.writeTextFile(path, first);
    await here(host, "0.1.0");
    await host.until("the order", () => host.lines.find(({ message }) => message === "order accepted"));

    await Deno.writeTextFile(path, strategy({ version: "0.2.0", permissions: '{ net: ["news.test"] }' }));
    const waiting = await host.until("the update", () => host.view("dropped")?.update);
    assertEquals(waiting.kind, "awaiting_approval");
    assertMatch(waiting.why, /connects to news\.test/);
    assertEquals(host.view("dropped")?.state.kind, "running");

    // A secret that is the key of a venue is nothing a strategy may ask for; an own one must be there.
    await Deno.writeTextFile(path, first.replace('id: "dropped"', 'id: "other"'));
    const other = await host.until("the other plugin", () => {
      const view = host.view("other");
      return view?.state.kind === "running" ? view : undefined;
    });
    assertEquals(other.update, undefined);
    await host.until(
      "the cancelled order",
      () => host.lines.find(({ fields }) => fields["code"] === "PLUGIN_ORDERS_CANCELLED"),
    );

    // Approved powers are those of exactly these bytes.
    const twin = join(folder, "twin.ts");
    await Deno.writeTextFile(twin, first.replace('id: "dropped"', 'id: "other"'));
    const refused = await host.until(
      "the twin",
      () => host.manager.views().find((view) => view.path === twin && view.state.kind === "broken"),
    );
    assertMatch("why" in refused.state ? refused.state.why : "", /its id is that of .*dropped/);
    await Deno.remove(join(folder, "dropped"), { recursive: true });
    await host.until(
      "the twin in its place",
      () => host.manager.views().find((view) => view.path === twin && view.state.kind === "running"),
    );
    assert(host.lines.every(({ message }) => !message.includes("plugin_files")));
  });
});

Deno.test("a host that ends does not wait for plugins that never finish loading", async () => {
  const folder = await Deno.makeTempDir();
  const host = new MiniHost();
  try {
    await host.start(folder);
    host.watch(folder);
    // More than are read at a time; each alone would be given eight seconds.
    for (let index = 0; index < 6; index++) {
      await Deno.writeTextFile(join(folder, `endless_${index}.ts`), "while (true) {}");
    }
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (host.manager.views().length < 6) return;
        clearInterval(timer);
        resolve();
      }, 20);
    });
  } finally {
    const startedMs = performance.now();
    await host[Symbol.asyncDispose]();
    assert(performance.now() - startedMs < 7_000);
    await Deno.remove(folder, { recursive: true });
  }
});
