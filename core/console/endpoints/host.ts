/** The host itself: whether it answers, whether it can trade, what it told people. */
import * as v from "valibot";
import { replayBody } from "../commands.ts";
import { answerOf, type Endpoint, endpoint, json } from "../endpoint.ts";
import * as resources from "../resources.ts";
import * as s from "../schemas.ts";
import { done } from "./answers.ts";

export const hostEndpoints: readonly Endpoint[] = [
  {
    id: "getHealth",
    method: "GET",
    path: "/api/v1/health",
    tag: "host",
    summary: "Whether the console answers.",
    answer: s.healthSchema,
    problems: [],
    run: (_, { version }) => json({ status: "ok", version }),
  },
  {
    id: "checkToken",
    method: "POST",
    path: "/api/v1/token/check",
    tag: "host",
    summary:
      "Whether the token is the console's: 401 when not. It changes nothing, and is slowed down as changes are.",
    answer: s.doneSchema,
    problems: [],
    // The guard lets no change through without the token: who comes here has it.
    run: () => json(done()),
  },
  endpoint({
    id: "getReadiness",
    method: "GET",
    path: "/api/v1/ready",
    tag: "host",
    summary: "Whether the host can trade: 200 when it can, 503 with the reasons when not.",
    answer: s.readinessSchema,
    problems: [503],
    handle: ({ picture }) => {
      const answer = resources.readiness(picture);
      return { answer, status: answer.isReady ? 200 : 503 };
    },
  }),
  endpoint({
    id: "getStatus",
    method: "GET",
    path: "/api/v1/status",
    tag: "host",
    summary: "The run, its trading state and a few counts.",
    answer: s.statusSchema,
    handle: ({ picture }) => ({ answer: resources.status(picture) }),
  }),
  endpoint({
    id: "steerReplay",
    method: "POST",
    path: "/api/v1/replay",
    tag: "host",
    summary: "Pauses the recording that is played, goes on, or takes one step. 409 where none is.",
    body: replayBody,
    answer: s.replayStandSchema,
    problems: [409],
    handle: async ({ body }, { command }) =>
      answerOf(
        await command({ kind: "replay", ...body }),
        (value) => v.parse(s.replayStandSchema, value),
      ),
  }),
  endpoint({
    id: "listNotices",
    method: "GET",
    path: "/api/v1/notices",
    tag: "host",
    summary: "What people were told, newest first.",
    answer: s.list(s.noticeSchema),
    handle: ({ picture }) => ({ answer: { items: [...picture.notices] } }),
  }),
];
