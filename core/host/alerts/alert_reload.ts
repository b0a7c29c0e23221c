/**
 * Lets the settings of running alerts be changed: by the configuration's file as it is saved, or anew with all secrets
 * when an operator asks. What has faults changes nothing.
 */
import type { AlertsSetup } from "../../alerts/ports.ts";
import { describeError } from "../../errors.ts";
import type { AlertsConfig } from "../config/alerts_section.ts";
import type { Secrets } from "../config/secrets.ts";
import type { HostLog } from "../ports.ts";
import { alertChanges } from "./alert_changes.ts";
import type { AlertObserver } from "./alert_observer.ts";
import type { AlertService } from "./alert_service.ts";
import { alertSettings, readChannels } from "./alert_settings.ts";

export interface GivenSetup {
  /** Undefined while alerts are off. */
  readonly setup: AlertsSetup | undefined;
  readonly channels: AlertsSetup["channels"];
  readonly minOpportunityBps: number;
}

/**
 * From configuration and secrets to what the thread is told.
 *
 * @param protect takes what must never be printed, before anybody else has it
 * @throws {BerthError} ALERT_CHANNEL_INVALID
 */
export function givenSetup(
  config: AlertsConfig,
  environment: string,
  secrets: Pick<Secrets, "get">,
  protect: (secrets: readonly string[]) => void,
): GivenSetup {
  if (!config.enabled) return { setup: undefined, channels: [], minOpportunityBps: Infinity };
  const settings = alertSettings(config);
  const { channels, secrets: values } = readChannels(config, {
    secretOf: (name) => secrets.get(name),
    readTextFile: Deno.readTextFileSync,
  });
  protect(values);
  return {
    setup: { sender: { name: config.name, environment }, settings, channels },
    channels,
    minOpportunityBps: settings.thresholds.minOpportunityBps,
  };
}

export interface AlertReloadOptions {
  /** As it holds at first. */
  readonly config: AlertsConfig;
  readonly channels: AlertsSetup["channels"];
  readonly environment: string;
  readonly service: Pick<AlertService, "change">;
  readonly observer: Pick<AlertObserver, "heed">;
  readonly log: HostLog;
  readonly protect: (secrets: readonly string[]) => void;
  /** The configuration anew; throws where it has faults. */
  readonly rereadConfig: () => Promise<AlertsConfig>;
  /** The secrets anew. */
  readonly rereadSecrets: () => Promise<Pick<Secrets, "get">>;
}

export class AlertReload {
  readonly #options: AlertReloadOptions;
  #config: AlertsConfig;
  #channels: AlertsSetup["channels"];

  constructor(options: AlertReloadOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#channels = options.channels;
  }

  /**
   * Reads configuration and secrets anew. @returns what changed, in plain words
   *
   * @throws {BerthError} CONFIG_INVALID, CONFIG_UNREADABLE, ALERT_CHANNEL_INVALID: then nothing changed
   */
  async reload(): Promise<readonly string[]> {
    return await this.#apply(await this.#options.rereadConfig());
  }

  /** Follows a configuration that was saved; says in the log what came of it. */
  async follow(config: AlertsConfig): Promise<void> {
    try {
      await this.#apply(config);
    } catch (error) {
      const words = describeError(error).replaceAll("\n", " ");
      this.#options.log.write("error", "alerts", `the alerts stay as they were: ${words}`);
    }
  }

  async #apply(config: AlertsConfig): Promise<readonly string[]> {
    const { environment, service, observer, log, protect, rereadSecrets } = this.#options;
    const { setup, channels, minOpportunityBps } = givenSetup(
      config,
      environment,
      await rereadSecrets(),
      protect,
    );
    const changes = alertChanges(
      { config: this.#config, channels: this.#channels },
      { config, channels },
    );
    this.#config = config;
    this.#channels = channels;
    if (changes.length === 0) return [];
    observer.heed(minOpportunityBps);
    service.change(setup);
    log.write("info", "alerts", `alerts were changed: ${changes.join("; ")}`);
    return changes;
  }
}
