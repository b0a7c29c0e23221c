/** `berth` by its real command line, in a folder of its own. */
import { join } from "node:path";

const entry = new URL("../../core/main.ts", import.meta.url).pathname;

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

export async function berth(folder: string, ...words: readonly string[]): Promise<Ended> {
  return await run(folder, ["run", "-A", "--no-check", entry, ...words]);
}

export async function run(folder: string, args: readonly string[]): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

export async function inFolder(
  withVenues: readonly string[],
  act: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "plugins"));
    // The adapters of berth itself are not what is looked at here, and reading them takes its time.
    const venues = { enabled: withVenues };
    await Deno.writeTextFile(join(folder, "berth.json"), JSON.stringify({ venues }));
    await act(await Deno.realPath(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
