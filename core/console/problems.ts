/** Errors as RFC 9457 says them: `application/problem+json` with type, title, status and detail. */
import * as v from "valibot";

export const problemSchema = v.pipe(
  v.object({
    type: v.pipe(v.string(), v.description("Names the kind of problem; stable.")),
    title: v.string(),
    status: v.number(),
    detail: v.string(),
    errors: v.exactOptional(
      v.pipe(
        v.array(v.object({ field: v.string(), message: v.string() })),
        v.description("What is wrong with the request, field by field."),
      ),
    ),
  }),
  v.title("Problem"),
  v.description("RFC 9457."),
);
export type Problem = v.InferOutput<typeof problemSchema>;

/** Every problem that the console answers with; the path of `type` is its key. */
export const problems = {
  "bad-request": { status: 400, title: "The request can't be read" },
  "unauthorized": { status: 401, title: "A valid token is needed" },
  "forbidden-host": { status: 403, title: "This name is not one of the console's own" },
  "forbidden-origin": { status: 403, title: "Requests from other sites are not taken" },
  "not-found": { status: 404, title: "There is nothing here" },
  "method-not-allowed": { status: 405, title: "This can't be done here" },
  "conflict": { status: 409, title: "This can't be done now" },
  "too-large": { status: 413, title: "The request is too large" },
  "unsupported-media-type": { status: 415, title: "Bodies are JSON" },
  "unprocessable": { status: 422, title: "This can't be done so" },
  "too-many-requests": { status: 429, title: "Too many requests" },
  "internal": { status: 500, title: "The console failed" },
  "not-implemented": { status: 501, title: "This host can't do that" },
  "not-ready": { status: 503, title: "Not ready" },
  "timeout": { status: 504, title: "The host did not answer in time" },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;
export type ProblemKind = keyof typeof problems;

export const problemMediaType = "application/problem+json";

export function problemOf(kind: ProblemKind, detail: string, errors?: Problem["errors"]): Problem {
  const { status, title } = problems[kind];
  return {
    type: `urn:berth:problem:${kind}`,
    title,
    status,
    detail,
    ...(errors === undefined ? {} : { errors }),
  };
}

export function problemResponse(
  kind: ProblemKind,
  detail: string,
  extra: { readonly errors?: Problem["errors"]; readonly headers?: Readonly<Record<string, string>> } = {},
): Response {
  const problem = problemOf(kind, detail, extra.errors);
  return new Response(`${JSON.stringify(problem)}\n`, {
    status: problem.status,
    headers: { "content-type": problemMediaType, ...extra.headers },
  });
}

/** Which kind says a status that the host chose. */
export const problemKindOf = (status: number): ProblemKind => {
  switch (status) {
    case 404:
      return "not-found";
    case 409:
      return "conflict";
    case 422:
      return "unprocessable";
    case 501:
      return "not-implemented";
    case 504:
      return "timeout";
    default:
      return "internal";
  }
};
