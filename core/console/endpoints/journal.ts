/** What is written down: records, their kinds, the runs, and what led to what. */
import * as v from "valibot";
import { explain, explanationLines } from "../../journal/explain.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { limitText } from "../query_fields.ts";
import * as resources from "../resources.ts";
import * as s from "../schemas.ts";
import { notFound } from "./answers.ts";
import { filterOf, recordQuery } from "./record_query.ts";

export const journalEndpoints: readonly Endpoint[] = [
  endpoint({
    id: "listRecords",
    method: "GET",
    path: "/api/v1/journal",
    tag: "journal",
    summary: "Records of the journal, newest first.",
    query: recordQuery,
    answer: s.list(s.recordSchema),
    problems: [404],
    handle: ({ query }, { journal: open }) => {
      using reader = open();
      const records = reader.records(filterOf(query), { limit: query.limit, order: "newest_first" });
      return { answer: { items: records.map(resources.recordOf) } };
    },
  }),
  endpoint({
    id: "listKinds",
    method: "GET",
    path: "/api/v1/journal/kinds",
    tag: "journal",
    summary: "How many records of each kind there are.",
    answer: s.list(s.kindCountSchema),
    problems: [404],
    handle: (_, { journal: open }) => {
      using reader = open();
      return { answer: { items: [...reader.counts()] } };
    },
  }),
  endpoint({
    id: "listRuns",
    method: "GET",
    path: "/api/v1/journal/runs",
    tag: "journal",
    summary: "Starts of the host, newest first.",
    query: v.strictObject({ limit: limitText(1_000, 20) }),
    answer: s.list(s.runSchema),
    problems: [404],
    handle: ({ query }, { journal: open }) => {
      using reader = open();
      const items = reader.runs(query.limit).map((run) => ({
        ...run,
        seed: run.seed ?? null,
        tsStopMs: run.tsStopMs ?? null,
      }));
      return { answer: { items } };
    },
  }),
  endpoint({
    id: "explain",
    method: "GET",
    path: "/api/v1/explain",
    tag: "journal",
    summary: "Follows a fill, an order or any record back to the quote it was decided on.",
    query: v.strictObject({
      id: v.pipe(
        v.string(),
        v.minLength(1),
        v.maxLength(200),
        v.description("Client order id, or the id of a record."),
      ),
    }),
    answer: s.explanationSchema,
    problems: [404],
    handle: ({ query }, { journal: open }) => {
      using reader = open();
      const found = explain(reader, query.id);
      return found === undefined ? notFound(`record with the id ${query.id}`) : {
        answer: {
          lines: [...explanationLines(found)],
          steps: found.steps,
          chain: resources.explainedChain(found),
        },
      };
    },
  }),
];
