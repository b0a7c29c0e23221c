/** A compiled berth starts itself again, and nothing of it stands in a folder of the system. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { bundledPluginsFolder, defaultPluginFolders } from "../../../core/host/project_folder.ts";
import { simulationProcess } from "../../../core/host/venues/simulation_process.ts";
import { ownCommands, v8MemoryFlag } from "../../../core/sandbox/edition.ts";
import { keeperArguments } from "../../../core/sandbox/worker_in_process.ts";

Deno.test("compiled, a plugin's process and the simulators are berth itself with a command", () => {
  assertEquals(keeperArguments(true, "/inside"), [ownCommands.keepThread]);
  assertEquals(simulationProcess(true), { args: [ownCommands.simulateVenues], cwd: undefined });
});

Deno.test("the start task bounds the memory of the host as berth bounds that of its processes", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)));
  assert(tasks.start.command.includes(`--v8-flags=${v8MemoryFlag}`));
  assert(simulationProcess(false).args.includes(`--v8-flags=${v8MemoryFlag}`));
});

Deno.test("from source the simulators have no more than loopback", () => {
  const { args } = simulationProcess(false);
  assert(args.includes("--allow-net=127.0.0.1"));
  assertEquals(args.filter((flag) => /allow-(all|run|write|ffi)|^-A$/.test(flag)), []);
});

Deno.test("strategies are looked for in plugins; compiled, inside the file and beside it too, each folder once", () => {
  const here = join("/work", "plugins");
  assertEquals(defaultPluginFolders("/work", undefined), [here]);
  const beside = join("/opt/berth", "plugins");
  assertEquals(defaultPluginFolders("/work", "/opt/berth/berth"), [bundledPluginsFolder, beside, here]);
  assertEquals(defaultPluginFolders("/opt/berth", "/opt/berth/berth"), [bundledPluginsFolder, beside]);
});
