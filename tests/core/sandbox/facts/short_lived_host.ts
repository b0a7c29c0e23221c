/**
 * A host that starts one plugin and prints the process's number. Arguments: kind of sandbox, path of the plugin. The
 * test kills it.
 */
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../../core/host/system_clock.ts";
import { sandboxKinds } from "../../../../core/sandbox/kind_names.ts";
import { createSandbox } from "../../../../core/sandbox/kinds.ts";
import { handlersOf, specOf } from "./one_plugin.ts";

const [kindName, path = ""] = Deno.args;
const kind = sandboxKinds.find((one) => one === kindName) ?? "process";
const projectDir = fileURLToPath(new URL("../../../../", import.meta.url));
const process = createSandbox(kind, { clock: systemClock(), projectDir }).start(
  specOf(path),
  handlersOf({
    onMessage: ({ type }) => {
      if (type === "ready") {
        setTimeout(() => Deno.stdout.writeSync(new TextEncoder().encode(`${process.pid}\n`)), 300);
      }
    },
  }),
);
