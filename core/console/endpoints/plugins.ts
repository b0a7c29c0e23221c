/** Plugins: what runs, with what figures; approving, starting, stopping, reloading and configuring. */
import * as v from "valibot";
import { approveBody, pluginName, pluginSettingsBody } from "../commands.ts";
import { answerOf, type Endpoint, endpoint } from "../endpoint.ts";
import * as resources from "../resources.ts";
import * as s from "../schemas.ts";
import { done, notFound } from "./answers.ts";

const pluginParams = v.strictObject({ id: pluginName });
const pluginAction = (action: "start" | "stop" | "reload", summary: string): Endpoint =>
  endpoint({
    id: `${action}Plugin`,
    method: "POST",
    path: `/api/v1/plugins/{id}/${action}`,
    tag: "plugins",
    summary,
    params: pluginParams,
    answer: s.doneSchema,
    problems: [404, 409],
    handle: async ({ params }, { command }) =>
      answerOf(await command({ kind: "plugin", id: params.id, action }), done),
  });

export const pluginEndpoints: readonly Endpoint[] = [
  endpoint({
    id: "listPlugins",
    method: "GET",
    path: "/api/v1/plugins",
    tag: "plugins",
    summary: "Every plugin that was found, with its state and what it uses.",
    answer: s.list(s.pluginSchema),
    handle: ({ picture }) => ({ answer: { items: resources.plugins(picture) } }),
  }),
  endpoint({
    id: "listStrategies",
    method: "GET",
    path: "/api/v1/strategies",
    tag: "plugins",
    summary: "Each strategy's equity, profit and loss, trades and positions by the fills, and its own panel.",
    answer: s.list(s.strategySchema),
    handle: ({ picture }) => ({ answer: { items: resources.strategies(picture) } }),
  }),
  endpoint({
    id: "getPlugin",
    method: "GET",
    path: "/api/v1/plugins/{id}",
    tag: "plugins",
    summary: "One plugin.",
    params: pluginParams,
    answer: s.pluginSchema,
    problems: [404],
    handle: ({ picture, params }) => {
      const found = resources.plugins(picture).find(({ id }) => id === params.id);
      return found === undefined ? notFound(`plugin ${params.id}`) : { answer: found };
    },
  }),
  endpoint({
    id: "approvePlugin",
    method: "POST",
    path: "/api/v1/plugins/{id}/approve",
    tag: "plugins",
    summary:
      "Grants what this version of the plugin asks for; it starts. In live trading the grant is for real money.",
    params: pluginParams,
    body: approveBody,
    answer: s.doneSchema,
    problems: [404, 409],
    handle: async ({ params, body }, { command }) =>
      answerOf(
        await command({ kind: "plugin", id: params.id, action: "approve", fingerprint: body.fingerprint }),
        done,
      ),
  }),
  pluginAction("start", "Starts a plugin that is stopped, disabled or quarantined."),
  pluginAction("stop", "Stops a plugin; its orders are cancelled. It stays off until it is started again."),
  pluginAction("reload", "Stops the plugin and starts it from its files as they are now."),
  endpoint({
    id: "configurePlugin",
    method: "PUT",
    path: "/api/v1/plugins/{id}/config",
    tag: "plugins",
    summary: "Hands changed settings to a running plugin; the configuration file stays as it is.",
    params: pluginParams,
    body: pluginSettingsBody,
    answer: s.doneSchema,
    problems: [404, 409, 422],
    handle: async ({ params, body }, { command }) =>
      answerOf(await command({ kind: "plugin_settings", id: params.id, settings: body.settings }), done),
  }),
];
