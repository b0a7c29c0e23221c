/**
 * An endpoint as data: method, path, schemas of what goes in and comes out, and what it does. The routes, the OpenAPI
 * document and the tests are made from one list of these.
 */
import * as v from "valibot";
import { figure } from "./resources.ts";
import type { CommandInput } from "./commands.ts";
import type { CommandResult, HostPicture } from "./ports.ts";
import { type Problem, problemKindOf, problemResponse } from "./problems.ts";
import type { JournalReader } from "../journal/reader.ts";
import type { History } from "./history.ts";
import type { RecentLogs } from "./recent_logs.ts";

export type ObjectSchema = v.GenericSchema<Record<string, unknown>, Record<string, unknown>>;

/** What endpoints work on. */
export interface EndpointContext {
  /** The newest picture; undefined until the host has sent one. */
  readonly picture: HostPicture | undefined;
  readonly version: string;
  readonly command: (command: CommandInput) => Promise<CommandResult>;
  /** Opened for one request. @throws {BerthError} JOURNAL_MISSING and others */
  readonly journal: () => JournalReader;
  readonly nowMs: () => number;
  readonly history: History;
  readonly logs: RecentLogs;
}

export type Answer =
  | { readonly kind: "json"; readonly status: number; readonly body: unknown }
  | { readonly kind: "response"; readonly response: Response };

export type Tag = "host" | "market" | "plugins" | "orders" | "risk" | "journal";

export interface Endpoint {
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /**
   * With `{name}` for parameters. What is got without parameters and query says the picture and nothing else, but for
   * the journal's.
   */
  readonly path: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly params?: ObjectSchema;
  readonly query?: ObjectSchema;
  readonly body?: ObjectSchema;
  /** Of the answer with status 200. */
  readonly answer: v.GenericSchema;
  /** Statuses besides those that every endpoint may have. */
  readonly problems: readonly number[];
  readonly run: (input: RawInput, context: EndpointContext) => Promise<Response> | Response;
}

export interface RawInput {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface Definition<
  P extends ObjectSchema,
  Q extends ObjectSchema,
  B extends ObjectSchema,
  A extends v.GenericSchema,
> {
  readonly id: string;
  readonly method: Endpoint["method"];
  readonly path: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: A;
  readonly problems?: readonly number[];
  readonly handle: (
    input: {
      readonly params: v.InferOutput<P>;
      readonly query: v.InferOutput<Q>;
      readonly body: v.InferOutput<B>;
      readonly picture: HostPicture;
    },
    context: EndpointContext,
  ) => Handled<v.InferInput<A>> | Promise<Handled<v.InferInput<A>>>;
}

/** What a handler gives back: the answer's body, or a response of its own. */
export type Handled<T> = { readonly answer: T; readonly status?: number } | { readonly response: Response };

const nothing = v.strictObject({});
type Nothing = typeof nothing;

/** Makes an endpoint of a definition, whose input is checked before its handler runs. */
export function endpoint<
  A extends v.GenericSchema,
  P extends ObjectSchema = Nothing,
  Q extends ObjectSchema = Nothing,
  B extends ObjectSchema = Nothing,
>(definition: Definition<P, Q, B, A>): Endpoint {
  const { params, query, body, handle, problems = [], ...rest } = definition;
  return {
    ...rest,
    problems,
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { query }),
    ...(body === undefined ? {} : { body }),
    async run(raw, context) {
      const checked = {
        params: v.safeParse(params ?? nothing, raw.params),
        query: v.safeParse(query ?? nothing, raw.query),
        body: body === undefined ? v.safeParse(nothing, {}) : v.safeParse(body, raw.body),
      };
      const faults = [
        ...faultsOf("path", checked.params.issues),
        ...faultsOf("query", checked.query.issues),
        ...faultsOf("body", checked.body.issues),
      ];
      if (faults.length > 0) {
        return problemResponse("bad-request", "Some fields are not as they should be.", { errors: faults });
      }
      const { picture } = context;
      if (picture === undefined) {
        return problemResponse("not-ready", "The host has not told its state yet.", {
          headers: { "retry-after": "1" },
        });
      }
      // Checked by the very schemas that these types are inferred from; the union of "given" and "absent" hides it.
      const input = {
        params: checked.params.output as v.InferOutput<P>,
        query: checked.query.output as v.InferOutput<Q>,
        body: checked.body.output as v.InferOutput<B>,
        picture,
      };
      const handled = await handle(input, context);
      return "response" in handled ? handled.response : json(handled.answer, handled.status ?? 200);
    },
  };
}

function faultsOf(
  where: string,
  issues: readonly v.BaseIssue<unknown>[] | undefined,
): NonNullable<Problem["errors"]> {
  return (issues ?? []).slice(0, 20).map((issue) => {
    const path = v.getDotPath(issue);
    return { field: path === null ? where : `${where}.${path}`, message: issue.message.slice(0, 200) };
  });
}

export const json = (body: unknown, status = 200): Response =>
  new Response(`${jsonText(body)}\n`, {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
  });

/** As JSON: a bigint is decimal text, what is not a number is null. */
export const jsonText = (body: unknown): string =>
  JSON.stringify(
    body,
    (_key, value: unknown) =>
      typeof value === "bigint" ? value.toString() : typeof value === "number" ? figure(value) : value,
  );

/** A command's result as an answer. */
export function answerOf<T>(result: CommandResult, value: (value: unknown) => T): Handled<T> {
  if (result.kind === "done") return { answer: value(result.value) };
  return { response: problemResponse(problemKindOf(result.status), `${result.title}: ${result.detail}`) };
}
