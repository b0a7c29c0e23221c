/**
 * The simulated venues: one child process (`exchanges/simulation/main.ts`) with the market, the matching engines and
 * a loopback server per venue. The host speaks to it in JSON lines over its standard streams; made-up credentials
 * come back over the same pipe and never touch a command line or a log.
 */
import { join } from "node:path";
import * as v from "valibot";
import { cacheEnvironment } from "../../sandbox/child_process.ts";
import { isCompiled, ownCommands, type OwnProcess, v8MemoryFlag } from "../../sandbox/edition.ts";
import { BerthError } from "../../errors.ts";
import { lineReader } from "../line_reader.ts";
import { exchangesFolder, projectFolder } from "../project_folder.ts";

const decimalText = v.pipe(v.string(), v.regex(/^-?\d+(\.\d+)?$/));

const readySchema = v.object({
  kind: v.literal("ready"),
  venues: v.record(
    v.string(),
    v.object({
      endpoints: v.record(v.string(), v.string()),
      credentials: v.record(v.string(), v.string()),
      accountId: v.string(),
    }),
  ),
});

const ledgerSchema = v.object({
  kind: v.literal("ledger"),
  venues: v.record(
    v.string(),
    v.looseObject({
      cash: decimalText,
      feesPaid: decimalText,
      realizedPnl: decimalText,
      cashFlow: decimalText,
      positions: v.array(v.looseObject({ symbol: v.string(), positionLots: v.number() })),
      openOrders: v.array(v.looseObject({ clientOrderId: v.string(), symbol: v.string() })),
    }),
  ),
});

/** What `exchanges/simulation/standalone.ts` writes for hosts to find it. */
const attachSchema = v.object({
  ...readySchema.entries,
  worldId: v.string(),
  control: v.object({ url: v.pipe(v.string(), v.url()), token: v.string() }),
});

const answerSchema = v.variant("kind", [
  readySchema,
  ledgerSchema,
  v.looseObject({ kind: v.literal("stopped") }),
  v.looseObject({ kind: v.literal("error"), message: v.string() }),
]);

type Answer = v.InferOutput<typeof answerSchema>;

/** What an adapter needs to reach its simulator. */
export interface SimulatedVenueAccess {
  readonly endpoints: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string>>;
  readonly accountId: string;
}

/** One simulated venue's own books: what the host's portfolio must agree with. */
export type SimulatedLedger = v.InferOutput<typeof ledgerSchema>["venues"][string];

export interface SimulationOptions {
  readonly venues: readonly string[];
  readonly seed: number;
  readonly depositUsd: string;
  readonly faults: Readonly<Record<string, unknown>> | undefined;
  /** One line of the simulators' own log. */
  readonly onLog: (line: string) => void;
  /** The process ended though nobody stopped it. */
  readonly onLost: (code: number) => void;
}

/** Handle of the running simulation. */
export interface Simulation {
  /** Of venues that outlive their hosts: the same as long as they run. */
  readonly worldId?: string;
  readonly venues: Readonly<Record<string, SimulatedVenueAccess>>;
  ledgers(): Promise<Readonly<Record<string, SimulatedLedger>>>;
  stop(): Promise<void>;
}

function startFailed(reason: string): BerthError {
  return new BerthError("PLUGIN_START_FAILED", { pluginId: "simulated venues", reason });
}

/**
 * Simulated venues that somebody else started and keeps: they outlive this host.
 * @throws {BerthError} PLUGIN_START_FAILED when the file can't be read
 */
export async function attachSimulation(file: string): Promise<Simulation> {
  const text = await Deno.readTextFile(file).catch((cause: unknown) => {
    throw startFailed(`${file} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
  const parsed = v.safeParse(attachSchema, parsedJson(text));
  if (!parsed.success) throw startFailed(`${file} does not say how to reach simulated venues`);
  const { venues, control, worldId } = parsed.output;
  return {
    worldId,
    venues,
    async ledgers() {
      const headers = { authorization: `Bearer ${control.token}` };
      const response = await fetch(`${control.url}/ledger`, { headers });
      const answer = v.safeParse(ledgerSchema, await response.json());
      if (!answer.success) throw startFailed(`the simulated venues answered HTTP ${response.status}`);
      return answer.output.venues;
    },
    stop: () => Promise.resolve(), // they are not ours
  };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema says what is wrong
  }
}

/** The process of the simulators: from source with no more than it needs, compiled as berth itself once more. */
export function simulationProcess(compiled: boolean): OwnProcess {
  if (compiled) return { args: [ownCommands.simulateVenues], cwd: undefined };
  const flags = [
    `--v8-flags=${v8MemoryFlag}`,
    "--quiet",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--allow-env",
    "--allow-read",
    "--frozen",
  ];
  return { args: ["run", ...flags, join(exchangesFolder, "simulation/main.ts")], cwd: projectFolder };
}

/**
 * Starts the simulators and waits until their ports are open.
 * @throws {BerthError} PLUGIN_START_FAILED with the reason that the process gave
 */
export async function startSimulation(options: SimulationOptions): Promise<Simulation> {
  const { args, cwd } = simulationProcess(isCompiled());
  const process = new Deno.Command(Deno.execPath(), {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    // Whatever the operator's environment holds is none of the simulation's business.
    clearEnv: true,
    env: cacheEnvironment(),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = process.stdin.getWriter();
  const waiting: ((answer: Answer) => void)[] = [];
  let isStopping = false;
  let lastLogLine = "";
  const reading = lineReader(process.stdout, (line) => {
    const parsed = v.safeParse(answerSchema, JSON.parse(line));
    if (!parsed.success) throw startFailed(`it answered with something else: ${line.slice(0, 120)}`);
    waiting.shift()?.(parsed.output);
  });
  const logging = lineReader(process.stderr, (line) => {
    lastLogLine = line;
    options.onLog(line);
  });
  const ended = process.status.then(async (status) => {
    await Promise.allSettled([reading, logging]);
    for (const waiter of waiting.splice(0)) {
      waiter({
        kind: "error",
        message: lastLogLine === "" ? `it ended with code ${status.code}` : lastLogLine,
      });
    }
    if (!isStopping) options.onLost(status.code);
  });
  const ask = async (message: Readonly<Record<string, unknown>>): Promise<Answer> => {
    const answer = new Promise<Answer>((resolve) => waiting.push(resolve));
    await input.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
    return await answer;
  };
  const ready = await ask({
    kind: "start",
    venues: options.venues,
    seed: options.seed,
    depositUsd: options.depositUsd,
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  });
  if (ready.kind !== "ready") {
    isStopping = true;
    process.kill("SIGKILL");
    await ended;
    throw startFailed(ready.kind === "error" ? ready.message : `it answered ${ready.kind}`);
  }
  return {
    venues: ready.venues,
    async ledgers() {
      const answer = await ask({ kind: "ledger" });
      if (answer.kind !== "ledger") {
        throw startFailed(answer.kind === "error" ? answer.message : `it answered ${answer.kind}`);
      }
      return answer.venues;
    },
    async stop() {
      if (isStopping) return await ended;
      isStopping = true;
      const killTimer = setTimeout(() => process.kill("SIGKILL"), 2_000);
      await ask({ kind: "stop" });
      await input.close().catch(() => undefined); // the pipe may be gone already: that is what was asked for
      await ended;
      clearTimeout(killTimer);
    },
  };
}
