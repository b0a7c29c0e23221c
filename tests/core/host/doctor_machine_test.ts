import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  checkHelpers,
  examineMachine,
  type Machine,
  type RunningProcess,
} from "../../../core/host/doctor/machine.ts";
import { checkSecretFormat } from "../../../core/host/doctor/secret_format.ts";

const key = `0x${"ab".repeat(32)}`;

const secretCases: readonly {
  readonly name: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly result: string;
  readonly says: RegExp;
}[] = [
  { name: "none", secrets: {}, result: "skipped", says: /^None/ },
  {
    name: "a whole key",
    secrets: { A_PRIVATE_KEY: key },
    result: "passed",
    says: /^A_PRIVATE_KEY: 66 characters$/,
  },
  {
    name: "a key without 0x",
    secrets: { A_PRIVATE_KEY: key.slice(2) },
    result: "passed",
    says: /64 characters/,
  },
  {
    name: "a key that is too long",
    secrets: { A_PRIVATE_KEY: `${key}0` },
    result: "failed",
    says: /has 67 characters/,
  },
  {
    name: "a key that is none",
    secrets: { A_PRIVATE_KEY: "0xhello" },
    result: "failed",
    says: /has 7 characters/,
  },
  {
    name: "an address without 0x",
    secrets: { A_ACCOUNT: "12ab" },
    result: "failed",
    says: /A_ACCOUNT has 4/,
  },
  { name: "an address", secrets: { A_ACCOUNT_ADDRESS: "0x12ab" }, result: "passed", says: /6 characters/ },
  { name: "quotation marks", secrets: { OKX_API_KEY: '"abc"' }, result: "failed", says: /quotation marks/ },
  { name: "a blank at the end", secrets: { OKX_API_KEY: "abc " }, result: "failed", says: /blanks/ },
  { name: "any text elsewhere", secrets: { OKX_API_KEY: "a-b-c" }, result: "passed", says: /5 characters/ },
];
for (const { name, secrets, result, says } of secretCases) {
  Deno.test(`the doctor on ${name}: ${result}`, () => {
    const end = checkSecretFormat(secrets);
    assertEquals(end.result, result, end.details);
    assertMatch(end.details, says);
    for (const value of Object.values(secrets)) assert(!end.details.includes(value), "the value itself");
  });
}

const host: RunningProcess = { pid: 10, parentPid: 1, words: ["deno", "run", "core/main.ts", "start"] };
const helper = (pid: number, parentPid: number, plugin: string): RunningProcess => ({
  pid,
  parentPid,
  words: ["deno", "run", "/app/core/sandbox/bootstrap.ts", plugin],
});
const simulation: RunningProcess = {
  pid: 13,
  parentPid: 10,
  words: ["deno", "/app/exchanges/simulation/main.ts"],
};

Deno.test("the doctor names each host's helper processes", () => {
  const end = checkHelpers([host, helper(11, 10, "okx"), helper(12, 10, "scalper"), simulation]);
  assertEquals(end, {
    result: "passed",
    details: "host 10 has okx (11), scalper (12), simulated venues (13).",
    fix: "",
  });
});

Deno.test("helpers of a host that is gone are a failure, with how to end them", () => {
  const end = checkHelpers([
    host,
    helper(11, 10, "okx"),
    helper(12, 1, "paradex"),
    helper(14, 99, "scalper"),
  ]);
  assertEquals([end.result, end.fix], ["failed", "End them: kill 12 14."]);
  assertMatch(end.details, /12 \(paradex\), 14 \(scalper\)/);
});

const quiet: Machine = {
  processes: () => Promise.resolve([]),
  load: () => 0.5,
  cores: 2,
  mode: () => Promise.resolve(undefined),
};

Deno.test("a file of secrets that others can read is a failure; its names are told, its values are not", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "PARADEX_PRIVATE_KEY=0x123456\nBERTH_SEED=5\n");
    const [own] = await examineMachine(path, { ...quiet, mode: () => Promise.resolve(0o100600) });
    assertEquals(own?.result, "passed");
    assertEquals(own?.details, "1 secrets and 1 settings: PARADEX_PRIVATE_KEY, BERTH_SEED");
    const [open] = await examineMachine(path, { ...quiet, mode: () => Promise.resolve(0o100644) });
    assertEquals([open?.result, /mode 644/.test(open?.details ?? "")], ["failed", true]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("load above the number of cores is told, and is no failure", async () => {
  const checks = await examineMachine("/nowhere/.env", { ...quiet, load: () => 9.87 });
  assertEquals(checks.map(({ name, result }) => `${name} ${result}`), [
    "environment file skipped",
    "helper processes passed",
    "load passed",
  ]);
  assertMatch(checks[2]?.details ?? "", /^9\.9 on 2 cores .*more than there is/);
});
