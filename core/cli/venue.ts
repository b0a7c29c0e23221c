/** `berth venue leverage`: asks a running host to set the account's leverage at a venue. */
import { doneSchema } from "../console/schemas.ts";
import { connectHost } from "./host_client.ts";
import type { CommandSurroundings } from "./journal.ts";
import { readPlace } from "./place.ts";
import type { LeverageOptions } from "./venue_options.ts";

/** @throws {BerthError} HOST_NOT_RUNNING, HOST_UNREACHABLE, HOST_REFUSED */
export async function setLeverage(options: LeverageOptions, around: CommandSurroundings): Promise<void> {
  const { instrument, leverage, marginMode, asJson } = options;
  const host = await connectHost(await readPlace(options, around.workingFolder));
  await host.post("/leverage", { instrument, leverage, marginMode }, doneSchema);
  around.write(
    asJson
      ? `${JSON.stringify({ asked: true, instrument, leverage, marginMode })}\n`
      : `The venue is asked for leverage ${leverage}, ${marginMode}, on ${instrument}; its word comes as a notice and in the log.\n`,
  );
}
