/** Every endpoint of the console, in the order in which the docs page shows them. */
import * as v from "valibot";
import { explain, explanationLines } from "../journal/explain.ts";
import type { RecordFilter } from "../journal/reader.ts";
import { alertEndpoints } from "./alerts.ts";
import { curveEndpoints } from "./curves.ts";
import { groupEndpoints } from "./leg_groups.ts";
import { logEndpoints } from "./logs.ts";
import {
  approveBody,
  killBody,
  leverageBody,
  loosenBody,
  loosenMarketBody,
  orderName,
  pluginName,
  pluginSettingsBody,
  resumeBody,
  scopeBody,
  stateBody,
  takeOverBody,
  tightenBody,
  tightenMarketBody,
  venueName,
} from "./commands.ts";
import { answerOf, type Endpoint, endpoint, type Handled, json } from "./endpoint.ts";
import { problemResponse } from "./problems.ts";
import { limitText, microseconds, word } from "./query_fields.ts";
import * as resources from "./resources.ts";
import * as s from "./schemas.ts";

const api = "/api/v1";
const notFound = (what: string): { readonly response: Response } => ({
  response: problemResponse("not-found", `There is no ${what}.`),
});
const done = (): v.InferOutput<typeof s.doneSchema> => ({ done: true });

const recordQuery = v.strictObject({
  kind: word("One kind or several with commas: `fill,order`."),
  run: word("Of one run."),
  plugin: word("Of one plugin."),
  venue: word("Of one venue."),
  instrument: word("Such as `okx:BTC-PERP`."),
  order: word("Of one client order id."),
  fromUs: microseconds("Not before this, microseconds since the epoch."),
  toUs: microseconds("Before this, microseconds since the epoch."),
  limit: limitText(1_000, 100),
});

function filterOf(query: v.InferOutput<typeof recordQuery>): RecordFilter {
  return {
    ...(query.kind === undefined ? {} : { kinds: query.kind.split(",").filter((kind) => kind !== "") }),
    ...(query.run === undefined ? {} : { runId: query.run }),
    ...(query.plugin === undefined ? {} : { plugin: query.plugin }),
    ...(query.venue === undefined ? {} : { venue: query.venue }),
    ...(query.instrument === undefined ? {} : { instrument: query.instrument }),
    ...(query.order === undefined ? {} : { clientOrderId: query.order }),
    ...(query.fromUs === undefined ? {} : { fromUs: query.fromUs }),
    ...(query.toUs === undefined ? {} : { toUs: query.toUs }),
  };
}

const host: readonly Endpoint[] = [
  {
    id: "getHealth",
    method: "GET",
    path: `${api}/health`,
    tag: "host",
    summary: "Whether the console answers.",
    answer: s.healthSchema,
    problems: [],
    run: (_, { version }) => json({ status: "ok", version }),
  },
  endpoint({
    id: "getReadiness",
    method: "GET",
    path: `${api}/ready`,
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
    path: `${api}/status`,
    tag: "host",
    summary: "The run, its trading state and a few counts.",
    answer: s.statusSchema,
    handle: ({ picture }) => ({ answer: resources.status(picture) }),
  }),
  endpoint({
    id: "listNotices",
    method: "GET",
    path: `${api}/notices`,
    tag: "host",
    summary: "What people were told, newest first.",
    answer: s.list(s.noticeSchema),
    handle: ({ picture }) => ({ answer: { items: [...picture.notices] } }),
  }),
];

