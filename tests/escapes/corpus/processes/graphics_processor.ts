/** Asks for the graphics processor, whose drivers are native code. */
// expect: refused PLUGIN_NOT_AVAILABLE
import { attempt } from "../attempt.ts";

export default attempt("processes_graphics_processor", async () => {
  const { gpu } = navigator as unknown as { gpu: { requestAdapter(): Promise<unknown> } };
  return await gpu.requestAdapter();
});
