/**
 * What the sandbox relies on of Deno and V8, each with nothing of berth in between. When an update of Deno changes one,
 * it shows here and not at a trader's.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const configPath = fileURLToPath(new URL("../../../deno.json", import.meta.url));
const factPath = (name: string): string => fileURLToPath(new URL(`./facts/${name}`, import.meta.url));
const noPermissions = ["--no-remote", "--cached-only", "--no-config", "--no-lock"];

interface Outcome {
  readonly code: number;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const cacheDir = Deno.env.get("DENO_DIR");
  const home = Deno.env.get("HOME");
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...args],
    clearEnv: true,
    env: {
      ...(cacheDir === undefined ? {} : { DENO_DIR: cacheDir }),
      ...(home === undefined ? {} : { HOME: home }),
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      ...env,
    },
  }).output();
  const decoder = new TextDecoder();
  return { code, signal, stdout: decoder.decode(stdout).trim(), stderr: decoder.decode(stderr) };
}

/** Runs a text as the entry of a process. */
async function runText(text: string, args: readonly string[] = noPermissions): Promise<Outcome> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "entry.ts");
    await Deno.writeTextFile(path, text);
    return await run([...args, path]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function checkActs(text: string): void {
  const found: Readonly<Record<string, string>> = JSON.parse(text);
  const refusedImport = /^TypeError: (Requires (read|import) access|.*--no-remote)/;
  const wrong = Object.entries(found).filter(([name, code]) =>
    name === "asks for the path of the executable"
      ? code !== "succeeded" // not a matter of permissions: the lockdown takes it away
      : code !== "NotCapable" && !(name.startsWith("imports") && refusedImport.test(code))
  );
  assertEquals(wrong, []);
  assert(Object.keys(found).length > 30);
}

Deno.test("a process without permissions is refused each act by Deno alone", async () => {
  checkActs((await run([...noPermissions, factPath("acts.ts")])).stdout);
});

Deno.test("a thread without permissions is refused each act by Deno alone, in a process with all of them", async () => {
  const { stdout } = await run([
    "--allow-all",
    "--no-remote",
    "--cached-only",
    "--frozen",
    "--config",
    configPath,
    factPath("acts_in_worker.ts"),
  ]);
  checkActs(stdout);
});

Deno.test("static imports of an entry are not a matter of permissions: a plugin must never be one", async () => {
  const { stdout } = await runText(
    'import text from "file:///etc/hostname" with { type: "text" };\nconsole.log(typeof text);\n',
  );
  assertEquals(stdout, "string");
});

/** A loader of one module from memory, with the hooks that the test names. */
const withHooks = (plugin: string, refuse: string): string => `
import { registerHooks } from "node:module";
const text = ${JSON.stringify(plugin)};
registerHooks({
  resolve(specifier, context) {
    if (specifier === "plugin:///mod.ts") return { url: specifier, shortCircuit: true };
    console.log("asked for " + specifier);
    ${refuse}
  },
  load(url) {
    if (url === "plugin:///mod.ts") return { format: "module", source: text, shortCircuit: true };
    throw new Error("not loaded: " + url);
  },
});
const url = "plugin:///mod.ts";
try {
  console.log(JSON.stringify((await import(url)).default));
} catch (error) {
  console.log(String(error));
}
`;
const redirect = 'return { url: "refused:" + specifier, shortCircuit: true };';
const imports = {
  "a static import of a built-in":
    'import { readFileSync } from "node:fs"; export default typeof readFileSync;',
  "a deferred import of a built-in":
    'import defer * as fs from "node:fs"; export default typeof fs.readFileSync;',
  "a built-in that the loader uses itself":
    'import { registerHooks } from "node:module"; export default typeof registerHooks;',
  "a re-export of a built-in": 'export { readFileSync as default } from "node:fs";',
  "a dynamic import of a built-in": 'export default typeof (await import("node:fs")).readFileSync;',
  "a static import of a file":
    'import text from "file:///etc/hostname" with { type: "text" }; export default text;',
  "a static import of a data: address":
    'import one from "data:text/javascript,export default 1"; export default one;',
  "a static import of a package": 'import valibot from "npm:valibot"; export default valibot;',
};
for (const [name, plugin] of Object.entries(imports)) {
  Deno.test(`a resolve hook that leads elsewhere holds ${name} in a module from memory`, async () => {
    const { stdout } = await runText(withHooks(plugin, redirect));
    assertMatch(stdout, /^asked for [^\n]+\nTypeError: Error: not loaded: refused:/);
  });
}

Deno.test("a resolve hook that throws does not hold a static import of a built-in: ours never throws", async () => {
  const { stdout } = await runText(
    withHooks(imports["a static import of a built-in"], 'throw new Error("refused");'),
  );
  assertEquals(stdout, 'asked for node:fs\n"function"');
});

Deno.test("modules from memory may import each other in a circle, and JSON", async () => {
  const { stdout } = await runText(`
import { registerHooks } from "node:module";
const texts = {
  "plugin:///a.ts": 'import { b } from "plugin:///b.ts"; import d from "plugin:///d.json" with { type: "json" };' +
    'export const a = 1; export default [b(), d.x, import.meta.url];',
  "plugin:///b.ts": 'import { a } from "plugin:///a.ts"; export const b = () => typeof a;',
  "plugin:///d.json": '{"x":2}',
};
registerHooks({
  resolve: (specifier) => ({ url: specifier, shortCircuit: true }),
  load: (url, context) => ({
    format: context.importAttributes.type ?? "module", source: texts[url], shortCircuit: true,
  }),
});
const url = "plugin:///a.ts";
console.log(JSON.stringify((await import(url)).default));
`);
  assertEquals(stdout, '["number",2,"plugin:///a.ts"]');
});

Deno.test("types are taken out as Deno does it: enums work, imports of types alone go, positions are kept", () => {
  const code = stripTypeScriptTypes(
    'import { T } from "./t.ts";\nenum E { A = 7 }\nexport const x: T = E.A;\n',
    { mode: "transform", sourceMap: true },
  );
  assertEquals(code.includes("./t.ts"), false);
  assertMatch(code, /E\["A"\] = 7/);
  assertMatch(code, /\/\/# sourceMappingURL=data:application\/json;base64,[\w+/=]+$/);
});

Deno.test("a flag of V8 turns code from text off", async () => {
  const { stdout } = await runText(
    'try { new Function("1")(); } catch (error) { console.log(error.name); }',
    [
      ...noPermissions,
      "--v8-flags=--disallow-code-generation-from-strings",
    ],
  );
  assertEquals(stdout, "EvalError");
});

Deno.test("a flag of V8 ends a process alone that fills its heap", async () => {
  const { code, signal, stderr } = await runText(
    "const hoard = []; for (;;) hoard.push(new Array(1e5).fill({}));",
    [...noPermissions, "--v8-flags=--max-old-space-size=32"],
  );
  assert(code !== 0 || signal !== null);
  assertMatch(stderr, /heap/i);
});

Deno.test("a thread's uncaught error reaches its parent, which may go on", async () => {
  const { stdout } = await runText(
    `
const worker = new Worker("data:text/javascript," + encodeURIComponent("setTimeout(() => { throw new Error('in it'); }, 0)"), { type: "module" });
worker.onerror = (event) => { event.preventDefault(); console.log(event.message); setTimeout(() => Deno.exit(0), 20); };
`,
    ["--allow-all", "--no-config", "--no-lock"],
  );
  assertMatch(stdout, /in it/);
});

Deno.test("a process ends at once though a thread of it spins", async () => {
  const { code } = await runText(
    `
new Worker("data:text/javascript,for(;;);", { type: "module" });
setTimeout(() => Deno.exit(7), 50);
`,
    ["--allow-all", "--no-config", "--no-lock"],
  );
  assertEquals(code, 7);
});

Deno.test("a started process has the environment that it is given and no other", async () => {
  const { stdout } = await run(["--allow-env", "--no-config", "--no-lock", factPath("environment.ts")], {
    A: "b",
  });
  const names: readonly string[] = JSON.parse(stdout);
  // Deno itself adds the last two: a folder of its own cache, for programs that look for node.
  assertEquals(
    names.filter((name) =>
      !["A", "DENO_DIR", "HOME", "NO_COLOR", "DENO_NO_UPDATE_CHECK", "PATH", "DENO_NODE_SHIM_ACTIVE"]
        .includes(name)
    ),
    [],
  );
});

Deno.test("an index on Array.prototype would reach Deno's list of hooks, and is refused where it can't be extended", async () => {
  const attack = `
const hook = () => ({ url: "node:fs", format: "builtin", source: null, shortCircuit: true });
Object.defineProperty(Array.prototype, "0", { configurable: true, get: () => hook, set: () => {} });
const name = "node:fs";
export default typeof (await import(name)).readFileSync;`;
  const open = await runText(withHooks(attack, redirect));
  assertMatch(open.stdout, /"function"$/);
  const sealed = await runText(
    withHooks(attack, redirect).replace(
      "const url =",
      "Object.preventExtensions(Array.prototype);\nconst url =",
    ),
  );
  assertMatch(sealed.stdout, /^TypeError: Cannot define property 0/);
});

Deno.test("a source run is not taken for a compiled one", () => assertEquals(Deno.build.standalone, false));

Deno.test("a WebSocket asks for no compression: streams are as large as their text", async () => {
  const offered = Promise.withResolvers<string | null>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    offered.resolve(request.headers.get("sec-websocket-extensions"));
    return new Response(null, { status: 400 });
  });
  const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}`);
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
  assertEquals(await offered.promise, null);
  await closed;
  await server.shutdown();
});
