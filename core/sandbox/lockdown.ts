/**
 * Takes away what permissions do not cover, before a plugin is loaded: the frame stream, the process, threads, storage,
 * and the console that would write into the stream. What remains of `Deno` are functions that refuse.
 */
import { BerthError } from "../errors.ts";
import { keptGlobals, nodeGlobals } from "./kept_globals.ts";

/** What one kind of thread lacks and another has. */
const alwaysRefused = ["close", "importScripts", "postMessage", "localStorage", "sessionStorage"] as const;

/** Parts of `Deno` that tell nothing of this machine and that code asks for politely. */
const harmlessParts = ["build", "version", "errors", "noColor"] as const;
/** Functions of `Deno` that a granted folder makes sense of; the permissions of the process say which folder. */
const readingFunctions = ["readFile", "readTextFile", "readDir", "stat"] as const;
const writingFunctions = ["writeFile", "writeTextFile", "mkdir", "remove", "rename"] as const;

const refusing = (name: string) =>
  function refused(): never {
    throw new BerthError("PLUGIN_NOT_AVAILABLE", { name });
  };

/** Stands for a function, a class or an object; each use of it refuses. */
function refusingStand(name: string): object {
  const refused = refusing(name);
  return new Proxy(refused, {
    get: (_target, key) => (typeof key === "symbol" ? undefined : refusing(`${name}.${key}`)()),
    set: refused,
    apply: refused,
    construct: refused,
    defineProperty: refused,
    deleteProperty: refused,
    has: () => false,
  });
}

export interface LockdownOptions {
  readonly hasPackages: boolean;
  /** Which kinds of permission the plugin has; what exactly is the business of the process's or thread's permissions. */
  readonly granted: { readonly net: boolean; readonly read: boolean; readonly write: boolean };
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string) => void;
}

/** Locks the door. What the runtime needs of the platform must be taken before. */
export function lockDown(options: LockdownOptions): void {
  const { granted, hasPackages } = options;
  const kept = keptGlobals(granted.net);
  // Deno has some of them only in a process or only in a thread; named here, they refuse in both.
  const names = new Set([...Object.getOwnPropertyNames(globalThis), ...alwaysRefused]);
  for (const name of names) {
    if (kept.has(name)) continue;
    const isMissed = hasPackages && nodeGlobals.includes(name);
    replaceGlobal(name, isMissed ? undefined : refusingStand(name));
  }
  replaceGlobal("console", quietConsole(options.log));
  replaceGlobal("Deno", limitedDeno(granted));
  refuseCodeFromText();
  sealPrototypes();
}

function replaceGlobal(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: false, configurable: false, enumerable: false });
}

/** A `Deno` of which only what is harmless, and what a granted folder makes sense of, can be used. */
function limitedDeno(granted: LockdownOptions["granted"]): object {
  const kept: readonly string[] = [
    ...harmlessParts,
    ...(granted.read ? readingFunctions : []),
    ...(granted.write ? writingFunctions : []),
  ];
  const limited: object = Object.create(null);
  // Not every thread has all of them.
  const descriptors = Object.getOwnPropertyDescriptors(Deno);
  for (const [name, { value }] of Object.entries<PropertyDescriptor>({ ...descriptors, mainModule: {} })) {
    if (kept.includes(name)) Object.defineProperty(limited, name, { value });
    else if (typeof value === "function") {
      Object.defineProperty(limited, name, { value: refusingStand(`Deno.${name}`) });
    } else Object.defineProperty(limited, name, { get: refusing(`Deno.${name}`) });
  }
  return Object.freeze(limited);
}

/**
 * Turns off what makes code of text. V8 has a flag for it, which a compiled binary can't set for one of its processes;
 * so each way to these constructors is closed, too.
 */
function refuseCodeFromText(): void {
  replaceGlobal("eval", refusing("eval"));
  const samples = [function () {}, async function () {}, function* () {}, async function* () {}];
  for (const sample of samples) {
    const prototype: object = Object.getPrototypeOf(sample);
    const stand = refusing("Function");
    // What is made of it is still known by `instanceof Function`.
    Object.defineProperty(stand, "prototype", { value: prototype });
    Object.defineProperty(prototype, "constructor", { value: stand, writable: false, configurable: false });
    if (prototype === Function.prototype) replaceGlobal("Function", stand);
  }
}

/**
 * No new members on what every object inherits from. An index on `Array.prototype` would let a plugin slip its own
 * module hook into Deno's list of hooks; a setter on `Object.prototype` would see what others assign. What is there
 * can still be overwritten, which libraries rely on: the runtime and the hooks took what they need before.
 */
function sealPrototypes(): void {
  for (const one of [Object.prototype, Array.prototype, Function.prototype, String.prototype]) {
    Object.preventExtensions(one);
  }
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
