/** Building blocks of the configuration's schema: each says in words what it expects. */
import * as v from "valibot";

export const describe = v.description;

export const numberBetween = (min: number, max: number, what = "a number") =>
  v.pipe(
    v.number(`${what} from ${min} to ${max}`),
    v.minValue(min, `${what} from ${min} to ${max}`),
    v.maxValue(max, `${what} from ${min} to ${max}`),
  );
export const wholeBetween = (min: number, max: number, what = "a whole number") =>
  v.pipe(numberBetween(min, max, what), v.integer(`${what} from ${min} to ${max}`));
export const text = (expected: string) =>
  v.pipe(v.string(expected), v.nonEmpty(expected), v.maxLength(400, expected));
export const matching = (pattern: RegExp, expected: string) =>
  v.pipe(v.string(expected), v.regex(pattern, expected));
export const choice = <const T extends readonly string[]>(values: T) =>
  v.picklist(values, `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`);
export const truth = () => v.boolean("true or false");
export const record = (expected: string) => `a record of ${expected}`;

export const venueName = matching(/^[a-z][a-z0-9_]{1,23}$/, "a venue id such as paradex");
export const pluginName = matching(/^[a-z][a-z0-9_]{1,47}$/, "a plugin id such as paradex_scalper");
export const symbolName = matching(/^[A-Za-z0-9]{1,20}(-[A-Z0-9]{1,12}){1,4}$/, "a symbol such as BTC-PERP");
