/** Schemas of what the journal keeps: JSON, integers beyond 2^53 as decimal text, absent or null for `undefined`. */
import * as v from "valibot";
import { timesInForce } from "../model/order.ts";
import { money } from "../model/money.ts";
import { priceTicks, sizeLots } from "../model/ticks.ts";

export const branded = <T>(make: (text: string) => T) =>
  v.pipe(
    v.string(),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      try {
        return make(dataset.value);
      } catch (error) {
        addIssue({ message: error instanceof Error ? error.message : "invalid" });
        return NEVER;
      }
    }),
  );
export const integer = v.pipe(v.number(), v.safeInteger());
export const lots = v.pipe(integer, v.transform(sizeLots));
export const ticks = v.pipe(integer, v.transform(priceTicks));
export const bigInteger = v.pipe(v.string(), v.regex(/^-?\d{1,60}$/), v.transform((text) => BigInt(text)));
export const moneyText = v.pipe(bigInteger, v.transform(money));
export const finite = v.pipe(v.number(), v.finite());
/** `undefined` is not written at all, or as null. */
export const absent = <S extends v.GenericSchema>(schema: S) => v.optional(v.nullable(schema));

export const pricing = v.variant("kind", [
  v.object({
    kind: v.literal("limit"),
    limitPriceTicks: ticks,
    timeInForce: v.picklist(timesInForce),
    postOnly: v.boolean(),
  }),
  v.pipe(
    v.object({ kind: v.literal("market"), worstPriceTicks: absent(ticks) }),
    v.transform(({ kind, worstPriceTicks }) => ({ kind, worstPriceTicks: worstPriceTicks ?? undefined })),
  ),
]);
