/** Throws an object whose message getter throws. */
// expect: refused object
import { attempt } from "../attempt.ts";

export default attempt("errors_throws_a_getter", async () => {
  throw {
    get message(): string {
      throw new Error("in the getter");
    },
    toString: () => "an odd object",
  };
});
