/** Takes hold of the frame stream by replacing the writer of streams. */
// expect: harmless
import { attempt } from "../attempt.ts";

export default attempt("prototypes_stream_writer", async () => {
  WritableStreamDefaultWriter.prototype.write = () => Promise.resolve();
  return "replaced";
});
