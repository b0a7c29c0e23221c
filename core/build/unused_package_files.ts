/**
 * Prints what `deno compile` must leave out of the packages: bintrees (of prom-client) carries test data by which
 * Deno 2.9.6 overflows its stack while it embeds them. Nothing of berth reads it.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const registry = join(dirname(fileURLToPath(import.meta.resolve("prom-client"))), "..", "..");
const path = join(registry, "bintrees", "1.0.2", "test");
Deno.stdout.writeSync(new TextEncoder().encode(path));
