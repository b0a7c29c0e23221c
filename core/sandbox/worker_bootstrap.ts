/** The entry of a plugin's thread: one port to its keeper, and nothing else. See worker_keeper.ts. */
import { runPluginOf } from "./plugin_side.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker_port.ts";

/** The keeper's first and only message to the thread itself. */
const start = await new Promise<WorkerStart>((resolve) => {
  addEventListener("message", (event) => {
    if (event instanceof MessageEvent) resolve(event.data);
  }, { once: true });
});

const { port, preamble, rest } = start;
const post = port.postMessage.bind(port);
const say = (message: FromWorker): void => post(message);
const { apply } = Reflect;
const { push, shift } = Array.prototype;
const { slice } = Uint8Array.prototype;

const chunks: (Uint8Array | undefined)[] = [];
let wake: (() => void) | undefined;
port.onmessage = ({ data }: MessageEvent<ToWorker>): void => {
  apply(push, chunks, [data.kind === "bytes" ? data.bytes : undefined]);
  wake?.();
};

let takenBytes = 0;
await runPluginOf(preamble, rest, {
  async read() {
    // What was handed over before is used up now: the keeper may send as much again.
    if (takenBytes > 0) say({ kind: "taken", bytes: takenBytes });
    takenBytes = 0;
    while (chunks.length === 0) await new Promise<void>((resolve) => wake = resolve);
    const chunk: Uint8Array | undefined = apply(shift, chunks, []);
    takenBytes = chunk?.length ?? 0;
    return chunk;
  },
  write(bytes) {
    say({ kind: "bytes", bytes: apply(slice, bytes, [0]) });
  },
  exit(code) {
    say({ kind: "exit", code });
  },
});
