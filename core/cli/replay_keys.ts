/** The keyboard of a replay: the space bar pauses and goes on, a full stop takes one step. */
import type { ReplayKey } from "../host/replay/open_replay.ts";

/** A terminal's keys; tests hand in their own. */
export interface Keyboard {
  /** False where nobody types, or where single keys can't be had. */
  readonly isThere: boolean;
  /** Keys come one by one and unseen from now on; signals such as Ctrl-C stay signals. */
  open(): void;
  /** Gives the terminal back as it was. */
  close(): void;
  /** Bytes read; null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

const keysByByte: Readonly<Record<number, ReplayKey>> = { 0x20: "pause", 0x2e: "step" };

/** What is pressed, until the keyboard ends; undefined where there is none. */
export function replayKeys(keyboard: Keyboard): AsyncIterable<ReplayKey> | undefined {
  return keyboard.isThere ? pressed(keyboard) : undefined;
}

async function* pressed(keyboard: Keyboard): AsyncGenerator<ReplayKey> {
  keyboard.open();
  try {
    const buffer = new Uint8Array(64);
    for (;;) {
      const length = await keyboard.read(buffer);
      if (length === null) return;
      for (const key of keysIn(buffer.subarray(0, length))) yield key;
    }
  } finally {
    keyboard.close();
  }
}

/** An arrow or a function key is a sequence that begins with escape: of one that comes whole nothing is taken. */
const keysIn = (bytes: Uint8Array): readonly ReplayKey[] =>
  bytes[0] === 0x1b ? [] : [...bytes].flatMap((byte) => keysByByte[byte] ?? []);

/** Of this process. Windows gives single keys only together with its signals. */
export function ownKeyboard(): Keyboard {
  const close = (): void => Deno.stdin.setRaw(false);
  return {
    isThere: Deno.build.os !== "windows" && Deno.stdin.isTerminal(),
    open() {
      Deno.stdin.setRaw(true, { cbreak: true });
      globalThis.addEventListener("unload", close); // a run ends by its own exit, with a read still waiting
    },
    close,
    read: (buffer) => Deno.stdin.read(buffer),
  };
}
