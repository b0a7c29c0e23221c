/** Every endpoint of the console, in the order in which the docs page shows them. */
import { alertEndpoints } from "./alerts.ts";
import { curveEndpoints } from "./curves.ts";
import type { Endpoint } from "./endpoint.ts";
import { hostEndpoints } from "./endpoints/host.ts";
import { journalEndpoints } from "./endpoints/journal.ts";
import { marketEndpoints } from "./endpoints/market.ts";
import { orderEndpoints } from "./endpoints/orders.ts";
import { pluginEndpoints } from "./endpoints/plugins.ts";
import { riskEndpoints } from "./endpoints/risk.ts";
import { groupEndpoints } from "./leg_groups.ts";
import { logEndpoints } from "./logs.ts";

export const endpoints: readonly Endpoint[] = [
  ...hostEndpoints,
  ...marketEndpoints,
  ...pluginEndpoints,
  ...orderEndpoints,
  ...riskEndpoints,
  ...alertEndpoints,
  ...curveEndpoints,
  ...groupEndpoints,
  ...logEndpoints,
  ...journalEndpoints,
];
