/** Where secrets come from, and which of their places wins. */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readSecrets } from "../../../../core/host/config/secrets.ts";
import { BerthError } from "../../../../core/errors.ts";

const environment = (values: Readonly<Record<string, string>>) => ({ get: (name: string) => values[name] });

Deno.test("a secret comes from the environment, else from the service's credentials, else from .env", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const envFile = join(folder, ".env");
    const credentials = join(folder, "credentials");
    await Deno.mkdir(credentials);
    await Deno.writeTextFile(envFile, "OKX_API_KEY=file1\nOKX_SECRET_KEY=file2\nPARADEX_ACCOUNT=file3\n");
    await Deno.writeTextFile(join(credentials, "OKX_API_KEY"), "credential1\n");
    await Deno.writeTextFile(join(credentials, "OKX_SECRET_KEY"), "credential2");
    await Deno.writeTextFile(join(credentials, "okx.pem"), "no secret of ours");
    const given = { OKX_API_KEY: "environment1", CREDENTIALS_DIRECTORY: credentials };
    const secrets = await readSecrets(envFile, environment(given));
    const names = ["OKX_API_KEY", "OKX_SECRET_KEY", "PARADEX_ACCOUNT", "okx.pem"];
    assertEquals(names.map((name) => secrets.get(name)), ["environment1", "credential2", "file3", undefined]);
    assertEquals(secrets.valuesOf(names), ["environment1", "credential2"]); // "file3" is too short to be looked for
    assertEquals(secrets.paths, [envFile, credentials]);

    const plain = await readSecrets(envFile, environment({}));
    assertEquals([plain.get("OKX_SECRET_KEY"), plain.paths], ["file2", [envFile]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a folder of credentials that is not there is a fault, not an empty one", async () => {
  const error = await assertRejects(
    () => readSecrets("/nowhere/.env", environment({ CREDENTIALS_DIRECTORY: "/nowhere/at/all" })),
    BerthError,
  );
  assertEquals(error.code, "CONFIG_UNREADABLE");
});
