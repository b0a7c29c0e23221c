import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../core/errors.ts";
import { acquireHostLock } from "../../../core/journal/host_lock.ts";
import { testFolder } from "./support.ts";

Deno.test("a second host on the same folder is told who holds it", async () => {
  await using folder = await testFolder();
  const dataDir = `${folder.path}/new/folder`;
  using first = acquireHostLock(dataDir, { pid: 4711 });
  const error = assertThrows(() => acquireHostLock(dataDir, { pid: 4712 }), BerthError, "process 4711");
  assertEquals(error.code, "HOST_ALREADY_RUNNING");
  first.release();
  acquireHostLock(dataDir, { pid: 4713 }).release();
});

Deno.test("a lock file left by a dead process does not lock", async () => {
  await using folder = await testFolder();
  await Deno.writeTextFile(`${folder.path}/host.lock`, "");
  await Deno.writeTextFile(`${folder.path}/host.pid`, "4711\n");
  acquireHostLock(folder.path, { pid: 1 }).release();
});

Deno.test("the lock of another process holds, and ends when it is killed", async () => {
  await using folder = await testFolder();
  const module = new URL("../../../core/journal/host_lock.ts", import.meta.url).href;
  const code = `import { acquireHostLock } from ${JSON.stringify(module)};
    acquireHostLock(Deno.args[0], { pid: Deno.pid });
    console.log("locked");
    await new Promise(() => setInterval(() => {}, 1e6));`;
  await Deno.writeTextFile(`${folder.path}/holder.ts`, code);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-config", `${folder.path}/holder.ts`, folder.path],
    stdout: "piped",
  }).spawn();
  await child.stdout.getReader().read();
  const error = assertThrows(() => acquireHostLock(folder.path, { pid: 1 }), BerthError);
  assertEquals(error.facts, { dataDir: folder.path, pid: child.pid });
  child.kill("SIGKILL");
  await child.status;
  acquireHostLock(folder.path, { pid: 1 }).release();
});
