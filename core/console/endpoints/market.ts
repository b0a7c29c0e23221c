/** Venues, instruments, quotes and opportunities as they are now. */
import * as v from "valibot";
import { venueName } from "../commands.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import * as resources from "../resources.ts";
import * as s from "../schemas.ts";
import { notFound } from "./answers.ts";

export const marketEndpoints: readonly Endpoint[] = [
  endpoint({
    id: "listVenues",
    method: "GET",
    path: "/api/v1/venues",
    tag: "market",
    summary: "Connections, balances, positions and request budget of each venue.",
    answer: s.list(s.venueSchema),
    handle: ({ picture }) => ({ answer: { items: resources.venues(picture) } }),
  }),
  endpoint({
    id: "getVenue",
    method: "GET",
    path: "/api/v1/venues/{venue}",
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
    path: "/api/v1/instruments",
    tag: "market",
    summary: "Instruments as the venues list them.",
    answer: s.list(s.instrumentSchema),
    handle: ({ picture }) => ({ answer: { items: resources.instruments(picture) } }),
  }),
  endpoint({
    id: "listQuotes",
    method: "GET",
    path: "/api/v1/quotes",
    tag: "market",
    summary: "The newest quote of every instrument that has one.",
    answer: s.list(s.quoteSchema),
    handle: ({ picture }) => ({ answer: { items: resources.quotes(picture) } }),
  }),
  endpoint({
    id: "listOpportunities",
    method: "GET",
    path: "/api/v1/opportunities",
    tag: "market",
    summary: "What strategies saw and took.",
    answer: s.opportunitiesSchema,
    handle: ({ picture }) => ({ answer: resources.opportunities(picture) }),
  }),
];
