/** What Deno's permissions alone must refuse: each act with nothing of berth in between. Prints name → code as JSON. */
const acts: Readonly<Record<string, () => unknown>> = {
  "reads a file": () => Deno.readTextFile("/etc/passwd"),
  "reads a file at once": () => Deno.readTextFileSync("/etc/passwd"),
  "opens a file": () => Deno.open("/etc/passwd"),
  "reads its own module from disk": () => Deno.readTextFile(new URL(import.meta.url)),
  "lists a folder": () => [...Deno.readDirSync("/")],
  "asks for a file's size": () => Deno.stat("/etc/passwd"),
  "resolves a path": () => Deno.realPath("/etc"),
  "reads what the system knows of the process": () => Deno.readTextFile("/proc/self/environ"),
  "writes a file": () => Deno.writeTextFile("/tmp/berth_fact", "x"),
  "makes a temporary file": () => Deno.makeTempFile(),
  "removes a file": () => Deno.remove("/tmp/berth_fact"),
  "makes a link": () => Deno.symlink("/etc/passwd", "/tmp/berth_fact"),
  "watches a folder": () => Deno.watchFs("/etc"),
  "starts a program": () => new Deno.Command("/usr/bin/id").output(),
  "signals a process": () => Deno.kill(1, "SIGCONT"),
  "loads a library": () => Deno.dlopen("libc.so.6", {}),
  "reads the environment": () => Deno.env.get("HOME"),
  "reads all of the environment": () => Deno.env.toObject(),
  "changes the environment": () => Deno.env.set("A", "b"),
  "asks for the host's name": () => Deno.hostname(),
  "asks for the memory of the machine": () => Deno.systemMemoryInfo(),
  "asks for the network's interfaces": () => Deno.networkInterfaces(),
  "asks for the path of the executable": () => Deno.execPath(),
  "connects": () => Deno.connect({ hostname: "127.0.0.1", port: 40_123 }),
  "listens": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  "listens for datagrams": async () => {
    const { createSocket } = await import("node:dgram");
    return await new Promise((_resolve, reject) => {
      addEventListener("error", (event) => {
        event.preventDefault(); // it is thrown in a turn of its own
        reject(event.error);
      }, { once: true });
      createSocket("udp4").on("error", reject).bind(0, "127.0.0.1");
    });
  },
  "asks for a name's address": () => Deno.resolveDns("example.com", "A"),
  "fetches": () => fetch("http://127.0.0.1:40123/"),
  "fetches a file": () => fetch("file:///etc/passwd"),
  "opens a socket": () => new WebSocket("ws://127.0.0.1:40123/"),
  "imports from a server": () => import(["http:", "//127.0.0.1:40123/a.ts"].join("")),
  "imports a file as text": () => import(["file:///etc", "/passwd"].join(""), { with: { type: "text" } }),
  "reads a file by node:fs": async () => (await import("node:fs")).readFileSync("/etc/passwd"),
  "starts a program by node:child_process": async () => (await import("node:child_process")).execSync("id"),
  "connects by node:net": async () =>
    await new Promise((_resolve, reject) =>
      void import("node:net").then(({ connect }) => connect(40_123, "127.0.0.1").on("error", reject)).catch(
        reject,
      )
    ),
};

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "TypeError" || error.name === "Error"
    ? `${error.name}: ${error.message}`
    : error.name;
}

const found: Record<string, string> = {};
for (const [name, act] of Object.entries(acts)) {
  try {
    await act();
    found[name] = "succeeded";
  } catch (error) {
    found[name] = codeOf(error);
  }
}

/** A thread tells its parent, a process its standard output. */
const text = JSON.stringify(found);
const parent: { postMessage?: (text: string) => void } = Object(globalThis);
if (parent.postMessage === undefined) Deno.stdout.writeSync(new TextEncoder().encode(text));
else parent.postMessage(text);
Deno.exit(0);
