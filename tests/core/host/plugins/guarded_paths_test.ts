import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { guardedPathFault, missingOrLinked } from "../../../../core/host/plugins/guarded_paths.ts";
import type { StrategyManifest, SystemPermissions } from "../../../../core/sdk/manifest.ts";

const asking = (permissions: SystemPermissions): StrategyManifest => ({
  kind: "strategy",
  id: "asking",
  version: "1.0.0",
  sdkVersion: 1,
  author: "tests",
  description: "Asks for folders.",
  permissions,
  trading: { venues: ["*"], instruments: ["*"], data: [], orders: "none" },
  riskBudget: {
    maxOrderNotionalUsd: 0,
    maxPositionNotionalUsd: 0,
    maxOrdersPerSecond: 0,
    maxDailyLossUsd: 0,
  },
  onStop: "keep_positions",
  settings: {},
});
const guarded = { secret: ["/home/me/var", "/home/me/.env"], code: ["/opt/berth", "/home/me/plugins"] };

const cases: readonly (readonly [SystemPermissions, RegExp | undefined])[] = [
  [{}, undefined],
  [{ read: ["/data"], write: ["/data/out"] }, undefined],
  [{ read: ["/opt/berth/plugins"] }, undefined],
  [{ read: ["/home/me/variants"] }, undefined],
  [{ read: ["/home/me/var"] }, /^manifest field permissions\.read names \/home\/me\/var;/],
  [{ read: ["/home/me/var/sim"] }, /apart from \/home\/me\/var,/],
  [{ read: ["/home/me"] }, /apart from \/home\/me\/var,/],
  [{ read: ["/home/me/.env"] }, /apart from \/home\/me\/\.env,/],
  [
    { write: ["/home/me/plugins/mine"] },
    /^manifest field permissions\.write .* apart from \/home\/me\/plugins,/,
  ],
  [{ write: ["/opt"] }, /apart from \/opt\/berth,/],
  [{ write: ["/home"] }, /apart from \/home\/me\/var,/],
];
for (const [permissions, expected] of cases) {
  Deno.test(`guardedPathFault() of ${JSON.stringify(permissions)}`, () => {
    const fault = guardedPathFault(asking(permissions), guarded);
    if (expected === undefined) assertEquals(fault, undefined);
    else assertMatch(fault ?? "none", expected);
  });
}

Deno.test("a folder that is not there, or is a link, is granted to nobody", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(join(folder, "real"));
    await Deno.symlink(join(folder, "real"), join(folder, "link"));
    assertEquals(missingOrLinked([join(folder, "real")]), undefined);
    assertMatch(missingOrLinked([join(folder, "link")]) ?? "", /is a link to .*real/);
    assertMatch(missingOrLinked([join(folder, "gone")]) ?? "", /There is no folder .*gone/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
