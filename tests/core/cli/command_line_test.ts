import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { readCommandLine } from "../../../core/cli/command_line.ts";
import { parseDuration } from "../../../core/cli/option_readers.ts";

const start = {
  configFile: undefined,
  dataDir: undefined,
  durationMs: undefined,
  seed: undefined,
  environment: undefined,
  logLevel: undefined,
  logFormat: undefined,
  logFile: undefined,
  sandbox: undefined,
  pluginFolders: [],
  trustedFolders: [],
  isLiveConfirmed: false,
  view: undefined,
  consolePort: undefined,
  isConsoleOff: false,
};

const startCases: readonly {
  readonly words: readonly string[];
  readonly changes: Partial<Record<keyof typeof start, unknown>>;
}[] = [
  { words: [], changes: {} },
  { words: ["start"], changes: {} },
  { words: ["--duration", "20s"], changes: { durationMs: 20_000 } },
  { words: ["start", "--duration=1h30m"], changes: { durationMs: 5_400_000 } },
  { words: ["start", "--seed", "0"], changes: { seed: 0 } },
  { words: ["start", "--seed", "4294967295"], changes: { seed: 4_294_967_295 } },
  {
    words: ["start", "--env", "testnet", "--config", "x.json"],
    changes: { environment: "testnet", configFile: "x.json" },
  },
  { words: ["start", "--plugins", "a", "--plugins", "b"], changes: { pluginFolders: ["a", "b"] } },
  { words: ["start", "--trust", "a", "--data-dir", "d"], changes: { trustedFolders: ["a"], dataDir: "d" } },
  {
    words: ["start", "--log-level", "debug", "--log-format", "json"],
    changes: { logLevel: "debug", logFormat: "json" },
  },
  {
    words: ["start", "--env", "live", "--i-understand-live-trading"],
    changes: { environment: "live", isLiveConfirmed: true },
  },
  { words: ["--console-port", "0"], changes: { consolePort: 0 } },
  { words: ["start", "--no-console"], changes: { isConsoleOff: true } },
  { words: ["--sandbox", "worker-in-process"], changes: { sandbox: "worker-in-process" } },
];
for (const { words, changes } of startCases) {
  Deno.test(`"berth ${words.join(" ")}" is read`, () => {
    assertEquals<unknown>(readCommandLine(words, "1.2.3"), {
      kind: "start",
      options: { ...start, ...changes },
    });
  });
}

Deno.test("a folder named in one command line does not show up in the next", () => {
  readCommandLine(["--plugins", "a"], "1.2.3");
  const second = readCommandLine([], "1.2.3");
  assertEquals(second.kind === "start" && second.options.pluginFolders, []);
});

const operatorCases: readonly { readonly words: readonly string[]; readonly options: unknown }[] = [
  {
    words: ["kill", "--flatten", "--env", "live"],
    options: { configFile: undefined, dataDir: undefined, environment: "live", flatten: true, asJson: false },
  },
  {
    words: ["risk", "loosen", "account/okx", "maxOpenOrders=5", "maxLeverage=none", "--reason", "more"],
    options: {
      configFile: undefined,
      dataDir: undefined,
      environment: undefined,
      asJson: false,
      act: {
        kind: "loosen",
        scope: "account/okx",
        limits: { maxOpenOrders: 5, maxLeverage: null },
        reason: "more",
      },
    },
  },
  {
    words: ["risk", "tighten", "market", "maxQuoteAgeMs=500"],
    options: {
      configFile: undefined,
      dataDir: undefined,
      environment: undefined,
      asJson: false,
      act: { kind: "tighten", scope: "market", limits: { maxQuoteAgeMs: 500 } },
    },
  },
  {
    words: ["risk", "take-over", "account/okx", "k3f9", "--reason", "gone"],
    options: {
      configFile: undefined,
      dataDir: undefined,
      environment: undefined,
      asJson: false,
      act: { kind: "take_over", scope: "account/okx", venue: "okx", tag: "k3f9", reason: "gone" },
    },
  },
  {
    words: ["risk", "resume", "--reason", "seen", "--json"],
    options: {
      configFile: undefined,
      dataDir: undefined,
      environment: undefined,
      asJson: true,
      act: { kind: "state", scope: "global", state: "active", reason: "seen" },
    },
  },
];
for (const { words, options } of operatorCases) {
  Deno.test(`"berth ${words.join(" ")}" is read`, () => {
    assertEquals<unknown>(readCommandLine(words, "1.2.3"), { kind: words[0], options });
  });
}

Deno.test('"berth venue leverage okx:BTC-PERP 3" is read', () => {
  const line = readCommandLine(["venue", "leverage", "okx:BTC-PERP", "3", "--env", "testnet"], "1.2.3");
  assertEquals<unknown>(line, {
    kind: "venue_leverage",
    options: {
      configFile: undefined,
      dataDir: undefined,
      environment: "testnet",
      instrument: "okx:BTC-PERP",
      leverage: 3,
      marginMode: "cross",
      asJson: false,
    },
  });
});

