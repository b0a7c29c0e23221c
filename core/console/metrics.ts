/**
 * Metrics for Prometheus, made of the host's newest picture when somebody asks for them. Counters are the host's own
 * sums; only what the console itself does (its requests) is counted here.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { addHistograms, emptyHistogram, type LatencyHistogram } from "../model/latency_histogram.ts";
import { alertSeverities } from "../alerts/alert.ts";
import { refusalCodes } from "../model/refusals.ts";
import { scopeName, tradingStates } from "../model/risk_limits.ts";
import { KeptHistogram } from "./kept_histogram.ts";
import type { HostPicture } from "./ports.ts";

const prefix = "berth_";
type Labels = Readonly<Record<string, string>>;

/** A counter whose sum is kept elsewhere. */
interface Sum {
  set(labels: Labels, total: number): void;
}

const deliveryResults = ["sent", "failed", "limited", "dropped"] as const;
const pnlParts = ["realized", "unrealized", "fees", "funding", "total", "today"] as const;
const connectionStates = ["connecting", "connected", "reconnecting", "stopped"] as const;

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<"method" | "status">;
  readonly #durations: Histogram<"method">;
  readonly #update: (picture: HostPicture) => void;
  #watchers = 0;

  constructor() {
    this.#requests = new Counter({
      name: `${prefix}console_requests_total`,
      help: "Requests to the console.",
      labelNames: ["method", "status"],
      registers: [this.#registry],
    });
    this.#durations = new Histogram({
      name: `${prefix}console_request_seconds`,
      help: "Time the console took to answer.",
      labelNames: ["method"],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers: [this.#registry],
    });
    this.#update = this.#families();
  }

  /** One request of the console itself. */
  request(method: string, status: number, durationMs: number): void {
    const named = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"].includes(method) ? method : "other";
    this.#requests.inc({ method: named, status: String(status) });
    this.#durations.observe({ method: named }, durationMs / 1000);
  }

  set watchers(count: number) {
    this.#watchers = count;
  }

  update(picture: HostPicture): void {
    this.#update(picture);
  }

  async render(): Promise<{ readonly text: string; readonly contentType: string }> {
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge<string> {
    return new Gauge({ name: prefix + name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }

  #sum(name: string, help: string, labelNames: readonly string[]): Sum {
    const counter = new Counter({
      name: prefix + name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
    });
    const totals = new Map<string, number>();
    return {
      set(labels, total) {
        const key = JSON.stringify(labels);
        const before = totals.get(key) ?? 0;
        counter.inc({ ...labels }, Math.max(0, total - before));
        totals.set(key, Math.max(before, total));
      },
    };
  }

  /** A histogram whose counts are kept elsewhere. */
  #distribution(name: string, help: string, labelNames: readonly string[]) {
    const histogram = new KeptHistogram({ name: prefix + name, help, labelNames, registry: this.#registry });
    return (labels: Labels, counted: LatencyHistogram): void => histogram.set(labels, counted);
  }

  /** Makes every family, and gives back what fills them all. */
  #families(): (picture: HostPicture) => void {
    const parts = [
      this.#hostFamilies(),
      this.#marketFamilies(),
      this.#venueFamilies(),
      this.#orderFamilies(),
      this.#riskFamilies(),
      this.#pluginFamilies(),
      this.#alertFamilies(),
    ];
    return (picture) => {
      for (const part of parts) part(picture);
    };
  }

  #hostFamilies(): (picture: HostPicture) => void {
    const info = this.#gauge("info", "The run; always 1.", ["version", "environment"]);
    const uptime = this.#gauge("uptime_seconds", "Time since the start.");
    const memory = this.#gauge("host_resident_bytes", "Resident memory of the host's process.");
    const delay = this.#gauge(
      "host_loop_delay_seconds",
      "How late the host's own timer ran at worst lately.",
    );
    const notices = this.#sum("notices_total", "What people were told, by code.", ["code"]);
    const watchers = this.#gauge("console_live_clients", "Clients of the live events.");
    return ({ run, engine }) => {
      info.set({ version: run.version, environment: run.environment }, 1);
      uptime.set(run.uptimeMs / 1000);
      memory.set(run.hostRssMb * (1 << 20));
      delay.set(run.loopDelayMs / 1000);
      watchers.set(this.#watchers);
      for (const [code, total] of Object.entries(engine.notices)) notices.set({ code }, total);
    };
  }

  #marketFamilies(): (picture: HostPicture) => void {
    const quotes = this.#sum("quotes_total", "Quotes taken, by venue.", ["venue"]);
    const trades = this.#sum("trades_total", "Public trades taken, by venue.", ["venue"]);
    const age = this.#gauge("quote_age_seconds", "Age of the newest quote.", ["instrument"]);
    const latency = this.#distribution(
      "quote_latency_ms",
      "Receive time less venue time of quotes from streams, clock skew included.",
      ["venue"],
    );
    const opportunities = this.#sum("opportunities_total", "Opportunities strategies told of.", ["kind"]);
    return ({ engine, opportunities: found }) => {
      const venues = new Map<string, { quotes: number; trades: number; latency: LatencyHistogram }>();
      for (const quote of engine.quotes) {
        const venue = quote.instrument.slice(0, quote.instrument.indexOf(":"));
        const sums = venues.get(venue) ?? { quotes: 0, trades: 0, latency: emptyHistogram };
        venues.set(venue, {
          quotes: sums.quotes + quote.updates,
          trades: sums.trades + quote.trades,
          latency: addHistograms(sums.latency, quote.latency),
        });
        if (Number.isFinite(quote.ageMs)) age.set({ instrument: quote.instrument }, quote.ageMs / 1000);
      }
      for (const [venue, sums] of venues) {
        quotes.set({ venue }, sums.quotes);
        trades.set({ venue }, sums.trades);
        latency({ venue }, sums.latency);
      }
      opportunities.set({ kind: "seen" }, found.seen);
      opportunities.set({ kind: "taken" }, found.taken);
    };
  }

  #venueFamilies(): (picture: HostPicture) => void {
    const state = this.#gauge("websocket_state", "1 for the state that a venue's connection is in.", [
      "venue",
      "stream",
      "state",
    ]);
    const heartbeat = this.#gauge("venue_heartbeat_age_seconds", "Since the last frame of any kind.", [
      "venue",
    ]);
    const rate = this.#gauge("venue_updates_per_second", "Updates a second.", ["venue"]);
    const gaps = this.#sum("venue_gaps_total", "Breaks in sequences.", ["venue"]);
    const reconnects = this.#sum("venue_reconnects_total", "Connections that were made again.", ["venue"]);
    const reconciled = this.#gauge("venue_reconciled", "1 when the account agrees with the venue.", [
      "venue",
    ]);
    const armed = this.#gauge("venue_dead_mans_switch_armed", "1 when the venue would cancel our orders.", [
      "venue",
    ]);
    const tokens = this.#gauge("venue_request_tokens", "Requests that may be sent at once.", ["venue"]);
    const pending = this.#gauge("venue_pending_requests", "Requests without an answer yet.", ["venue"]);
    const requests = this.#sum("venue_requests_total", "Requests to a venue, by kind and end.", [
      "venue",
      "request",
      "end",
    ]);
    const latency = this.#distribution("venue_request_ms", "Time until a request was answered.", [
      "venue",
      "request",
    ]);
    const repairs = this.#sum("reconciliation_repairs_total", "Differences put right, by kind.", [
      "venue",
      "kind",
    ]);
    return ({ engine }) => {
      for (const one of engine.venues) {
        const { venue, health } = one;
        for (const name of connectionStates) {
          state.set(
            { venue, stream: "market_data", state: name },
            Number((health?.marketData ?? "stopped") === name),
          );
          if (health?.privateStream === undefined) continue;
          state.set({ venue, stream: "private", state: name }, Number(health.privateStream === name));
        }
        reconciled.set({ venue }, Number(one.isReconciled));
        tokens.set({ venue }, one.rateBudget.tokens);
        pending.set({ venue }, one.pendingRequests);
        for (const [kind, total] of Object.entries(one.reconciliations)) {
          if (kind !== "rounds") repairs.set({ venue, kind }, total);
        }
        if (health === undefined) continue;
        if (Number.isFinite(health.heartbeatAgeMs)) heartbeat.set({ venue }, health.heartbeatAgeMs / 1000);
        rate.set({ venue }, health.updatesPerSecond);
        gaps.set({ venue }, health.gaps);
        reconnects.set({ venue }, health.reconnects);
        if (health.deadMansSwitch !== undefined) {
          armed.set({ venue }, Number(health.deadMansSwitch === "armed"));
        }
      }
      for (const { venue, request, ends, latency: histogram } of engine.requests) {
        for (const [end, total] of Object.entries(ends)) requests.set({ venue, request, end }, total);
        latency({ venue, request }, histogram);
      }
    };
  }

  #orderFamilies(): (picture: HostPicture) => void {
    const working = this.#gauge("orders_working", "Orders that are not done, by state.", ["status"]);
    const done = this.#sum("orders_done_total", "Orders that ended, by their last state.", ["status"]);
    const orders = this.#sum("orders_total", "Orders sent.", []);
    const fills = this.#sum("fills_total", "Fills booked.", []);
    const trips = this.#sum("round_trips_total", "Positions that went from flat to flat.", []);
    const position = this.#gauge("position_base", "Position in base units, long positive.", [
      "plugin",
      "instrument",
    ]);
    return ({ engine, counts }) => {
      working.reset();
      for (const { status } of engine.workingOrders) working.inc({ status });
      for (const [status, total] of Object.entries(engine.ordersDone)) done.set({ status }, total);
      orders.set({}, counts.orders);
      fills.set({}, counts.fills);
      trips.set({}, counts.roundTrips);
      for (const { plugin, instrument, sizeBase } of engine.positions) {
        position.set({ plugin, instrument }, sizeBase);
      }
    };
  }

  #riskFamilies(): (picture: HostPicture) => void {
    const refusals = this.#sum("refusals_total", "Orders the risk gate refused, by code.", ["code"]);
    const state = this.#gauge("trading_state", "1 for the state that a scope is in.", ["scope", "state"]);
    const pnl = this.#gauge("pnl_usd", "Profit and loss.", ["scope", "part"]);
    const drawdown = this.#gauge("drawdown_usd", "Fall of the profit and loss from its highest.", ["scope"]);
    const gross = this.#gauge("gross_exposure_usd", "Worst case, open orders filled.", ["scope"]);
    const net = this.#gauge("net_exposure_usd", "Worst case, open orders filled.", ["scope"]);
    const set = (gauge: Gauge<string>, labels: Labels, value: number): void => {
      if (Number.isFinite(value)) gauge.set({ ...labels }, value);
      else gauge.remove({ ...labels }); // what is not known is absent, not old
    };
    return ({ engine }) => {
      for (const code of refusalCodes) refusals.set({ code }, engine.refusals[code] ?? 0);
      for (const one of engine.scopes) {
        const scope = scopeName(one.scope);
        for (const name of tradingStates) state.set({ scope, state: name }, Number(one.state === name));
        for (const part of pnlParts) set(pnl, { scope, part }, one.pnl[`${part}Usd`]);
        set(drawdown, { scope }, one.drawdownUsd);
        set(gross, { scope }, one.grossExposureUsd);
        set(net, { scope }, one.netExposureUsd);
      }
    };
  }

  #alertFamilies(): (picture: HostPicture) => void {
    const watching = this.#gauge("alerts_watching", "0 while alerts are on and nobody watches.");
    const restarts = this.#sum("alerts_restarts_total", "Alerts begun anew after they had failed.", []);
    const told = this.#sum("alerts_total", "What people were told by alerts.", ["rule", "severity", "kind"]);
    const active = this.#gauge("alerts_active", "Alerts that are raised now.", ["severity"]);
    const channels = ["channel"];
    const deliveries = this.#sum("alert_deliveries_total", "Attempts and notes of alert channels.", [
      "channel",
      "result",
    ]);
    const up = this.#gauge("alert_channel_up", "0 while a channel does not deliver.", channels);
    const queued = this.#gauge("alert_channel_queued", "Notes that wait for a channel.", channels);
    return ({ alerts: { watch, status: alerts } }) => {
      watching.reset();
      if (watch.state !== "off") watching.set(Number(watch.state === "watching"));
      restarts.set({}, watch.restarts);
      if (alerts === undefined) return;
      for (const { count, ...labels } of alerts.told) told.set(labels, count);
      for (const severity of alertSeverities) {
        active.set({ severity }, alerts.active.filter((one) => one.severity === severity).length);
      }
      for (const { name: channel, circuit, ...counts } of alerts.channels) {
        up.set({ channel }, Number(circuit === "closed"));
        queued.set({ channel }, counts.queued);
        for (const result of deliveryResults) deliveries.set({ channel, result }, counts[result]);
      }
    };
  }

  #pluginFamilies(): (picture: HostPicture) => void {
    const state = this.#gauge("plugin_state", "1 for the state that a plugin is in.", ["plugin", "state"]);
    const cpu = this.#gauge("plugin_cpu_share", "Share of one core.", ["plugin"]);
    const memory = this.#gauge("plugin_resident_bytes", "Resident memory.", ["plugin"]);
    const heap = this.#gauge("plugin_heap_bytes", "JavaScript heap in use.", ["plugin"]);
    const delay = this.#gauge("plugin_loop_delay_seconds", "How late the plugin's timers ran.", ["plugin"]);
    const heartbeat = this.#gauge("plugin_heartbeat_age_seconds", "Since its last heartbeat.", ["plugin"]);
    const restarts = this.#sum("plugin_restarts_total", "Restarts after crashes.", ["plugin"]);
    const conflated = this.#sum("plugin_conflated_records_total", "Market data it was too slow to see.", [
      "plugin",
    ]);
    const gauge = this.#gauge("plugin_gauge", "What a plugin reports under a name of its own.", [
      "plugin",
      "name",
    ]);
    return ({ plugins, gauges }) => {
      for (const family of [state, cpu, memory, heap, delay, heartbeat]) family.reset();
      for (const { id: plugin, state: now, restarts: count, usage } of plugins) {
        state.set({ plugin, state: now }, 1);
        restarts.set({ plugin }, count);
        if (usage === undefined) continue;
        cpu.set({ plugin }, usage.cpuShare);
        memory.set({ plugin }, usage.rssBytes);
        heap.set({ plugin }, usage.heapUsedBytes);
        delay.set({ plugin }, usage.loopDelayMs / 1000);
        heartbeat.set({ plugin }, usage.heartbeatAgeMs / 1000);
        conflated.set({ plugin }, usage.conflatedRecords);
      }
      for (const { plugin, name, value } of gauges) {
        if (Number.isFinite(value)) gauge.set({ plugin, name }, value);
      }
    };
  }
}
