/**
 * Takes away what permissions do not cover, before a plugin is loaded: the frame stream, the process, threads, storage,
 * and the console that would write into the stream. What remains of `Deno` are functions that refuse.
 */
import { registerHooks } from "node:module";

/** Globals a plugin must not have. Adapters keep what talks to their venue. */
const removedForAll = [
  "process",
  "Buffer",
  "global",
  "Worker",
  "SharedWorker",
  "BroadcastChannel",
  "localStorage",
  "sessionStorage",
  "caches",
  "alert",
  "confirm",
  "prompt",
  "close",
  "onunload",
  "onbeforeunload",
  "clearImmediate",
  "setImmediate",
] as const;
const removedForStrategies = [
  "WebSocket",
  "WebSocketStream",
  "EventSource",
  "WebTransport",
  "navigator",
  "location",
] as const;

/** How long a refusal's name of a function may be. */
const refusing = (name: string) =>
  function refused(): never {
    throw new Error(`not available: ${name} in a plugin`);
  };

/** A `Deno` whose functions and classes refuse and which has nothing else. */
function refusingDeno(): object {
  // Accessors are left out: some throw when they are read, and none is a plugin's business.
  const methods = Object.entries(Object.getOwnPropertyDescriptors(Deno))
    .filter(([, descriptor]) => typeof descriptor.value === "function")
    .map(([name]) => name);
  return Object.freeze(Object.fromEntries(methods.map((name) => [name, refusing(`Deno.${name}`)])));
}

export interface LockdownOptions {
  readonly role: "strategy" | "exchange" | "probe";
  /** `file:` URL prefixes of modules that may still be loaded, besides what is loaded already. */
  readonly allowedUrls: readonly string[];
  /** npm packages that an adapter named. */
  readonly allowedPackages: readonly string[];
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string) => void;
}

/** Locks the door. What the runtime needs of the platform must be taken before. */
export function lockDown(options: LockdownOptions): void {
  guardImports(options);
  const names: readonly string[] = options.role === "exchange"
    ? removedForAll
    : [...removedForAll, ...removedForStrategies];
  for (const name of names) replaceGlobal(name, undefined);
  replaceGlobal("console", quietConsole(options.log));
  replaceGlobal("Deno", refusingDeno());
}

function replaceGlobal(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: false, configurable: false, enumerable: false });
}

/** Console lines become log messages: the real console writes onto the frame stream. */
function quietConsole(log: LockdownOptions["log"]): object {
  const line = (level: "debug" | "info" | "warn" | "error") => (...values: readonly unknown[]): void =>
    log(
      level,
      values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" ").slice(0, 2_000),
    );
  const methods = {
    log: line("info"),
    info: line("info"),
    debug: line("debug"),
    warn: line("warn"),
    error: line("error"),
  };
  return Object.freeze(methods);
}

function inspect(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value); // a cycle, or a bigint
  }
}

/** Every later resolution is judged by where it leads. */
function guardImports({ allowedUrls, allowedPackages }: LockdownOptions): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (
        /^(node|npm|jsr|https?|data|blob):/.test(specifier) &&
        !isAllowedPackage(specifier, allowedPackages, context.parentURL)
      ) {
        throw refusal(specifier);
      }
      const resolved = nextResolve(specifier, context);
      if (!isAllowedUrl(resolved.url, allowedUrls, allowedPackages, context.parentURL)) {
        throw refusal(specifier);
      }
      return resolved;
    },
  });
}

const refusal = (specifier: string): Error =>
  new Error(`import refused: ${specifier.slice(0, 200)} is not part of this plugin`);

function isAllowedPackage(
  specifier: string,
  packages: readonly string[],
  parent: string | undefined,
): boolean {
  const name = /^npm:\/?((?:@[^/@]+\/)?[^/@]+)/.exec(specifier)?.[1];
  if (name !== undefined && packages.includes(name)) return true;
  // A package's own dependencies, and built-ins it needs, come with it.
  return packages.length > 0 && parent !== undefined && isPackageUrl(parent);
}

const isPackageUrl = (url: string): boolean =>
  /\/(npm\/registry\.npmjs\.org|node_modules)\//.test(url) || url.startsWith("npm:");

function isAllowedUrl(
  url: string,
  allowedUrls: readonly string[],
  packages: readonly string[],
  parent: string | undefined,
): boolean {
  if (allowedUrls.some((prefix) => url === prefix || (prefix.endsWith("/") && url.startsWith(prefix)))) {
    return true;
  }
  if (packages.length === 0) return false;
  return isPackageUrl(url) || isAllowedPackage(url, packages, parent);
}
