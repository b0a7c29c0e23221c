/**
 * Looks at the way to each venue, from the name to the order, through the real adapter in its sandbox: what works is
 * said, and for what does not, what to do. In `sim` against simulators that it starts for this.
 *
 * 1. Without `isTrading` nothing is sent but questions.
 * 2. With it one order, through the risk gate, which is taken back; whatever happens to it is told with its id.
 * 3. What fails is told once: checks that rest on it are skipped.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../model/clock.ts";
import { type InstrumentId, symbolOf } from "../../model/ids.ts";
import { isCompiled } from "../../sandbox/edition.ts";
import { sandboxKindOf } from "../../sandbox/kind_names.ts";
import { createSandbox } from "../../sandbox/kinds.ts";
import type { Environment, ExchangeManifest, Manifest } from "../../sdk/manifest.ts";
import { SecretShield } from "../../terminal/redaction.ts";
import { defaultVenues, type HostConfig } from "../config/config.ts";
import { findPlugins, type PluginSource } from "../plugins/discovery.ts";
import { filesHash, fingerprint } from "../plugins/fingerprint.ts";
import { approve, type GrantBook, readGrants } from "../plugins/grants.ts";
import { type AdapterAccess, adapterAccess } from "../venues/modes.ts";
import { probeManifest } from "../plugins/probe.ts";
import { readSecrets } from "../config/secrets.ts";
import { exchangesFolder, projectFolder } from "../project_folder.ts";
import { startSimulation } from "../venues/simulation_process.ts";
import { systemClock } from "../system_clock.ts";
import {
  type Check,
  checkConnections,
  type CheckEnd,
  type CheckName,
  checkNamesResolve,
  failed,
  passed,
  skipped,
  type VenueExamination,
} from "./checks.ts";
import { type Line, Patient } from "./patient.ts";
import { checkSecretFormat } from "./secret_format.ts";

export interface DoctorOptions {
  readonly environment: Environment;
  readonly config: HostConfig;
  /** Empty: those that a start would connect. */
  readonly venues: readonly string[];
  /** Place one tiny order and cancel it. */
  readonly isTrading: boolean;
  /** How long each thing that must come by itself is waited for. */
  readonly patienceMs: number;
  readonly seed: number;
  /** `.env` of the working folder. */
  readonly envFile: string;
}

const sandboxKind = sandboxKindOf("auto", isCompiled()) ?? "worker-in-process";
const probeFolder = fileURLToPath(new URL("./", import.meta.url));
const probeSource: PluginSource = {
  name: "order_probe",
  entryPath: join(probeFolder, "order_probe.ts"),
  rootPath: join(probeFolder, "order_probe.ts"),
};
const probeId = "berth_doctor";
/** An adapter that can't reach its venue tries for ever; its process ends after this. */
const startPatienceMs = 20_000;
const questionTimeoutMs = 5_000;

/** Examines the venues side by side. @throws {BerthError} CONFIG_UNREADABLE, PLUGIN_START_FAILED of the simulators */
export async function examine(options: DoctorOptions): Promise<readonly VenueExamination[]> {
  const { config, environment } = options;
  const clock = systemClock();
  const [found, secrets, grants] = await Promise.all([
    findPlugins(exchangesFolder),
    readSecrets(options.envFile, Deno.env),
    readGrants(join(config.dataDir, "grants.json")),
  ]);
  const known = found.map(({ name }) => name);
  const asked = options.venues.length > 0 ? options.venues : config.venues.enabled ?? defaultVenues;
  const simulated = asked.filter((venue) => known.includes(venue));
  const simulation = environment !== "sim" || simulated.length === 0 ? undefined : await startSimulation({
    venues: simulated,
    seed: options.seed,
    depositUsd: String(config.simulation.depositUsd),
    faults: config.simulation.faults,
    onLog: () => undefined,
    onLost: () => undefined,
  });
  const shield = new SecretShield();
  try {
    return await Promise.all(asked.map(async (venue) => {
      const source = found.find(({ name }) => name === venue);
      const checks = source === undefined
        ? [{ name: "adapter" as const, ...noAdapter(venue, known), tookMs: 0 }]
        : await new Examination({
          venue,
          source,
          options,
          clock,
          grants,
          shield,
          accessOf: (manifest) =>
            adapterAccess(
              environment,
              manifest,
              simulation?.venues[venue],
              (name) => secrets.get(name),
              config.venues.endpoints[venue],
            ),
        }).run();
      return {
        venue,
        checks: checks.map((check) => ({ ...check, details: shield.redact(check.details) })),
      };
    }));
  } finally {
    await simulation?.stop();
  }
}

