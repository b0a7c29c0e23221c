/**
 * What stands over the configuration file: settings given by environment variables and by flags. The order of precedence is
 * flag, environment, file, default.
 */

/** One setting that was given outside the file, not yet checked. */
export interface GivenSetting {
  /** `["console", "port"]`. */
  readonly path: readonly string[];
  readonly value: unknown;
  readonly by: "environment" | "flag";
  /** `BERTH_CONSOLE_PORT`, `--console-port`: what an error names. */
  readonly name: string;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value with `given` at `path`; where the file has something else than a record on the way, it stays for the check. */
function withValue(found: unknown, path: readonly string[], given: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return given;
  if (found !== undefined && !isRecord(found)) return found;
  const inner = found !== undefined && Object.hasOwn(found, name) ? found[name] : undefined;
  return { ...found, [name]: withValue(inner, rest, given) };
}

/** The content of the file with what was given over it, the last one on top. */
export const withGiven = (file: unknown, given: readonly GivenSetting[]): unknown =>
  given.reduce((found, { path, value }) => withValue(found, path, value), file);

/** The value at a path of records; undefined where there is none. */
export function valueAt(found: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => isRecord(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined,
    found,
  );
}

const isWithin = (path: readonly string[], outer: readonly string[]): boolean =>
  outer.length <= path.length && outer.every((name, index) => path[index] === name);

/** Who gave what stands at a path: the uppermost that set it, something in it, or something around it. */
export const giverOf = (
  path: readonly string[],
  given: readonly GivenSetting[],
): GivenSetting | undefined => given.findLast((one) => isWithin(path, one.path) || isWithin(one.path, path));
