/** Moves a file out of the folder that it was granted. */
// expect: refused NotCapable
import { attempt } from "../attempt.ts";

export default attempt("granted_files_move_outside", async () => {
  await Deno.writeTextFile("__WRITABLE__/plan.ts", "export {}");
  await Deno.rename("__WRITABLE__/plan.ts", "__OUTSIDE__/plan.ts");
  return "moved";
}, { permissions: { write: ["__WRITABLE__"] } });
