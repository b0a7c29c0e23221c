/** The console as a function from request to answer: Hono's routes over the list of endpoints, behind the guard. */
import { Hono } from "hono";
import { BerthError, describeError } from "../errors.ts";
import type { JournalReader } from "../journal/reader.ts";
import type { CommandInput } from "./commands.ts";
import { docsPage, docsStyle } from "./docs_page.ts";
import { type Endpoint, type EndpointContext, json } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
import type { History } from "./history.ts";
import { type Caller, Guard, maxBodyBytes, securityHeaders } from "./guard.ts";
import { type LiveEvents, type Topic, topicNames } from "./live_events.ts";
import type { Metrics } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { pageFile, pageShell } from "./page_files.ts";
import type { CommandResult, ConsoleSettings, HostPicture } from "./ports.ts";
import { problemResponse } from "./problems.ts";
import type { RecentLogs } from "./recent_logs.ts";

export interface AppOptions {
  readonly settings: ConsoleSettings;
  readonly port: () => number;
  readonly clock: { epochMs(): number; monotonicMs(): number };
  readonly picture: () => { readonly picture: HostPicture; readonly atMs: number } | undefined;
  /** `by` says through which door: `cli` or `http`. */
  readonly command: (command: CommandInput, by: string) => Promise<CommandResult>;
  readonly openJournal: () => JournalReader;
  readonly live: LiveEvents;
  readonly metrics: Metrics;
  readonly history: History;
  readonly logs: RecentLogs;
}

export type App = (request: Request, caller: Caller) => Promise<Response>;

interface Bindings {
  readonly Bindings: { readonly caller: Caller };
}

const methodsWithBody: readonly string[] = ["POST", "PUT", "PATCH"];

/** A body as JSON within the bound, or the no. */
async function bodyOf(request: Request): Promise<{ readonly body: unknown } | { readonly no: Response }> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const tooLarge = { no: problemResponse("too-large", `At most ${maxBodyBytes} bytes.`) };
  if (Number(request.headers.get("content-length") ?? 0) > maxBodyBytes) return tooLarge;
  if (type !== "application/json") {
    return { no: problemResponse("unsupported-media-type", "Send Content-Type: application/json.") };
  }
  const bytes = await readAtMost(request, maxBodyBytes);
  if (bytes === undefined) return tooLarge;
  try {
    const body: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    // The schemas' library takes an empty list for an empty record: nobody throws a switch by `[]`.
    return Array.isArray(body)
      ? { no: problemResponse("bad-request", "The body is no JSON object.") }
      : { body };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { no: problemResponse("bad-request", `The body is no JSON: ${reason.slice(0, 120)}`) };
  }
}

