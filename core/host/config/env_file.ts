/** The file `.env` of the working folder: secrets and settings, never committed. */
import { load } from "@std/dotenv";
import { BerthError } from "../../errors.ts";

/**
 * Its variables; a missing file has none.
 *
 * @throws {BerthError} CONFIG_UNREADABLE when it is there and can't be read
 */
export async function readEnvFile(path: string): Promise<Readonly<Record<string, string>>> {
  try {
    return await load({ envPath: path });
  } catch (cause) {
    throw new BerthError("CONFIG_UNREADABLE", { file: path, reason: "it can't be opened" }, { cause });
  }
}
