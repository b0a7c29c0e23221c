/** Which records of the journal an endpoint is asked for. */
import * as v from "valibot";
import type { RecordFilter } from "../../journal/reader.ts";
import { limitText, microseconds, word } from "../query_fields.ts";

export const recordQuery = v.strictObject({
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

export function filterOf(query: v.InferOutput<typeof recordQuery>): RecordFilter {
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
