/**
 * The process around a plugin's thread, where a process can't narrow its own permissions: a compiled berth that started
 * itself again. The plugin runs in a web worker with narrowed permissions; this thread carries bytes between it and the
 * host, and knows nothing of what they mean. Whatever the thread does, the host can kill the process around it.
 *
 * Invariants:
 * 1. No code of the plugin runs in this thread, and nothing it sends is looked into here.
 * 2. No more than `windowBytes` wait for the thread: what is beyond waits in the pipe, where the host sees it.
 */
import { fileURLToPath } from "node:url";
import { outliveSignals } from "./group_signals.ts";
import { type Preamble, readPreamble } from "./preamble.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker_port.ts";

/** Bytes on their way to the thread. */
const windowBytes = 256 << 10;
/** Of a process whose thread failed; the reason is on its error stream. */
const failedCode = 1;
const hostGoneCode = 66;

/** Runs until the plugin or the host ends. */
export async function keepWorker(): Promise<never> {
  outliveSignals();
  const buffer = new Uint8Array(1 << 16);
  const read = async (): Promise<Uint8Array | undefined> => {
    const count = await Deno.stdin.read(buffer);
    return count === null ? undefined : buffer.subarray(0, count);
  };
  const { preamble, rest } = await readPreamble(read);
  if (preamble === undefined) Deno.exit(hostGoneCode);
  const { port, credit } = startWorker(preamble, rest);
  for (let chunk = await read(); chunk !== undefined; chunk = await read()) {
    const bytes = chunk.slice();
    const message: ToWorker = { kind: "bytes", bytes };
    port.postMessage(message, [bytes.buffer]);
    await credit.spend(chunk.length); // not of the bytes: they were handed over and have no length any more
  }
  // The thread may be spinning; without its host there is nobody left who could end it.
  return Deno.exit(hostGoneCode);
}

function startWorker(
  preamble: Preamble,
  rest: Uint8Array,
): { readonly port: MessagePort; readonly credit: Credit } {
  const { port1: port, port2: theirs } = new MessageChannel();
  const credit = new Credit(windowBytes);
  const worker = new Worker(new URL("./worker_bootstrap.ts", import.meta.url), {
    type: "module",
    deno: { permissions: workerPermissions(preamble) },
  });
  worker.onerror = (event): void => {
    event.preventDefault();
    writeAll(Deno.stderr, new TextEncoder().encode(`error: ${event.message}\n`));
    Deno.exit(failedCode);
  };
  worker.onmessageerror = (): never => Deno.exit(failedCode);
  port.onmessage = ({ data }: MessageEvent<FromWorker>): void => {
    if (data.kind === "bytes") writeAll(Deno.stdout, data.bytes);
    else if (data.kind === "taken") credit.giveBack(data.bytes);
    else Deno.exit(data.code);
  };
  const start: WorkerStart = { port: theirs, preamble, rest };
  worker.postMessage(start, [theirs]);
  return { port, credit };
}

/** What the plugin was granted, and the SDK's own modules. Everything that is not named is refused. */
function workerPermissions({ permissions: { net, read, write } }: Preamble): Deno.PermissionOptionsObject {
  const sdk = ["sdk/", "model/", "protocol/", "errors.ts"].map((part) =>
    fileURLToPath(new URL(`../${part}`, import.meta.url))
  );
  return {
    net: net.length > 0 ? [...net] : false,
    read: [...sdk, ...read],
    write: write.length > 0 ? [...write] : false,
    env: false,
    ffi: false,
    import: false,
    run: false,
    sys: false,
  };
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}

/** How much may still be sent to a reader that says what it has used up. */
class Credit {
  #left: number;
  #wake: (() => void) | undefined;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes from it; resolves when something is left again. */
  async spend(bytes: number): Promise<void> {
    this.#left -= bytes;
    while (this.#left <= 0) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
    this.#wake?.();
  }
}
