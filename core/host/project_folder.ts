/** Where this release lies: `core/`, `exchanges/` and `plugins/` are in it. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectFolder = fileURLToPath(new URL("../../", import.meta.url));

/** Adapters and simulators that came with berth. */
export const exchangesFolder = join(projectFolder, "exchanges");
