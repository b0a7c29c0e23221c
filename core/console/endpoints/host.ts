/** The host itself: whether it answers, whether it can trade, what it told people. */
import { type Endpoint, endpoint, json } from "../endpoint.ts";
import * as resources from "../resources.ts";
import * as s from "../schemas.ts";

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
    id: "listNotices",
    method: "GET",
    path: "/api/v1/notices",
    tag: "host",
    summary: "What people were told, newest first.",
    answer: s.list(s.noticeSchema),
    handle: ({ picture }) => ({ answer: { items: [...picture.notices] } }),
  }),
];
