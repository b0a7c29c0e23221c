/** Paradex's adapter and simulator on the bench that all venues share. */
import { ParadexAdapter } from "../../../exchanges/paradex/adapter.ts";
import type { settings } from "../../../exchanges/paradex/settings.ts";
import * as simulator from "../../../exchanges/paradex/simulator.ts";
import type { Bench, VenueSubject } from "../../support/venue_bench.ts";

export const paradex: VenueSubject<typeof settings> = {
  venue: "paradex",
  lotsPerBase: 100_000,
  simulator,
  startSimulator: simulator.startSimulator,
  settings: {
    sbeSchemaVersion: "1",
    quoteChannel: "api",
    bookChannel: "deltas",
    fundingChannel: false,
    cancelOnDisconnect: true,
    recvWindowMs: 10_000,
    rateLimitShare: 0.5,
    makerFeeBps: 0,
    takerFeeBps: 4.5,
    ethereumAddress: "",
  },
  makeAdapter: (ctx, transport) => new ParadexAdapter(ctx, transport),
};

/** With an account that never called the venue. */
export const newcomerToParadex: VenueSubject<typeof settings> = {
  ...paradex,
  startSimulator: (options) =>
    simulator.startSimulator({ ...options, credentials: { ...options.credentials, ONBOARDED: "false" } }),
};

/** A token that only reads, made by the account with the token that its adapter uses. */
export async function readOnlyToken({ endpoints, requests }: Bench): Promise<string> {
  const tokens = requests.flatMap(({ headers }) => headers.get("authorization") ?? []);
  const answer = await fetch(`${endpoints["rest"]}/account/tokens`, {
    method: "POST",
    headers: { authorization: tokens.at(-1) ?? "" },
    body: JSON.stringify({ name: "ro", expiry_duration: 3_600 }),
  });
  return String((await answer.json()).token);
}
