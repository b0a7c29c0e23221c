/** Opens an event stream. */
// expect: refused /NotCapable|not available|not a constructor|not defined/
import { attempt } from "../attempt.ts";

export default attempt("network_event_source", async () => {
  const source = new EventSource("http://127.0.0.1:40123/");
  source.close();
  return "opened";
});
