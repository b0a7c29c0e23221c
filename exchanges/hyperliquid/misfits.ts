/** What came in and could not be read: counted under a code, told once at first and then at most once a minute. */
import type { Misfits } from "@berth/sdk/venue/misfits.ts";

/** Where it came from, and in what form. */
export type MisfitCode =
  | "frame_not_json"
  | "frame_not_known"
  | "instrument_not_known"
  | "row_not_readable"
  | "book_not_readable"
  | "private_frame_not_json"
  | "private_frame_not_known"
  | "private_row_not_readable"
  | "answer_not_expected";

export type HyperliquidMisfits = Misfits<MisfitCode>;
