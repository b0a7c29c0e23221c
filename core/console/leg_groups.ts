/** Trades of two legs that the host holds: those that are not over, and what all of the run came to. */
import * as v from "valibot";
import { type Endpoint, endpoint } from "./endpoint.ts";
import type { HostPicture } from "./ports.ts";
import { figure } from "./resources.ts";

const count = v.number();
const amount = v.nullable(v.number());

export const groupsSchema = v.object({
  groups: v.pipe(
    v.array(v.object({
      id: v.string(),
      plugin: v.string(),
      ref: v.pipe(v.string(), v.description("The strategy's own name for it.")),
      phase: v.string(),
      why: v.string(),
      isBroken: v.pipe(v.boolean(), v.description("One leg had to be completed or taken back.")),
      legs: v.array(v.object({
        instrument: v.string(),
        side: v.picklist(["buy", "sell"]),
        heldBase: amount,
        averageOpenPrice: amount,
      })),
      nakedUsd: v.pipe(amount, v.description("Value of what one leg holds beyond the other.")),
      nakedMs: v.pipe(amount, v.description("Since when it does.")),
      attempts: count,
      ageMs: amount,
    })),
    v.description("Not over, oldest first."),
  ),
  totals: v.object({
    begun: count,
    opened: count,
    closed: count,
    nothingFilled: count,
    unwound: count,
    closedElsewhere: count,
    broken: count,
    halted: count,
    maxNakedUsd: amount,
    maxNakedMs: amount,
    verified: v.pipe(
      v.object({ agreed: count, differed: count, pending: count }),
      v.description("Positions that were read back from the venues after groups."),
    ),
  }),
});
export type Groups = v.InferOutput<typeof groupsSchema>;

export const groups = ({ engine: { groups: all, groupTotals: totals } }: HostPicture): Groups => ({
  groups: all.map((group) => ({
    ...group,
    legs: group.legs.map((leg) => ({
      ...leg,
      heldBase: figure(leg.heldBase),
      averageOpenPrice: figure(leg.averageOpenPrice),
    })),
    nakedUsd: figure(group.nakedUsd),
    nakedMs: figure(group.nakedMs),
    ageMs: figure(group.ageMs),
  })),
  totals: {
    ...totals,
    maxNakedUsd: figure(totals.maxNakedUsd),
    maxNakedMs: figure(totals.maxNakedMs),
    verified: { ...totals.verified },
  },
});

export const groupEndpoints: readonly Endpoint[] = [
  endpoint({
    id: "listGroups",
    method: "GET",
    path: "/api/v1/groups",
    tag: "orders",
    summary: "Trades of two legs that the host holds, and what all of them came to.",
    answer: groupsSchema,
    handle: ({ picture }) => ({ answer: groups(picture) }),
  }),
];
