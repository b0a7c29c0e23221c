/** Errors in the venue's words: an HTTP status, and the code and text of the body. */
export interface VenueError {
  readonly status: number;
  readonly code: number;
  readonly msg: string;
}

export const refusal = (code: number, msg: string, status = 400): VenueError => ({ status, code, msg });

export const missing = (name: string): VenueError =>
  refusal(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
export const unknownSymbol = refusal(-1121, "Invalid symbol.");

/** True for what is one of these, and no result. */
export const isVenueError = (value: unknown): value is VenueError =>
  typeof value === "object" && value !== null && "code" in value && "msg" in value && "status" in value;
