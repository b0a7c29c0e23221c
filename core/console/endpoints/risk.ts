/** Limits and trading states, what changes them, and the kill switch. */
import * as v from "valibot";
import {
  killBody,
  leverageBody,
  loosenBody,
  loosenMarketBody,
  resumeBody,
  stateBody,
  takeOverBody,
  tightenBody,
  tightenMarketBody,
} from "../commands.ts";
import { answerOf, type Endpoint, endpoint, type Handled } from "../endpoint.ts";
import * as resources from "../resources.ts";
import * as s from "../schemas.ts";
import { done } from "./answers.ts";

export const riskEndpoints: readonly Endpoint[] = [
  endpoint({
    id: "getRisk",
    method: "GET",
    path: "/api/v1/risk",
    tag: "risk",
    summary: "State, limits and figures of every scope, and how often the gate refused.",
    answer: s.riskSchema,
    handle: ({ picture }) => ({ answer: resources.risk(picture) }),
  }),
  endpoint({
    id: "tightenLimits",
    method: "POST",
    path: "/api/v1/risk/tighten",
    tag: "risk",
    summary: "Tightens limits at once; refused as a whole if one of them would be looser.",
    body: tightenBody,
    answer: s.doneSchema,
    problems: [404, 409],
    handle: async ({ body }, { command }) =>
      answerOf(await command({ kind: "tighten_limits", ...body }), done),
  }),
  endpoint({
    id: "loosenLimits",
    method: "POST",
    path: "/api/v1/risk/loosen",
    tag: "risk",
    summary:
      "Sets limits in either direction; what is looser than the configuration holds until the host stops.",
    body: loosenBody,
    answer: s.doneSchema,
    problems: [404],
    handle: async ({ body }, { command }) =>
      answerOf(await command({ kind: "loosen_limits", ...body }), done),
  }),
  endpoint({
    id: "tightenMarketLimits",
    method: "POST",
    path: "/api/v1/risk/market/tighten",
    tag: "risk",
    summary: "Tightens the market limits at once; refused as a whole if one of them would be looser.",
    body: tightenMarketBody,
    answer: s.doneSchema,
    problems: [409],
    handle: async ({ body }, { command }) =>
      answerOf(await command({ kind: "tighten_market", ...body }), done),
  }),
  endpoint({
    id: "loosenMarketLimits",
    method: "POST",
    path: "/api/v1/risk/market/loosen",
    tag: "risk",
    summary:
      "Sets market limits in either direction; what is looser than the configuration holds until the host stops.",
    body: loosenMarketBody,
    answer: s.doneSchema,
    handle: async ({ body }, { command }) =>
      answerOf(await command({ kind: "loosen_market", ...body }), done),
  }),
  endpoint({
    id: "setLeverage",
    method: "POST",
    path: "/api/v1/leverage",
    tag: "risk",
    summary: "Asks a venue to set the account's leverage on one instrument; its word comes as a notice.",
    body: leverageBody,
    answer: s.doneSchema,
    problems: [404, 409],
    handle: async ({ body }, { command }) => answerOf(await command({ kind: "set_leverage", ...body }), done),
  }),
  endpoint({
    id: "takeOverHost",
    method: "POST",
    path: "/api/v1/risk/take-over",
    tag: "risk",
    summary: "Takes the orders of another berth that is gone for ours: they are cancelled.",
    body: takeOverBody,
    answer: s.doneSchema,
    problems: [404, 409],
    handle: async ({ body }, { command }) => answerOf(await command({ kind: "take_over", ...body }), done),
  }),
  endpoint({
    id: "setTradingState",
    method: "POST",
    path: "/api/v1/risk/state",
    tag: "risk",
    summary: "Moves a scope to active, reducing or halted.",
    body: stateBody,
    answer: s.doneSchema,
    problems: [404, 409],
    handle: async ({ body }, { command }) => answerOf(await command({ kind: "set_state", ...body }), done),
  }),
  endpoint({
    id: "resume",
    method: "POST",
    path: "/api/v1/risk/resume",
    tag: "risk",
    summary: "Lifts a halt or a reduction: the scope is active again, and its losses count from now.",
    body: resumeBody,
    answer: s.doneSchema,
    problems: [404, 409],
    handle: async ({ body }, { command }) =>
      answerOf(await command({ kind: "set_state", state: "active", ...body }), done),
  }),
  endpoint({
    id: "getKill",
    method: "GET",
    path: "/api/v1/kill",
    tag: "risk",
    summary: "Whether a kill is under way, and what was left after the last one.",
    answer: s.killStatusSchema,
    handle: ({ picture }) => ({ answer: resources.kill(picture) }),
  }),
  endpoint({
    id: "kill",
    method: "POST",
    path: "/api/v1/kill",
    tag: "risk",
    summary:
      "Throws the kill switch: halts, cancels everything everywhere, closes positions if asked, and answers when the venues have said what is left.",
    body: killBody,
    answer: s.killReportSchema,
    problems: [504],
    handle: async ({ body }, { command }): Promise<Handled<v.InferOutput<typeof s.killReportSchema>>> =>
      answerOf(
        await command({ kind: "kill", flatten: body.flatten }),
        (value) => v.parse(s.killReportSchema, value),
      ),
  }),
];