const market: readonly Endpoint[] = [
  endpoint({
    id: "listVenues",
    method: "GET",
    path: `${api}/venues`,
    tag: "market",
    summary: "Connections, balances, positions and request budget of each venue.",
    answer: s.list(s.venueSchema),
    handle: ({ picture }) => ({ answer: { items: resources.venues(picture) } }),
  }),
  endpoint({
    id: "setLeverage",
    method: "POST",
    path: `${api}/leverage`,
    tag: "risk",
    summary: "Asks a venue to set the account's leverage on one instrument; its word comes as a notice.",
    body: leverageBody,
    answer: s.doneSchema,
    problems: [404, 409],
    handle: async ({ body }, { command }) => answerOf(await command({ kind: "set_leverage", ...body }), done),
  }),
  endpoint({
    id: "getVenue",
    method: "GET",
    path: `${api}/venues/{venue}`,
    tag: "market",
    summary: "One venue.",
    params: v.strictObject({ venue: venueName }),
    answer: s.venueSchema,
    problems: [404],
    handle: ({ picture, params }) => {
      const found = resources.venues(picture).find(({ venue }) => venue === params.venue);
      return found === undefined ? notFound(`venue ${params.venue}`) : { answer: found };
    },
  }),
  endpoint({
    id: "listInstruments",
    method: "GET",
    path: `${api}/instruments`,
    tag: "market",
    summary: "Instruments as the venues list them.",
    answer: s.list(s.instrumentSchema),
    handle: ({ picture }) => ({ answer: { items: resources.instruments(picture) } }),
  }),
  endpoint({
    id: "listQuotes",
    method: "GET",
    path: `${api}/quotes`,
    tag: "market",
    summary: "The newest quote of every instrument that has one.",
    answer: s.list(s.quoteSchema),
    handle: ({ picture }) => ({ answer: { items: resources.quotes(picture) } }),
  }),
  endpoint({
    id: "listOpportunities",
    method: "GET",
    path: `${api}/opportunities`,
    tag: "market",
    summary: "What strategies saw and took.",
    answer: s.opportunitiesSchema,
    handle: ({ picture }) => ({ answer: resources.opportunities(picture) }),
  }),
];

const pluginParams = v.strictObject({ id: pluginName });
const pluginAction = (action: "start" | "stop" | "reload", summary: string): Endpoint =>
  endpoint({
    id: `${action}Plugin`,
    method: "POST",
    path: `${api}/plugins/{id}/${action}`,
    tag: "plugins",
    summary,
    params: pluginParams,
    answer: s.doneSchema,
    problems: [404, 409],
    handle: async ({ params }, { command }) =>
      answerOf(await command({ kind: "plugin", id: params.id, action }), done),
  });

