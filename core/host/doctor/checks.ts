/** What the doctor looks at and says: one record a check, with what to do where it failed. */
import { lookup } from "node:dns/promises";
import { hostAndPort } from "../venues/modes.ts";

/** In the order in which they are made; what follows a failure may be skipped. */
export const checkNames = [
  "adapter",
  "approval",
  "secrets",
  "credentials",
  "name resolution",
  "connection",
  "clock",
  "market data",
  "private stream",
  "order",
] as const;
export type CheckName = (typeof checkNames)[number];
export type MachineCheckName = "environment file" | "helper processes" | "load" | "alerts";

export interface Check {
  readonly name: CheckName | MachineCheckName;
  readonly result: "passed" | "failed" | "skipped";
  /** What was seen: one sentence. */
  readonly details: string;
  /** What to do; empty unless it failed. */
  readonly fix: string;
  readonly tookMs: number;
}

export interface VenueExamination {
  readonly venue: string;
  readonly checks: readonly Check[];
}

export const isHealthy = (checks: readonly Check[]): boolean =>
  checks.every(({ result }) => result !== "failed");

export type CheckEnd = Pick<Check, "result" | "details" | "fix">;
export const passed = (details: string): CheckEnd => ({ result: "passed", details, fix: "" });
export const failed = (details: string, fix: string): CheckEnd => ({ result: "failed", details, fix });
export const skipped = (details: string): CheckEnd => ({ result: "skipped", details, fix: "" });

const timedOut = Symbol("timed out");

/** The promise's value, or the symbol after this time. */
async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | typeof timedOut> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<typeof timedOut>((resolve) => {
    timer = setTimeout(() => resolve(timedOut), timeoutMs);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

const hostsOf = (endpoints: Readonly<Record<string, string>>): readonly string[] => [
  ...new Set(Object.values(endpoints).map(hostAndPort)),
];
const nameOf = (host: string): string => host.slice(0, host.lastIndexOf(":"));
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Every name of the venue's addresses becomes an address. */
export async function checkNamesResolve(
  endpoints: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<CheckEnd> {
  const names = [...new Set(hostsOf(endpoints).map(nameOf))];
  const found = await Promise.all(names.map(async (name) => {
    try {
      const address = await within(lookup(name.replaceAll(/[[\]]/g, "")), timeoutMs);
      return address === timedOut
        ? { name, address: undefined, why: `no answer within ${timeoutMs} ms` }
        : { name, address: address.address, why: "" };
    } catch (error) {
      return { name, address: undefined, why: reasonOf(error) };
    }
  }));
  const lost = found.filter(({ address }) => address === undefined);
  if (lost.length === 0) return passed(found.map(({ name, address }) => `${name} is ${address}`).join(", "));
  return failed(
    lost.map(({ name, why }) => `${name} can't be resolved: ${why}`).join("; "),
    "Check this machine's network and name server (try `getent hosts NAME`), or a firewall that filters names.",
  );
}

/** Every address of the venue takes a connection. */
export async function checkConnections(
  endpoints: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<CheckEnd> {
  const found = await Promise.all(
    hostsOf(endpoints).map(async (host) => {
      const startMs = performance.now();
      const connecting = Deno.connect({
        hostname: nameOf(host).replaceAll(/[[\]]/g, ""),
        port: Number(host.slice(host.lastIndexOf(":") + 1)),
      });
      try {
        const connection = await within(connecting, timeoutMs);
        if (connection === timedOut) {
          connecting.then((late) => late.close(), () => undefined);
          return { host, tookMs: NaN, why: `no answer within ${timeoutMs} ms` };
        }
        connection.close();
        return { host, tookMs: performance.now() - startMs, why: "" };
      } catch (error) {
        return { host, tookMs: NaN, why: reasonOf(error) };
      }
    }),
  );
  const lost = found.filter(({ why }) => why !== "");
  if (lost.length === 0) {
    return passed(found.map(({ host, tookMs }) => `${host} in ${tookMs.toFixed(1)} ms`).join(", "));
  }
  return failed(
    lost.map(({ host, why }) => `${host} takes no connection: ${why}`).join("; "),
    "Check whether the venue is up, whether a firewall or proxy stands between, and the addresses under venues.endpoints.",
  );
}
