/** Which channels of EdgeX carry what the host wants. */
import type { MarketDataKind, MarketDataSubscription } from "@berth/sdk";
import type { InstrumentBook } from "./instruments.ts";
import type { DepthChannels } from "./market_data.ts";

/** Levels of the channel that quotes are the top of; the fewest that there are. */
const quoteLevels = "15";

export const depthChannels = (bookLevels: "15" | "200"): DepthChannels => ({
  top: (contractId) => `depth.${contractId}.${quoteLevels}`,
  book: (contractId) => `depth.${contractId}.${bookLevels}`,
});

/** Channels of these subscriptions; `onUnknown` is told of instruments that EdgeX does not list. */
export function channelsOf(
  subscriptions: readonly MarketDataSubscription[],
  instruments: InstrumentBook,
  depth: DepthChannels,
  onUnknown: (instrument: string) => void,
): readonly string[] {
  return subscriptions.flatMap(({ instrument, kinds }) => {
    const one = instruments.byId(instrument);
    if (one === undefined) onUnknown(instrument);
    return one === undefined ? [] : kinds.map((kind) => channelOf(kind, one.contractId, depth));
  });
}

function channelOf(kind: MarketDataKind, contractId: string, depth: DepthChannels): string {
  switch (kind) {
    case "quotes":
      return depth.top(contractId);
    case "trades":
      return `trades.${contractId}`;
    case "books":
      return depth.book(contractId);
    case "marks":
      return `ticker.${contractId}`;
    default:
      return kind satisfies never;
  }
}