const misuses: readonly { readonly words: readonly string[]; readonly says: RegExp }[] = [
  { words: ["--duration", "20"], says: /^--duration is "20"; write a number and a unit, such as 20s/ },
  { words: ["--duration", "0s"], says: /^--duration is "0s"; write/ },
  { words: ["--duration", "25d"], says: /^--duration is "25d"; write .*at most 24d/ },
  { words: ["--duration"], says: /^--duration has no value; write it as --duration <time>\.$/ },
  { words: ["--seed", "-1"], says: /^--seed/ },
  { words: ["--seed", "1e3"], says: /^--seed is "1e3"; write a whole number from 0 to 4294967295\.$/ },
  { words: ["--seed", "4294967296"], says: /^--seed is "4294967296"; write a whole number/ },
  {
    words: ["--sandbox", "none"],
    says: /^--sandbox is "none"; choose one of auto, process, worker-in-process\.$/,
  },
  { words: ["--env", "prod"], says: /^--env is "prod"; choose one of sim, paper, testnet, live\.$/ },
  {
    words: ["--log-level", "loud"],
    says: /^--log-level is "loud"; write debug, info, warn or error, and single modules/,
  },
  { words: ["--config", ""], says: /^--config is empty; write the path/ },
  { words: ["--sed", "1"], says: /^There is no option --sed; did you mean --seed\?$/ },
  { words: ["--frobnicate"], says: /^There is no option --frobnicate; see berth --help\.$/ },
  {
    words: ["strat"],
    says: /^There is no command strat; write start, status, risk, kill, .* or completions\.$/,
  },
  { words: ["start", "now"], says: /^There is no command now; write start/ },
  { words: ["explain"], says: /^The id is missing; add it after the command\.$/ },
  { words: ["explain", "a", "b"], says: /^There are words too many on the command line; leave them out/ },
  { words: ["journal", "--last", "0"], says: /^--last is "0"; write a whole number from 1 to/ },
  {
    words: ["risk"],
    says:
      /^A command of berth risk is missing; add show, tighten, loosen, take-over, halt, reduce or resume\.$/,
  },
  {
    words: ["risk", "halt", "okx", "--reason", "x"],
    says: /^"okx" is no scope; write global, account\/VENUE/,
  },
  { words: ["risk", "tighten", "global", "maxFun=1"], says: /^"maxFun" is no limit; choose of maxOrder/ },
  { words: ["risk", "tighten", "global", "maxLeverage=-1"], says: /^maxLeverage=-1 has no value; write/ },
  {
    words: ["risk", "tighten", "market", "maxQuoteAgeMs=none"],
    says: /^maxQuoteAgeMs=none has no value; write maxQuoteAgeMs=NUMBER\.$/,
  },
  {
    words: ["risk", "tighten", "market", "maxOpenOrders=1"],
    says: /^"maxOpenOrders" is no limit; choose of collar/,
  },
  {
    words: ["risk", "take-over", "global", "k3f9", "--reason", "x"],
    says: /^global is no account; write account\/VENUE\.$/,
  },
  { words: ["risk", "resume"], says: /^The option --reason is missing; write it as --reason <words>\.$/ },
  { words: ["--console-port", "70000"], says: /^--console-port is "70000"; write a whole number/ },
  { words: ["venue", "leverage", "BTC-PERP", "3"], says: /^"BTC-PERP" is no instrument; write venue and/ },
  { words: ["venue", "leverage", "okx:BTC-PERP", "0"], says: /^The leverage is "0"; write a number from 1/ },
  { words: ["config"], says: /^A command of berth config is missing; add check, show or schema\.$/ },
  { words: ["config", "chek"], says: /^There is no command chek; did you mean check\?$/ },
];
for (const { words, says } of misuses) {
  Deno.test(`"berth ${words.join(" ")}" is told in one sentence what to change`, () => {
    const line = readCommandLine(words, "1.2.3");
    assert(line.kind === "misuse", line.kind);
    assertMatch(line.sentence, says);
    assertEquals(line.sentence.split("\n").length, 1);
  });
}

Deno.test("any words give a command, a text or one sentence, and never throw", () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ maxLength: 8 }),
          fc.constantFrom(
            "start",
            "journal",
            "explain",
            "config",
            "check",
            "--seed",
            "--env",
            "--",
            "-",
            "--duration=x",
            "--plugins",
          ),
        ),
        { maxLength: 6 },
      ),
      (words) => {
        const line = readCommandLine(words, "1.2.3");
        if (line.kind === "misuse") assert(/[.?]$/.test(line.sentence.trimEnd()), line.sentence);
      },
    ),
  ));

Deno.test("help and version are texts", () => {
  assertEquals(readCommandLine(["--version"], "1.2.3"), { kind: "show", text: "1.2.3\n" });
  for (const words of [["--help"], ["start", "--help"], ["journal", "-h"], ["config", "--help"]]) {
    const line = readCommandLine(words, "1.2.3");
    assert(line.kind === "show" && line.text.startsWith("Usage: berth"), words.join(" "));
  }
  const help = readCommandLine(["start", "--help"], "1.2.3");
  assert(help.kind === "show" && help.text.includes("--duration 20s --seed 7"));
});

const durations: readonly (readonly [string, number | undefined])[] = [
  ["20s", 20_000],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["1h30m", 5_400_000],
  ["250ms", 250],
  ["1.5s", 1500],
  ["24d", 2_073_600_000],
  ["24d1ms", undefined],
  ["0s", undefined],
  ["", undefined],
  ["5", undefined],
  ["-5s", undefined],
  ["5 s", undefined],
  ["s", undefined],
  ["5sec", undefined],
  ["1e3s", undefined],
];
for (const [text, expected] of durations) {
  Deno.test(`parseDuration(${JSON.stringify(text)}) is ${expected}`, () =>
    assertEquals(parseDuration(text), expected));
}
