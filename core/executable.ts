/**
 * Entry of the compiled berth, and of what berth starts of itself in either edition: a process for one purpose loads
 * what that needs and nothing of the command line.
 */
import { ownCommands } from "./sandbox/edition.ts";

switch (Deno.args[0]) {
  case ownCommands.keepThread:
    await (await import("./sandbox/worker_keeper.ts")).keepWorker();
    break;
  case ownCommands.simulateVenues:
    // By address: core knows of no venue. The module is the process, to its end.
    await import(new URL("../exchanges/simulation/main.ts", import.meta.url).href);
    break;
  default:
    Deno.exit(await (await import("./main.ts")).main());
}
