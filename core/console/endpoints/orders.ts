/** Orders, fills, positions and profit and loss; cancelling and flattening. */
import * as v from "valibot";
import { orderName, scopeBody } from "../commands.ts";
import { answerOf, type Endpoint, endpoint } from "../endpoint.ts";
import * as resources from "../resources.ts";
import * as s from "../schemas.ts";
import { done } from "./answers.ts";
import { filterOf, recordQuery } from "./record_query.ts";

export const orderEndpoints: readonly Endpoint[] = [
  endpoint({
    id: "listOrders",
    method: "GET",
    path: "/api/v1/orders",
    tag: "orders",
    summary: "Working orders, and those that ended lately.",
    answer: s.ordersSchema,
    handle: ({ picture }) => ({ answer: resources.orders(picture) }),
  }),
  endpoint({
    id: "cancelOrder",
    method: "DELETE",
    path: "/api/v1/orders/{clientOrderId}",
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
    path: "/api/v1/orders/cancel",
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
    path: "/api/v1/positions/flatten",
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
    path: "/api/v1/fills",
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
    path: "/api/v1/positions",
    tag: "orders",
    summary: "Positions by plugin and instrument.",
    answer: s.list(s.positionSchema),
    handle: ({ picture }) => ({ answer: { items: resources.positions(picture) } }),
  }),
  endpoint({
    id: "listPnl",
    method: "GET",
    path: "/api/v1/pnl",
    tag: "orders",
    summary: "Profit and loss by scope.",
    answer: s.list(s.pnlSchema),
    handle: ({ picture }) => ({ answer: { items: resources.pnl(picture) } }),
  }),
];
