/**
 * Simulated venues by themselves, for as long as they are wanted: hosts may come, be killed and come again.
 *
 *     deno run -A exchanges/simulation/standalone.ts --file var/venues.json --seed 7
 *
 * The file, readable by its owner alone, says how to reach them, with credentials that were made up for this start; a
 * host takes it as `simulation.attach` of its configuration. `control` in it is an address of this machine that answers
 * `GET /ledger`, `POST /maintenance?venue=V&on=true|false`, `POST /shock?asset=BTC&fraction=-0.03` (the price jumps) and
 * `POST /stop` to whoever shows the token.
 */
import { parseArgs } from "node:util";
import * as v from "valibot";
import { accessOf, ledgersOf, startWorld, stopWorld, worldSchema } from "./world.ts";

const encoder = new TextEncoder();
const { values } = parseArgs({
  args: Deno.args,
  options: {
    file: { type: "string" },
    venues: { type: "string", default: "paradex,okx" },
    seed: { type: "string", default: "1" },
    deposit: { type: "string", default: "100000" },
    faults: { type: "string", default: "{}" },
  },
});
const { file } = values;
if (file === undefined) {
  Deno.stderr.writeSync(encoder.encode("--file names the file to write how the venues are reached\n"));
  Deno.exit(2);
}

const world = await startWorld(v.parse(worldSchema, {
  venues: values.venues.split(","),
  seed: Number(values.seed),
  depositUsd: values.deposit,
  faults: JSON.parse(values.faults),
}));
const token = crypto.randomUUID();
const stopped = Promise.withResolvers<void>();

function answer(request: Request): Response {
  if (request.headers.get("authorization") !== `Bearer ${token}`) {
    return new Response(null, { status: 401 });
  }
  const { pathname, searchParams } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case "GET /ledger":
      return Response.json({ kind: "ledger", venues: ledgersOf(world) });
    case "POST /maintenance": {
      const named = searchParams.get("venue");
      const isOn = searchParams.get("on") === "true";
      world.running.find(({ venue }) => venue.venue === named)?.venue.setMaintenance(isOn);
      return Response.json({ kind: "done" });
    }
    case "POST /shock": {
      const [asset, fraction] = [searchParams.get("asset") ?? "", Number(searchParams.get("fraction"))];
      const isListed = world.running.some(({ venue }) =>
        venue.instruments.some(({ baseAsset }) => baseAsset === asset)
      );
      if (!isListed || !(Math.abs(fraction) < 0.5)) return new Response(null, { status: 400 });
      world.model.shock(asset, fraction);
      return Response.json({ kind: "done" });
    }
    case "POST /stop":
      stopped.resolve();
      return Response.json({ kind: "stopped" });
    default:
      return new Response(null, { status: 404 });
  }
}

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
const control = { url: `http://127.0.0.1:${server.addr.port}`, token };
// Written beside and moved: whoever sees the file sees all of it.
const text = JSON.stringify({
  kind: "ready",
  worldId: crypto.randomUUID(),
  venues: accessOf(world),
  control,
});
await Deno.writeTextFile(`${file}.new`, text, { mode: 0o600 });
await Deno.rename(`${file}.new`, file);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  if (Deno.build.os !== "windows" || signal === "SIGINT") {
    Deno.addSignalListener(signal, () => stopped.resolve());
  }
}

await stopped.promise;
await Deno.remove(file).catch(() => undefined); // somebody may have taken it away already
await stopWorld(world);
Deno.exit(0);
