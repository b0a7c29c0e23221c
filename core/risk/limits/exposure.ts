/** Position, net and gross exposure with every working, in-flight and unknown order of one side filled. */
import type { ScopeLimits } from "../../model/risk_limits.ts";
import type { ExposureFacts } from "../order_facts.ts";
import type { Refusal } from "../../model/refusals.ts";
import { firstOverScopes, type OrderCheck, rounded, type ValueLimit } from "./limit.ts";

type ExposureCode = "POSITION_LIMIT" | "NET_EXPOSURE" | "GROSS_EXPOSURE";

function checkExposure(
  { exposures, facts: { scopes } }: OrderCheck,
  key: keyof ScopeLimits,
  code: ExposureCode,
  read: (exposure: ExposureFacts) => number,
  needsAllPrices: boolean,
): Refusal | undefined {
  return firstOverScopes(scopes, key, ({ name }, limit, index) => {
    const exposure = exposures[index];
    const unpriced = needsAllPrices ? exposure?.unpriced : undefined;
    if (unpriced !== undefined) {
      return { code: "EXPOSURE_UNKNOWN", facts: { scope: name, instrument: unpriced } };
    }
    const value = exposure === undefined ? NaN : read(exposure);
    return value <= limit ? undefined : { code, facts: { scope: name, value: rounded(value, 2), limit } };
  });
}

export const positionLimit: ValueLimit = {
  name: "position",
  holdsForReducing: false,
  check: (check) =>
    checkExposure(check, "maxPositionNotionalUsd", "POSITION_LIMIT", (e) => e.positionUsd, false),
};
export const netExposure: ValueLimit = {
  name: "net_exposure",
  holdsForReducing: false,
  check: (check) => checkExposure(check, "maxNetExposureUsd", "NET_EXPOSURE", (e) => e.netUsd, true),
};
export const grossExposure: ValueLimit = {
  name: "gross_exposure",
  holdsForReducing: false,
  check: (check) => checkExposure(check, "maxGrossExposureUsd", "GROSS_EXPOSURE", (e) => e.grossUsd, true),
};
