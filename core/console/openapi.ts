/** The OpenAPI 3.1 document, made from the endpoints and their schemas. */
import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import type { Endpoint, ObjectSchema } from "./endpoint.ts";
import { problemMediaType, problems, problemSchema } from "./problems.ts";
import { topicNames } from "./live_events.ts";

type Json = { readonly [name: string]: unknown };

const schemaOf = (schema: v.GenericSchema, typeMode: "input" | "output"): Json => {
  // Transforms and checks that JSON schema has no words for are said by the descriptions.
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    typeMode,
    errorMode: "ignore",
    target: "draft-2020-12",
  });
  return { ...rest };
};

const parametersOf = (schema: ObjectSchema | undefined, where: "path" | "query"): readonly Json[] => {
  if (schema === undefined) return [];
  const { properties, required } = schemaOf(schema, "input");
  if (typeof properties !== "object" || properties === null) return [];
  const names = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === "path" || names.includes(name),
    schema: property,
  }));
};

const problemAnswer = (status: number): Json => ({ $ref: `#/components/responses/Problem${status}` });

/** One for each status that any problem has. */
const problemAnswers = (): Json =>
  Object.fromEntries(
    Object.values(problems).map(({ status, title }) => [`Problem${status}`, {
      description: title,
      content: { [problemMediaType]: { schema: { $ref: "#/components/schemas/Problem" } } },
    }]),
  );

/** Statuses that come before an endpoint runs. */
const common: readonly number[] = [400, 401, 403, 429, 500, 503];
/** A change waits for the host. */
const ofChanges: readonly number[] = [504];
const withBody: readonly number[] = [413, 415];

function operationOf(endpoint: Endpoint): Json {
  const { id, tag, summary, params, query, body, answer, method } = endpoint;
  const statuses = [
    ...new Set([
      ...common,
      ...(body === undefined ? [] : withBody),
      ...(method === "GET" ? [] : ofChanges),
      ...endpoint.problems,
    ]),
  ]
    .sort();
  return {
    operationId: id,
    tags: [tag],
    summary,
    parameters: [...parametersOf(params, "path"), ...parametersOf(query, "query")],
    ...(body === undefined ? {} : {
      requestBody: { required: true, content: { "application/json": { schema: schemaOf(body, "input") } } },
    }),
    ...(method === "GET" ? {} : { security: [{ token: [] }] }),
    responses: {
      200: { description: "Done.", content: { "application/json": { schema: schemaOf(answer, "input") } } },
      ...Object.fromEntries(statuses.map((status) => [status, problemAnswer(status)])),
    },
  };
}

const extraPaths: Json = {
  "/api/v1/events": {
    get: {
      operationId: "followEvents",
      tags: ["host"],
      summary: "Live updates as server-sent events: all topics at first, then each when it changes.",
      parameters: [{
        name: "topics",
        in: "query",
        required: false,
        schema: {
          type: "string",
          description: `With commas; all when absent: ${topicNames.join(", ")}.`,
        },
      }],
      responses: {
        200: {
          description: "A stream of events.",
          content: { "text/event-stream": { schema: { type: "string" } } },
        },
        ...Object.fromEntries(common.map((status) => [status, problemAnswer(status)])),
      },
    },
  },
  "/metrics": {
    get: {
      operationId: "getMetrics",
      tags: ["host"],
      summary: "Metrics for Prometheus.",
      parameters: [],
      responses: {
        200: { description: "Metrics.", content: { "text/plain": { schema: { type: "string" } } } },
        ...Object.fromEntries(common.map((status) => [status, problemAnswer(status)])),
      },
    },
  },
};

/** The document as plain data. */
export function openApiDocument(endpoints: readonly Endpoint[], version: string): Json {
  const paths = new Map<string, Record<string, unknown>>();
  for (const endpoint of endpoints) {
    const item = paths.get(endpoint.path) ?? {};
    item[endpoint.method.toLowerCase()] = operationOf(endpoint);
    paths.set(endpoint.path, item);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "berth console",
      version,
      description:
        "What a running host shows and takes. On loopback reading needs no token; every change does. Errors are problem details (RFC 9457).",
    },
    servers: [{ url: "/" }],
    paths: { ...Object.fromEntries(paths), ...extraPaths },
    components: {
      responses: problemAnswers(),
      schemas: { Problem: schemaOf(problemSchema, "output") },
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}