const plugins: readonly Endpoint[] = [
  endpoint({
    id: "listPlugins",
    method: "GET",
    path: `${api}/plugins`,
    tag: "plugins",
    summary: "Every plugin that was found, with its state and what it uses.",
    answer: s.list(s.pluginSchema),
    handle: ({ picture }) => ({ answer: { items: resources.plugins(picture) } }),
  }),
  endpoint({
    id: "listStrategies",
    method: "GET",
    path: `${api}/strategies`,
    tag: "plugins",
    summary: "Each strategy's equity, profit and loss, trades and positions by the fills, and its own panel.",
    answer: s.list(s.strategySchema),
    handle: ({ picture }) => ({ answer: { items: resources.strategies(picture) } }),
  }),
  endpoint({
    id: "getPlugin",
    method: "GET",
    path: `${api}/plugins/{id}`,
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
    path: `${api}/plugins/{id}/approve`,
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
    path: `${api}/plugins/{id}/config`,
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

const orders: readonly Endpoint[] = [
  endpoint({
    id: "listOrders",
    method: "GET",
    path: `${api}/orders`,
    tag: "orders",
    summary: "Working orders, and those that ended lately.",
    answer: s.ordersSchema,
    handle: ({ picture }) => ({ answer: resources.orders(picture) }),
  }),
  endpoint({
    id: "cancelOrder",
    method: "DELETE",
    path: `${api}/orders/{clientOrderId}`,
    tag: "orders",
    summary: "Asks for a cancel; it is pursued until the venue confirms the order's end.",
    params: v.strictObject({ clientOrderId: orderName }),
    answer: s.doneSchema,
    problems: [404],
    handle: async ({ params }, { command }) =>
      answerOf(await command({ kind: "cancel_order", clientOrderId: params.clientOrderId }), done),
  }),
  endpoint({
    id: "cancelOrders",
    method: "POST",
    path: `${api}/orders/cancel`,
    tag: "orders",
    summary: "Cancels all working orders of a scope.",
    body: scopeBody,
    answer: s.doneSchema,
    problems: [404],
    handle: async ({ body }, { command }) =>
      answerOf(await command({ kind: "cancel_orders", scope: body.scope }), done),
  }),
  endpoint({
    id: "flatten",
    method: "POST",
    path: `${api}/positions/flatten`,
    tag: "orders",
    summary: "Closes all positions of a scope by bounded reduce-only orders.",
    body: scopeBody,
    answer: s.doneSchema,
    problems: [404],
    handle: async ({ body }, { command }) =>
      answerOf(await command({ kind: "flatten", scope: body.scope }), done),
  }),
  endpoint({
    id: "listFills",
    method: "GET",
    path: `${api}/fills`,
    tag: "orders",
    summary: "Fills from the journal, newest first.",
    query: recordQuery,
    answer: s.list(s.fillSchema),
    problems: [404],
    handle: ({ query, picture }, { journal }) => {
      using reader = journal();
      const byId = resources.byIdOf(picture);
      const records = reader.records({ ...filterOf(query), kinds: ["fill"] }, {
        limit: query.limit,
        order: "newest_first",
      });
      return { answer: { items: records.flatMap((record) => resources.fillOf(record, byId) ?? []) } };
    },
  }),
  endpoint({
    id: "listPositions",
    method: "GET",
    path: `${api}/positions`,
    tag: "orders",
    summary: "Positions by plugin and instrument.",
    answer: s.list(s.positionSchema),
    handle: ({ picture }) => ({ answer: { items: resources.positions(picture) } }),
  }),
  endpoint({
    id: "listPnl",
    method: "GET",
    path: `${api}/pnl`,
    tag: "orders",
    summary: "Profit and loss by scope.",
    answer: s.list(s.pnlSchema),
    handle: ({ picture }) => ({ answer: { items: resources.pnl(picture) } }),
  }),
];

const risk: readonly Endpoint[] = [
  endpoint({
    id: "getRisk",
    method: "GET",
    path: `${api}/risk`,
    tag: "risk",
    summary: "State, limits and figures of every scope, and how often the gate refused.",
    answer: s.riskSchema,
    handle: ({ picture }) => ({ answer: resources.risk(picture) }),
  }),
  endpoint({
    id: "tightenLimits",
    method: "POST",
    path: `${api}/risk/tighten`,
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
    path: `${api}/risk/loosen`,
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
    path: `${api}/risk/market/tighten`,
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
    path: `${api}/risk/market/loosen`,
    tag: "risk",
    summary:
      "Sets market limits in either direction; what is looser than the configuration holds until the host stops.",
    body: loosenMarketBody,
    answer: s.doneSchema,
    handle: async ({ body }, { command }) =>
      answerOf(await command({ kind: "loosen_market", ...body }), done),
  }),
  endpoint({
    id: "takeOverHost",
    method: "POST",
    path: `${api}/risk/take-over`,
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
    path: `${api}/risk/state`,
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
    path: `${api}/risk/resume`,
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
    path: `${api}/kill`,
    tag: "risk",
    summary: "Whether a kill is under way, and what was left after the last one.",
    answer: s.killStatusSchema,
    handle: ({ picture }) => ({ answer: resources.kill(picture) }),
  }),
  endpoint({
    id: "kill",
    method: "POST",
    path: `${api}/kill`,
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

const journal: readonly Endpoint[] = [
  endpoint({
    id: "listRecords",
    method: "GET",
    path: `${api}/journal`,
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
    path: `${api}/journal/kinds`,
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
    path: `${api}/journal/runs`,
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
    path: `${api}/explain`,
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

export const endpoints: readonly Endpoint[] = [
  ...host,
  ...market,
  ...plugins,
  ...orders,
  ...risk,
  ...alertEndpoints,
  ...curveEndpoints,
  ...groupEndpoints,
  ...logEndpoints,
  ...journal,
];
