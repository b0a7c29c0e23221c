/** The entry of a plugin's process: hands its standard streams to the plugin's side and nothing else. */
import { outliveSignals } from "./group_signals.ts";
import { runPluginSide } from "./plugin_side.ts";

const { stdin, stdout } = Deno;
const exitProcess = Deno.exit.bind(Deno);
const readInput = stdin.read.bind(stdin);
const writeOutput = stdout.writeSync.bind(stdout);
const buffer = new Uint8Array(1 << 16);
const { apply } = Reflect;
const { subarray } = Uint8Array.prototype;

outliveSignals();
await runPluginSide({
  async read() {
    const count = await readInput(buffer);
    return count === null ? undefined : apply(subarray, buffer, [0, count]);
  },
  // Written at once: an asynchronous write would come back only when a flooded event loop gets to it.
  write(bytes) {
    for (let at = 0; at < bytes.length;) at += writeOutput(apply(subarray, bytes, [at]));
  },
  exit: exitProcess,
});
