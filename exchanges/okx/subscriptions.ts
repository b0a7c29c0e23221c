/** Which channels of OKX carry what the host wants. */
import type { MarketDataKind, MarketDataSubscription } from "@berth/sdk";
import type { InstrumentBook, OkxInstrument } from "./instruments.ts";
import type { Argument } from "./public_socket.ts";

/** Wanted whatever the host subscribes: maintenance, and changes of instruments of these types. */
export const standingArguments = (instTypes: readonly string[]): readonly Argument[] => [
  { channel: "status", instId: "" },
  ...instTypes.map((instType) => ({ channel: "instruments", instId: "", instType })),
];

/** Arguments of these subscriptions; `onUnknown` is told of instruments that OKX does not list. */
export function argumentsOf(
  subscriptions: readonly MarketDataSubscription[],
  instruments: InstrumentBook,
  quoteChannel: string,
  onUnknown: (instrument: string) => void,
): readonly Argument[] {
  return subscriptions.flatMap(({ instrument, kinds }) => {
    const one = instruments.byId(instrument);
    if (one === undefined) onUnknown(instrument);
    return one === undefined ? [] : kinds.flatMap((kind) => channelsOf(kind, one, quoteChannel));
  });
}

function channelsOf(kind: MarketDataKind, one: OkxInstrument, quoteChannel: string): readonly Argument[] {
  const { indexId, instId, instrument } = one;
  switch (kind) {
    case "quotes":
      return [{ channel: quoteChannel, instId }];
    case "trades":
      return [{ channel: "trades", instId }];
    case "books":
      return [{ channel: "books", instId }];
    case "marks":
      return [
        { channel: "index-tickers", instId: indexId },
        ...(instrument.kind === "spot" ? [] : [{ channel: "mark-price", instId }]),
        ...(instrument.kind === "perpetual" ? [{ channel: "funding-rate", instId }] : []),
      ];
    default:
      return kind satisfies never;
  }
}

/** What may be given up of `gone`: an index may be another instrument's too, as long as one of them has its marks. */
export function withoutShared(
  gone: readonly Argument[],
  marked: readonly Argument[],
  instruments: InstrumentBook,
): readonly Argument[] {
  const kept = new Set(
    marked.map(({ instId }) => instId)
      .filter((instId) => !gone.some((one) => one.channel === "mark-price" && one.instId === instId))
      .flatMap((instId) => instruments.byName(instId)?.indexId ?? []),
  );
  return gone.filter((one) => one.channel !== "index-tickers" || !kept.has(one.instId));
}
