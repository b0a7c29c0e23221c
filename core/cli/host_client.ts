/** Speaks to the console of a running host of the same user, by the address and the token that it left in its folder. */
import * as v from "valibot";
import { BerthError } from "../errors.ts";
import { environmentFolder } from "../host/config/config.ts";
import { readAddress, readToken } from "../host/console/console_files.ts";
import { hostRunsIn } from "../journal/host_lock.ts";
import type { Place } from "./place.ts";

const readTimeoutMs = 10_000;
/** A kill waits for the venues' word. */
const changeTimeoutMs = 60_000;

const problem = v.object({ title: v.string(), detail: v.string() });

export interface HostClient {
  /** @throws {BerthError} HOST_UNREACHABLE, HOST_REFUSED */
  get<S extends v.GenericSchema>(path: string, schema: S): Promise<v.InferOutput<S>>;
  /** @throws {BerthError} HOST_UNREACHABLE, HOST_REFUSED */
  post<S extends v.GenericSchema>(path: string, body: unknown, schema: S): Promise<v.InferOutput<S>>;
}

/** @throws {BerthError} HOST_NOT_RUNNING, HOST_UNREACHABLE when it runs without a console */
export async function connectHost({ config }: Pick<Place, "config">): Promise<HostClient> {
  const folder = environmentFolder(config.dataDir, config.environment);
  if (!hostRunsIn(folder)) throw new BerthError("HOST_NOT_RUNNING", { folder });
  const [address, token] = await Promise.all([readAddress(folder), readToken(config.dataDir)]);
  if (address === undefined || token === undefined) {
    throw new BerthError("HOST_UNREACHABLE", { url: folder, reason: "it serves no console" });
  }
  const { url } = address;
  const call = async <S extends v.GenericSchema>(
    path: string,
    schema: S,
    init: RequestInit,
    timeoutMs: number,
  ): Promise<v.InferOutput<S>> => {
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(`${url}/api/v1${path}`, {
        ...init,
        redirect: "error",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          "x-berth-door": "cli",
        },
        signal: AbortSignal.timeout(timeoutMs),
      });
      body = await response.json();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new BerthError("HOST_UNREACHABLE", { url, reason }, { cause });
    }
    if (!response.ok) {
      const parsed = v.safeParse(problem, body);
      const detail = parsed.success ? parsed.output.detail : `status ${response.status}`;
      throw new BerthError("HOST_REFUSED", { request: path, status: response.status, detail });
    }
    const parsed = v.safeParse(schema, body);
    if (parsed.success) return parsed.output;
    throw new BerthError("HOST_UNREACHABLE", { url, reason: "its answer is of another version of berth" });
  };
  return {
    get: (path, schema) => call(path, schema, { method: "GET" }, readTimeoutMs),
    post: (path, body, schema) =>
      call(path, schema, { method: "POST", body: JSON.stringify(body) }, changeTimeoutMs),
  };
}
