/** The service's unit and the container's recipe: what must stand in them, and what systemd itself says of the unit. */
import { assert, assertEquals, assertMatch } from "@std/assert";

const folder = new URL("../../docs/deploy/", import.meta.url);
const unit = await Deno.readTextFile(new URL("berth.service", folder));
const dockerfile = await Deno.readTextFile(new URL("Dockerfile", folder));

const directives = (name: string): readonly string[] =>
  unit.split("\n").filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));

const hardening: readonly (readonly [string, string])[] = [
  ["NoNewPrivileges", "yes"],
  ["PrivateTmp", "yes"],
  ["PrivateDevices", "yes"],
  ["ProtectSystem", "strict"],
  ["ProtectHome", "yes"],
  ["CapabilityBoundingSet", ""],
  ["RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"],
  ["RestrictNamespaces", "yes"],
  // Orders are cancelled by the host, which must be told alone and given the time.
  ["KillMode", "mixed"],
  ["OOMPolicy", "continue"],
  // A wrong configuration and a second host are not mended by another start.
  ["RestartPreventExitStatus", "2 3"],
];
for (const [name, value] of hardening) {
  Deno.test(`the unit has ${name}=${value}`, () => assertEquals(directives(name), [value]));
}

const hasAnalyze = await new Deno.Command("systemd-analyze", {
  args: ["--version"],
  stdout: "null",
  stderr: "null",
})
  .output().then(({ success }) => success, () => false);

Deno.test({
  name: "systemd finds no fault in the unit and little that it is exposed to",
  ignore: !hasAnalyze,
  async fn() {
    const home = await Deno.makeTempDir();
    try {
      const path = `${home}/berth.service`;
      await Deno.writeTextFile(path, unit.replaceAll("/opt/berth/berth", "/bin/true")); // it looks for the file
      const analyze = async (...args: readonly string[]) => {
        const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", { args: [...args, path] })
          .output();
        return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
      };
      const verified = await analyze("verify", "--man=no");
      assertEquals(verified, { code: 0, text: "" });
      const { text } = await analyze("security", "--offline=true", "--no-pager");
      const exposure = Number(/Overall exposure level for berth\.service: ([\d.]+)/.exec(text)?.[1]);
      assert(exposure < 2, text);
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  },
});

Deno.test("the container is built of Debian's and npm's packages alone, with the project's Deno, and runs as nobody's root", () => {
  const froms = dockerfile.split("\n").filter((line) => line.startsWith("FROM "));
  assertEquals(froms.filter((line) => !/^FROM debian:[a-z]+-slim( AS build)?$/.test(line)), []);
  assertEquals(/^ADD |curl|wget|https?:\/\/(?!127\.0\.0\.1)/m.test(dockerfile), false);
  const pinned = /deno@(\d+\.\d+\.\d+)/.exec(dockerfile)?.[1];
  assertEquals(pinned, Deno.version.deno);
  assertMatch(dockerfile, /^USER berth$/m);
  assertMatch(dockerfile, /^HEALTHCHECK /m);
  assertMatch(dockerfile, /^STOPSIGNAL SIGTERM$/m);
});

Deno.test("what could be a secret stays out of the container's context", async () => {
  const ignored = (await Deno.readTextFile(new URL("Dockerfile.dockerignore", folder))).split("\n");
  assertEquals(ignored[0], "*");
  for (const line of ["**/.env*", "**/var"]) {
    assert(ignored.indexOf(line) > ignored.indexOf("!plugins"), line);
  }
});
