/** The host's log: its newest lines, and those that came since the picture before. */
import * as v from "valibot";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { type ConsoleLogLine, type HostPicture, logLevels } from "./ports.ts";
import { limitText, word } from "./query_fields.ts";
import { list } from "./schemas.ts";

export const logLineSchema = v.object({
  sequence: v.pipe(v.number(), v.description("Counts up; a gap is lines that were too many to keep.")),
  tsMs: v.pipe(v.number(), v.description("Milliseconds since the epoch.")),
  level: v.picklist(logLevels),
  source: v.pipe(v.string(), v.description("A part of the host, or a plugin.")),
  message: v.string(),
  fields: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
});
export type LogLine = v.InferOutput<typeof logLineSchema>;

const logLine = (line: ConsoleLogLine): LogLine => ({ ...line, fields: { ...line.fields } });

export const newLogs = (picture: HostPicture): LogLine[] => picture.newLogs.map(logLine);

export const logEndpoints: readonly Endpoint[] = [
  endpoint({
    id: "listLogs",
    method: "GET",
    path: "/api/v1/logs",
    tag: "host",
    summary: "The newest lines of the host's log, oldest first; the last 1000 are kept.",
    query: v.strictObject({
      level: v.pipe(
        v.optional(v.picklist(logLevels), "info"),
        v.description("This level and graver ones. Default info."),
      ),
      text: word("Anywhere in source, message or fields."),
      limit: limitText(1_000, 200),
    }),
    answer: list(logLineSchema),
    handle: ({ query: { level, text, limit } }, { logs }) => ({
      answer: { items: logs.find({ level, ...(text === undefined ? {} : { text }) }, limit).map(logLine) },
    }),
  }),
];
