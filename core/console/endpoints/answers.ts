/** Answers that several endpoints give. */
import type * as v from "valibot";
import { problemResponse } from "../problems.ts";
import type { doneSchema } from "../schemas.ts";

/** What a command that has nothing to tell is answered. */
export const done = (): v.InferOutput<typeof doneSchema> => ({ done: true });

/** @param what as in "There is no …." */
export const notFound = (what: string): { readonly response: Response } => ({
  response: problemResponse("not-found", `There is no ${what}.`),
});
