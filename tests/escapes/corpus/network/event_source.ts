/** Opens an event stream. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("network_event_source", async () => {
  const source = new EventSource("http://127.0.0.1:40123/");
  source.close();
  return "opened";
});
