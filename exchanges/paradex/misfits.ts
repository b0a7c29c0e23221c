/** Where something came from that could not be read. */
import type { Misfits } from "@berth/sdk/venue/misfits.ts";

export type MisfitCode =
  | "text_frame"
  | "binary_frame"
  | "private_binary_frame"
  | "private_record";

export type ParadexMisfits = Misfits<MisfitCode>;