const noAdapter = (venue: string, known: readonly string[]): CheckEnd =>
  failed(`There is no adapter of ${venue}.`, `Name one of ${known.join(", ")}.`);

interface ExaminationOptions {
  readonly venue: string;
  readonly source: PluginSource;
  readonly options: DoctorOptions;
  readonly clock: Clock;
  readonly grants: GrantBook;
  readonly shield: SecretShield;
  readonly accessOf: (manifest: ExchangeManifest) => ReturnType<typeof adapterAccess>;
}

class Examination {
  readonly #options: ExaminationOptions;
  readonly #checks: Check[] = [];

  constructor(options: ExaminationOptions) {
    this.#options = options;
  }

  async run(): Promise<readonly Check[]> {
    const { clock, options: { config, environment, seed }, source, venue } = this.#options;
    const sandbox = createSandbox(sandboxKind, { clock, projectDir: projectFolder });
    const probed = await this.#timed("adapter", async () => {
      const read = await probeManifest(sandbox, source, true);
      return read.kind === "broken"
        ? { end: failed(read.why, "Reinstall berth, or undo the change to its adapter."), value: undefined }
        : { end: passed(`${read.manifest.id} ${read.manifest.version}`), value: read.manifest };
    });
    if (probed?.kind !== "exchange") return this.#checks;
    const access = this.#options.accessOf(probed);
    if (access.kind === "impossible") {
      this.#add("credentials", failed(access.what, access.fix));
      return this.#checks;
    }
    this.#options.shield.add(Object.values(access.access.secrets));
    if (environment !== "sim" && !this.#hasSoundSecrets(access.access)) return this.#checks;
    if (!await this.#reaches(access.access)) return this.#checks;
    await using patient = await Patient.open({
      venue,
      environment,
      config,
      grants: this.#options.grants,
      clock,
      sandbox,
      seed,
      symbols: config.venues.symbols ?? ["BTC-PERP"],
      exchange: source,
      exchangesFolder,
      accessOf: this.#options.accessOf,
    });
    if (!await this.#starts(patient, probed, access.access)) return this.#checks;
    await this.#timed("clock", () => this.#clock(patient));
    const instrument = await this.#timed("market data", () => this.#marketData(patient));
    const hasStream = await this.#timed("private stream", () => this.#privateStream(patient, access.access));
    await this.#order(patient, instrument, hasStream === true);
    return this.#checks;
  }

  #hasSoundSecrets({ secrets }: AdapterAccess): boolean {
    const end = checkSecretFormat(secrets);
    this.#add("secrets", end);
    return end.result !== "failed";
  }

  #add(name: CheckName, end: CheckEnd, tookMs = 0): void {
    this.#checks.push({ name, ...end, tookMs: Math.round(tookMs) });
  }

  async #timed<T>(
    name: CheckName,
    look: () => Promise<{ readonly end: CheckEnd; readonly value: T }>,
  ): Promise<T> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    const { end, value } = await look();
    this.#add(name, end, clock.monotonicMs() - startMs);
    return value;
  }

  /** True when the venue's addresses can be reached. */
  async #reaches({ endpoints }: AdapterAccess): Promise<boolean> {
    const { patienceMs } = this.#options.options;
    // Adapters go over to these when the others fail; the way to the venue is free without them.
    const main = Object.fromEntries(
      Object.entries(endpoints).filter(([name]) => !name.endsWith("Alternative")),
    );
    const asCheck = async (look: typeof checkConnections) => {
      const end = await look(main, patienceMs);
      return { end, value: end.result === "passed" };
    };
    return await this.#timed("name resolution", () => asCheck(checkNamesResolve)) &&
      await this.#timed("connection", () => asCheck(checkConnections));
  }

  /** True when the adapter runs: it has the venue's instruments, and with keys the venue took them. */
  async #starts(patient: Patient, manifest: ExchangeManifest, access: AdapterAccess): Promise<boolean> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    await patient.startAdapter();
    const state = await patient.until(() => {
      const view = patient.adapter?.state;
      return view === undefined || view.kind === "probing" ||
          view.kind === "starting"
        ? undefined
        : view;
    }, startPatienceMs);
    const tookMs = clock.monotonicMs() - startMs;
    const keys = manifest.tradingSecrets.join(", ");
    const hasKeys = Object.keys(access.secrets).length > 0;
    if (state?.kind === "running") {
      this.#add(
        "credentials",
        hasKeys ? await this.#account(patient) : skipped(
          access.isPaper ? "Paper trading needs none." : `None are given (${keys}): market data only.`,
        ),
        tookMs,
      );
      return true;
    }
    if (state?.kind === "awaiting_approval") {
      this.#add(
        "approval",
        failed(
          state.why,
          `Approve it with \`berth plugin approve ${manifest.id}\`, or use another environment.`,
        ),
        tookMs,
      );
      return false;
    }
    const why = state !== undefined && "why" in state ? state.why : lastWords(patient.troubles());
    const isRefusal = /refused/.test(why);
    this.#add(
      isRefusal && hasKeys ? "credentials" : "adapter",
      failed(
        why === "" ? `The adapter was not ready within ${startPatienceMs} ms.` : why,
        isRefusal && hasKeys
          ? `Check ${keys} in .env: complete, of this environment and region, and not expired or bound to another address.`
          : "See what the venue says of its own state, and try again.",
      ),
      tookMs,
    );
    return false;
  }

  /** The keys open the account: its balances are told. */
  async #account(patient: Patient): Promise<CheckEnd> {
    const answer = await patient.questions?.ask(patient.venue, { kind: "balances" }, questionTimeoutMs);
    if (answer?.kind === "balances") {
      const count = answer.balances.length;
      return passed(`The venue took them; the account holds ${count} ${count === 1 ? "asset" : "assets"}.`);
    }
    return failed(
      answer?.kind === "failed"
        ? `${answer.code}: ${answer.details}`
        : "The account's balances were not told.",
      "Check that the key may read the account.",
    );
  }

  async #clock(patient: Patient): Promise<{ readonly end: CheckEnd; readonly value: undefined }> {
    const { clock, options } = this.#options;
    const limitMs = options.config.risk.market.maxClockSkewMs;
    const sentMs = clock.epochMs();
    const answer = await patient.questions?.ask(patient.venue, { kind: "server_time" }, questionTimeoutMs);
    const receivedMs = clock.epochMs();
    if (answer?.kind !== "server_time") {
      const why = answer?.kind === "failed" ? answer.details : "no answer";
      return { end: skipped(`The venue's clock can't be read: ${why}`), value: undefined };
    }
    // The venue read its clock somewhere between the two.
    const skewMs = Math.round(answer.tsVenueMs - (sentMs + receivedMs) / 2);
    const uncertainMs = Math.ceil((receivedMs - sentMs) / 2);
    const seen = `This machine's clock is ${Math.abs(skewMs)} ms ${
      skewMs > 0 ? "behind" : "ahead of"
    } the venue's (±${uncertainMs} ms).`;
    const end = Math.abs(skewMs) <= limitMs + uncertainMs ? passed(seen) : failed(
      seen,
      `Let this machine follow a time server (\`timedatectl set-ntp true\`, or chrony). Orders are refused beyond ${limitMs} ms (risk.market.maxClockSkewMs), signatures by many venues beyond some seconds.`,
    );
    return { end, value: undefined };
  }

  async #marketData(
    patient: Patient,
  ): Promise<{ readonly end: CheckEnd; readonly value: InstrumentId | undefined }> {
    const { patienceMs } = this.#options.options;
    const quote = await patient.until(
      () => patient.snapshot().quotes.find(({ bidPrice, askPrice }) => bidPrice > 0 && askPrice > 0),
      patienceMs,
    );
    if (quote !== undefined) {
      const seen = `${quote.instrument} quotes ${quote.bidPrice} / ${quote.askPrice}${streamWords(patient)}.`;
      const unlisted = this.#unlistedSymbols(patient);
      const end = unlisted.length === 0 ? passed(seen) : failed(
        `${unlisted.join(", ")}: ${patient.venue} lists nothing of this name. ${seen}`,
        "Write symbols as berth names them, BTC-PERP and not the venue's BTC-USD-PERP, under venues.symbols.",
      );
      return { end, value: quote.instrument };
    }
    const listed = patient.snapshot().quotes.length;
    const words = lastWords(patient.troubles());
    return {
      end: failed(
        `No quote came within ${patienceMs} ms${listed === 0 ? ": no instrument matches" : ""}${
          words === "" ? "." : `: ${words}`
        }`,
        listed === 0
          ? "Name symbols that the venue lists under venues.symbols."
          : "Check whether WebSockets get through (proxies often stop them), and the venue's status page.",
      ),
      value: undefined,
    };
  }

  /** Symbols of the configuration that no instrument of the venue has. */
  #unlistedSymbols(patient: Patient): readonly string[] {
    const listed = new Set(patient.snapshot().quotes.map(({ instrument }) => symbolOf(instrument)));
    const { symbols = [] } = this.#options.options.config.venues;
    return symbols.filter((symbol) => !listed.has(symbol));
  }

  async #privateStream(
    patient: Patient,
    access: AdapterAccess,
  ): Promise<{ readonly end: CheckEnd; readonly value: boolean }> {
    const { patienceMs } = this.#options.options;
    if (access.isPaper) return { end: skipped("Paper trading needs none."), value: true };
    if (Object.keys(access.secrets).length === 0) {
      return { end: skipped("There is none without credentials."), value: false };
    }
    const venue = await patient.until(() => {
      const found = patient.snapshot().venues.find((one) => one.venue === patient.venue);
      return found?.health?.privateStream === "connected" && found.isReconciled ? found : undefined;
    }, patienceMs);
    if (venue !== undefined) {
      const { foreignOrders, foreignPositions } = venue;
      const seen =
        `Logged in; the account has ${foreignOrders.length} open orders and ${foreignPositions.length} positions.`;
      return { end: passed(seen), value: true };
    }
    const words = lastWords(patient.troubles());
    return {
      end: failed(
        `It was not up and compared within ${patienceMs} ms${words === "" ? "." : `: ${words}`}`,
        "Check that the key may trade and read, and that the venue allows another private connection of this account.",
      ),
      value: false,
    };
  }

  async #order(patient: Patient, instrument: InstrumentId | undefined, hasStream: boolean): Promise<void> {
    const { isTrading, environment } = this.#options.options;
    if (!isTrading) return this.#add("order", skipped("None is placed without --trade."));
    if (environment === "paper") return this.#add("order", skipped("Paper orders reach no venue."));
    if (instrument === undefined || !hasStream) {
      return this.#add("order", skipped("None is placed without market data and a private stream."));
    }
    await this.#timed("order", async () => ({
      end: await this.#placeAndCancel(patient, instrument),
      value: undefined,
    }));
  }

  async #placeAndCancel(patient: Patient, instrument: InstrumentId): Promise<CheckEnd> {
    const { options: { environment, patienceMs }, clock } = this.#options;
    const read = await probeManifest(
      createSandbox(sandboxKind, { clock, projectDir: projectFolder }),
      probeSource,
      false,
    );
    if (read.kind === "broken") return failed(read.why, "Reinstall berth.");
    const grants = environment === "live" ? await this.#grantedForOnce(read.manifest) : this.#options.grants;
    await patient.startStrategy(probeSource, probeFolder, { instrument }, grants);
    const told = (): readonly Line[] =>
      patient.lines.filter(({ source, message }) => source === probeId && message === "order");
    const last = await patient.until(() => {
      const line = told().at(-1);
      return doneStatuses.has(String(line?.fields["status"])) ? line : undefined;
    }, patienceMs);
    await patient.stopStrategies();
    const { status = "", reason = "", text = "", clientOrderId = "", price, sizeBase } =
      (last ?? told().at(-1))?.fields ?? {};
    const terms = `${sizeBase} of ${instrument} at ${price}, order ${clientOrderId}`;
    switch (status) {
      case "cancelled": {
        const left = await this.#isLeft(patient, String(clientOrderId));
        if (left !== undefined) return failed(`${terms}: ${left}`, "Look at the venue and cancel it there.");
        const wasOpen = told().some(({ fields }) => fields["status"] === "accepted");
        return wasOpen ? passed(`Placed and cancelled: ${terms}.`) : failed(
          `The venue ended it at once (${reason} ${text}): ${terms}.`,
          "See the venue's rules for post-only orders, and whether the market trades.",
        );
      }
      case "refused":
        return failed(
          `The risk gate refused it: ${reason}. ${text}`,
          `See docs/refusals.md on ${reason}; limits are under risk in berth.json.`,
        );
      case "rejected":
        return failed(
          `The venue refused it: ${reason}. ${text}`,
          "Check the key's permission to trade, the account's margin and the venue's text.",
        );
      case "filled":
        return failed(
          `It was filled: ${terms}.`,
          "Close the position at the venue: the market fell by 3 % within a moment.",
        );
      case "":
        return failed(`No order was placed within ${patienceMs} ms.`, lastWords(patient.troubles()));
      default: {
        const left = await this.#isLeft(patient, String(clientOrderId));
        return failed(
          `It was ${status} after ${patienceMs} ms${left === undefined ? "" : `, and ${left}`}: ${terms}.`,
          "Look at the venue for this order, and cancel it there if it is open.",
        );
      }
    }
  }

  /** What the venue still says of the order; undefined when it is surely not open. */
  async #isLeft(patient: Patient, clientOrderId: string): Promise<string | undefined> {
    const answer = await patient.questions?.ask(patient.venue, { kind: "open_orders" }, questionTimeoutMs);
    if (answer?.kind !== "open_orders") return "the venue did not say whether it is open";
    return answer.orders.some((order) => order.clientOrderId === clientOrderId)
      ? "the venue lists it as open"
      : undefined;
  }

  /** The flag on the command line is the approval, for this one strategy and this run; nothing is written down. */
  async #grantedForOnce(manifest: Manifest): Promise<GrantBook> {
    return approve(this.#options.grants, {
      pluginId: manifest.id,
      fingerprint: fingerprint(await filesHash(probeSource), manifest),
      manifest,
      live: true,
      tsApprovedMs: this.#options.clock.epochMs(),
    });
  }
}

const doneStatuses: ReadonlySet<string> = new Set(["cancelled", "rejected", "filled", "expired"]);

/** How the venue's stream does, once the adapter has told it. */
function streamWords(patient: Patient): string {
  const health = patient.snapshot().venues.find(({ venue }) => venue === patient.venue)?.health;
  if (health === undefined) return "";
  const { updatesPerSecond, latencyAverageMs, latencyP99Ms } = health;
  const latency = latencyAverageMs === undefined || latencyP99Ms === undefined
    ? ""
    : `, ${latencyAverageMs.toFixed(0)} ms old on average and ${latencyP99Ms.toFixed(0)} ms at p99`;
  return `; ${updatesPerSecond.toFixed(1)} updates a second${latency}`;
}

/** The newest trouble in one line. */
function lastWords(lines: readonly Line[]): string {
  const line = lines.at(-1);
  if (line === undefined) return "";
  const facts = Object.entries(line.fields).map(([name, value]) => `${name} ${value}`).join(", ");
  return facts === "" ? line.message : `${line.message} (${facts})`;
}