/** Chunked bodies state no length: they are counted. Undefined when it is more. */
async function readAtMost(request: Request, limitBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (request.body !== null) {
    for await (const chunk of request.body) {
      size += chunk.length;
      if (size > limitBytes) return undefined;
      chunks.push(chunk);
    }
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** `{id}` as Hono writes it. */
const routeOf = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ":$1");

function queryOf(url: string): Readonly<Record<string, string>> {
  return Object.fromEntries(new URL(url).searchParams);
}

function problemOfError(error: unknown): Response {
  if (error instanceof BerthError && error.code === "JOURNAL_MISSING") {
    return problemResponse("not-found", error.text.what);
  }
  return problemResponse("internal", describeError(error).slice(0, 300));
}

export function createApp(options: AppOptions): App {
  const { settings, clock, live, metrics } = options;
  const guard = new Guard({ settings, port: options.port, monotonicMs: () => clock.monotonicMs() });
  const app = new Hono<Bindings>();

  app.use(async (context, next) => {
    const refusal = await guard.refusalOf(context.req.raw, context.env.caller);
    if (refusal !== undefined) return refusal;
    await next();
  });

  const contextNow = (request: Request): EndpointContext => {
    const newest = options.picture();
    return {
      picture: newest?.picture,
      version: settings.version,
      command: (command) => options.command(command, doorOf(request)),
      journal: options.openJournal,
      nowMs: () => clock.epochMs(),
      history: options.history,
      logs: options.logs,
    };
  };

  const answers = new PictureAnswers();
  const serve = async (endpoint: Endpoint, request: Request, params: Readonly<Record<string, string>>) => {
    const isOfPicture = endpoint.method === "GET" && endpoint.tag !== "journal" &&
      endpoint.params === undefined &&
      endpoint.query === undefined && !request.url.includes("?");
    if (isOfPicture) return await answers.of(endpoint, contextNow(request));
    const read = endpoint.body === undefined ? { body: undefined } : await bodyOf(request);
    if ("no" in read) return read.no;
    return await endpoint.run({ params, query: queryOf(request.url), body: read.body }, contextNow(request));
  };
  for (const endpoint of endpoints) {
    app.on(
      endpoint.method,
      routeOf(endpoint.path),
      (context) => serve(endpoint, context.req.raw, context.req.param()),
    );
  }

  app.get("/api/v1/events", (context) => {
    const wanted = context.req.query("topics")?.split(",") ?? topicNames;
    const unknown = wanted.find((name) => !isTopic(name));
    if (unknown !== undefined) {
      return problemResponse("bad-request", `There is no topic ${unknown.slice(0, 40)}.`);
    }
    const stream = live.open(wanted.filter(isTopic));
    if (stream === undefined) return problemResponse("not-ready", "There are too many live clients.");
    return new Response(stream, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  });
  app.get("/api/v1/openapi.json", () => json(openApiDocument(endpoints, settings.version)));
  app.get("/metrics", async () => {
    const newest = options.picture();
    if (newest !== undefined) metrics.update(newest.picture);
    const { text, contentType } = await metrics.render();
    return new Response(text, { headers: { "content-type": contentType } });
  });
  app.get(
    "/docs",
    () =>
      new Response(docsPage(endpoints, settings.version), {
        headers: { "content-type": "text/html; charset=utf-8" },
      }),
  );
  app.get(
    "/docs.css",
    () => new Response(docsStyle, { headers: { "content-type": "text/css; charset=utf-8" } }),
  );
  app.get("/", () => pageShell(settings.environment, settings.version));
  app.get("/page/:name", (context) => pageFile(context.req.param("name")) ?? context.notFound());

  const known = [...new Set(endpoints.map(({ path }) => path))].map((path) => ({
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    methods: endpoints.filter((one) => one.path === path).map(({ method }) => method),
  }));
  app.notFound((context) => {
    const methods = known.find(({ pattern }) => pattern.test(context.req.path))?.methods;
    return methods === undefined
      ? problemResponse("not-found", "See /docs for what there is.")
      : problemResponse("method-not-allowed", `Only ${methods.join(", ")}.`, {
        headers: { allow: methods.join(", ") },
      });
  });
  app.onError((error) => problemOfError(error));

  return async (request, caller) => {
    const startMs = clock.monotonicMs();
    const response = await app.fetch(request, { caller });
    for (const [name, value] of Object.entries(securityHeaders)) response.headers.set(name, value);
    metrics.request(request.method, response.status, clock.monotonicMs() - startMs);
    // What was not read of a body would keep the connection busy.
    if (methodsWithBody.includes(request.method) && request.body !== null && !request.bodyUsed) {
      await request.body.cancel();
    }
    return response;
  };
}

/** Answers that say the picture and nothing else are made once for each picture, however many ask. */
class PictureAnswers {
  readonly #answers = new Map<
    string,
    { readonly picture: HostPicture; readonly status: number; readonly body: Uint8Array<ArrayBuffer> }
  >();

  async of(endpoint: Endpoint, context: EndpointContext): Promise<Response> {
    const { picture } = context;
    const known = this.#answers.get(endpoint.id);
    if (picture !== undefined && known?.picture === picture) return answered(known);
    const response = await endpoint.run({ params: {}, query: {}, body: undefined }, context);
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    if (picture === undefined || !isJson) return response;
    const body = new Uint8Array(await response.arrayBuffer());
    const made = { picture, status: response.status, body };
    this.#answers.set(endpoint.id, made);
    return answered(made);
  }
}

const answered = ({ status, body }: { readonly status: number; readonly body: Uint8Array<ArrayBuffer> }) =>
  new Response(body, { status, headers: { "content-type": "application/json; charset=utf-8" } });

/** Berth's own command line says so of itself; it is a word for the journal and no more. */
const doorOf = (request: Request): string => request.headers.get("x-berth-door") === "cli" ? "cli" : "http";

const isTopic = (name: string): name is Topic => topicNames.some((topic) => topic === name);
