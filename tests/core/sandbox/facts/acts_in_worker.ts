/** Runs acts.ts in a thread with the permissions that a plugin without grants has, and passes on what it says. */
const worker = new Worker(new URL("./acts.ts", import.meta.url), {
  type: "module",
  deno: {
    permissions: {
      net: false,
      read: [],
      write: false,
      env: false,
      ffi: false,
      import: false,
      run: false,
      sys: false,
    },
  },
});
const text = await new Promise<string>((resolve) => worker.onmessage = ({ data }) => resolve(data));
Deno.stdout.writeSync(new TextEncoder().encode(text));
Deno.exit(0);
