/**
 * Which secrets a plugin is handed, by its manifest. Whatever is handed over can't be printed from then on.
 */
import type { Environment, ExchangeManifest } from "../../sdk/manifest.ts";
import { type AccessResult, adapterAccess } from "../venues/modes.ts";
import { type Secrets, secretsNamed, type SecretsResult } from "../config/secrets.ts";
import type { SimulatedVenueAccess } from "../venues/simulation_process.ts";

export interface HandedSecretsOptions {
  readonly environment: Environment;
  readonly secrets: Secrets;
  /** By venue, in place of the adapter's own. */
  readonly endpoints: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly simulatedVenue: (venue: string) => SimulatedVenueAccess | undefined;
  readonly protect: (values: readonly string[]) => void;
}

export interface HandedSecrets {
  /** What an adapter may reach and know. */
  readonly accessOf: (manifest: ExchangeManifest) => AccessResult;
  /** What a strategy was granted by name. */
  readonly secretsOf: (names: readonly string[]) => SecretsResult;
}

export function handedSecrets(options: HandedSecretsOptions): HandedSecrets {
  const { environment, secrets, endpoints, simulatedVenue, protect } = options;
  return {
    accessOf(manifest) {
      const { venue } = manifest;
      const valueOf = (name: string): string | undefined => secrets.get(name);
      const result = adapterAccess(environment, manifest, simulatedVenue(venue), valueOf, endpoints[venue]);
      if (result.kind === "access") protect(Object.values(result.access.secrets));
      return result;
    },
    secretsOf(names) {
      const result = secretsNamed(secrets, names);
      if (result.kind === "found") protect(Object.values(result.values));
      return result;
    },
  };
}
