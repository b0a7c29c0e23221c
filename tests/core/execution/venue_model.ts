/**
 * A venue, slow and obvious: it has the truth about every order, and a wire that loses, repeats and reorders what it says.
 * The order manager is right when, once the wire heals, it believes the truth.
 */
import { ClientOrderIds } from "../../../core/execution/client_order_ids.ts";
import { OrderManager } from "../../../core/execution/order_manager.ts";
import type { OrderManagerPort } from "../../../core/execution/order_manager_port.ts";
import type { Fill } from "../../../core/model/account.ts";
import type { AdapterRequest } from "../../../core/model/adapter_request.ts";
import { causeId, type ClientOrderId, fillId, venueOrderId } from "../../../core/model/ids.ts";
import { zeroMoney } from "../../../core/model/money.ts";
import { isFinalStatus, type Order, type OrderReport } from "../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { checkOrder } from "../../../core/risk/gate.ts";
import { alpha, maker } from "../../support/engine_builders.ts";
import { factsOf } from "../risk/order_facts_builder.ts";

interface TrueOrder {
  readonly id: ClientOrderId;
  sizeLots: number;
  priceTicks: number;
  filledLots: number;
  status: OrderReport["status"];
}

/** What the venue said and the host has not heard yet. */
type Saying =
  | {
    readonly kind: "answer";
    readonly request: AdapterRequest;
    readonly outcome: "ok" | "rejected" | "lost" | "done";
  }
  | { readonly kind: "report"; readonly report: OrderReport }
  | { readonly kind: "fill"; readonly fill: Fill };

const cause = causeId("test/1");

export class VenueModel {
  readonly manager: OrderManager;
  readonly orders = new Map<ClientOrderId, TrueOrder>();
  readonly submitted: ClientOrderId[] = [];
  readonly booked = new Map<string, number>();
  readonly notices: string[] = [];
  readonly changes: { readonly before: Order | undefined; readonly after: Order; readonly event: string }[] =
    [];
  readonly #fills: Fill[] = [];
  readonly #wire: Saying[] = [];
  readonly #arriving: AdapterRequest[] = [];
  #areFillsWanted = false;
  #fillsReadUs = -Infinity;
  #serial = 0;
  nowUs = 1_000_000_000;

  constructor() {
    const port: OrderManagerPort = {
      send: (_venue, request) => {
        if (request.kind === "submit") this.submitted.push(request.order.clientOrderId);
        this.#arriving.push(request);
      },
      canSend: () => true,
      orderChanged: (before, after, event) => this.changes.push({ before, after, event }),
      filled: (_order, fill) => {
        this.booked.set(fill.fillId, (this.booked.get(fill.fillId) ?? 0) + 1);
      },
      foreignFill: () => this.notices.push("foreign_fill"),
      foreignOrder: () => this.notices.push("foreign_order"),
      fillsWanted: () => this.#areFillsWanted = true,
      fillsReadUs: () => this.#fillsReadUs,
      repaired: (_venue, repair) => this.notices.push(repair.kind),
      notice: (code) => this.notices.push(code),
      pluginOf: () => maker,
    };
    this.manager = new OrderManager(port, new ClientOrderIds("t1", 1), {
      queryEveryMs: 1_000,
      notFoundGraceMs: 3_000,
    });
  }

  // ---- what the host does

  submit(size: number): Order {
    this.#serial += 1;
    const decision = checkOrder(factsOf({ intent: { ref: `r${this.#serial}`, sizeLots: sizeLots(size) } }));
    if (decision.kind !== "approved") throw new Error("refused");
    return this.manager.submit(decision.intent, this.nowUs);
  }

  cancel(at: number): void {
    const id = this.submitted[at % Math.max(1, this.submitted.length)];
    if (id !== undefined) this.manager.cancel(id, this.nowUs, cause);
  }

  /** Returns whether the manager asked for it. */
  amend(at: number, size: number, price: number): boolean {
    const id = this.submitted[at % Math.max(1, this.submitted.length)];
    if (id === undefined) return false;
    const terms = { sizeLots: sizeLots(size), limitPriceTicks: priceTicks(price) };
    return this.manager.amend(id, terms, this.nowUs, cause);
  }

  pass(ms: number): void {
    this.nowUs += ms * 1000;
    this.manager.tick(this.nowUs);
  }

  // ---- what happens on the way and at the venue

  /** The oldest request reaches the venue, or is lost on the way there. */
  arrive(isLost: boolean): void {
    const request = this.#arriving.shift();
    if (request === undefined) return;
    if (isLost) {
      this.#wire.push({ kind: "answer", request, outcome: "lost" });
      return;
    }
    if (request.kind === "submit") {
      const { clientOrderId: id, sizeLots: size } = request.order;
      const order: TrueOrder = { id, sizeLots: size, priceTicks: 500_000, filledLots: 0, status: "open" };
      if (this.orders.has(id)) throw new Error("an order reached the venue twice");
      this.orders.set(id, order);
      this.#wire.push({ kind: "answer", request, outcome: "ok" });
      this.#say(order);
    } else if (request.kind === "cancel") {
      const order = this.orders.get(request.clientOrderId);
      const isOpen = order?.status === "open";
      this.#wire.push({ kind: "answer", request, outcome: isOpen ? "ok" : "done" });
      if (order !== undefined && isOpen) {
        order.status = "cancelled";
        this.#say(order);
      }
    } else if (request.kind === "amend") this.#amended(request);
    else this.#wire.push({ kind: "answer", request, outcome: "ok" });
  }

  /** The venue changes what is open, refuses a size that is filled already, and says so. */
  #amended(request: Extract<AdapterRequest, { readonly kind: "amend" }>): void {
    const order = this.orders.get(request.clientOrderId);
    if (order?.status !== "open") return void this.#wire.push({ kind: "answer", request, outcome: "done" });
    if (request.sizeLots <= order.filledLots) {
      return void this.#wire.push({ kind: "answer", request, outcome: "rejected" });
    }
    order.sizeLots = request.sizeLots;
    order.priceTicks = request.limitPriceTicks;
    this.#wire.push({ kind: "answer", request, outcome: "ok" });
    this.#say(order);
  }

  /** A submission is refused by the venue. */
  arriveAndRefuse(): void {
    const at = this.#arriving.findIndex((request) => request.kind === "submit");
    const [request] = at < 0 ? [] : this.#arriving.splice(at, 1);
    if (request?.kind !== "submit") return;
    const { clientOrderId: id, sizeLots: size } = request.order;
    this.orders.set(id, { id, sizeLots: size, priceTicks: 500_000, filledLots: 0, status: "rejected" });
    this.#wire.push({ kind: "answer", request, outcome: "rejected" });
  }

  fill(at: number, lots: number): void {
    const open = [...this.orders.values()].filter(({ status }) => status === "open");
    const order = open[at % Math.max(1, open.length)];
    if (order === undefined) return;
    const size = Math.min(lots, order.sizeLots - order.filledLots);
    order.filledLots += size;
    if (order.filledLots === order.sizeLots) order.status = "filled";
    this.#serial += 1;
    const fill: Fill = {
      instrument: factsOf().instrument.id,
      fillId: fillId(`f${this.#serial}`),
      venueOrderId: venueOrderId(`v${order.id}`),
      clientOrderId: order.id,
      side: "buy",
      priceTicks: priceTicks(500_000),
      sizeLots: sizeLots(size),
      liquidity: "maker",
      fee: zeroMoney,
      feeAsset: "USDC",
      tsVenueMs: 0,
      tsRecvUs: 0,
    };
    this.#fills.push(fill);
    this.#wire.push({ kind: "fill", fill });
    this.#say(order);
  }

  #say(order: TrueOrder): void {
    this.#wire.push({ kind: "report", report: this.#reportOf(order) });
  }

  #reportOf(order: TrueOrder): OrderReport {
    return {
      instrument: factsOf().instrument.id,
      clientOrderId: order.id,
      venueOrderId: venueOrderId(`v${order.id}`),
      side: "buy",
      sizeLots: sizeLots(order.sizeLots),
      filledLots: sizeLots(order.filledLots),
      limitPriceTicks: priceTicks(order.priceTicks),
      reduceOnly: false,
      status: order.status,
      reason: undefined,
      venueText: undefined,
      tsVenueMs: 0,
    };
  }

  // ---- what the host hears

  /** One saying is heard: any of them, for the wire reorders; heard again later when it repeats. */
  hear(at: number, isRepeated: boolean): void {
    if (this.#wire.length === 0) return;
    const index = at % this.#wire.length;
    const saying = this.#wire[index];
    if (saying === undefined) return;
    if (!isRepeated || saying.kind === "answer") this.#wire.splice(index, 1);
    this.#deliver(saying);
  }

  /** A report or a fill is lost; an answer is known to be lost when its time is over. */
  lose(at: number): void {
    if (this.#wire.length === 0) return;
    const [saying] = this.#wire.splice(at % this.#wire.length, 1);
    if (saying?.kind === "answer") this.#deliver({ ...saying, outcome: "lost" });
  }

  #deliver(saying: Saying): void {
    switch (saying.kind) {
      case "fill":
        this.manager.fill(alpha, saying.fill, this.nowUs, "stream");
        return;
      case "report":
        return this.manager.report(alpha, saying.report, this.nowUs, cause);
      case "answer":
        return this.#answer(saying);
      default:
        saying satisfies never;
    }
  }

  #answer({ request, outcome }: Extract<Saying, { readonly kind: "answer" }>): void {
    if (outcome === "lost") return this.manager.requestLost(request, "timeout", this.nowUs, cause);
    const rejected = { kind: "rejected" as const, code: "other" as const, venueCode: "", venueText: "" };
    if (request.kind === "submit") {
      const id = request.order.clientOrderId;
      const acknowledged = {
        kind: "acknowledged" as const,
        venueOrderId: venueOrderId(`v${id}`),
        tsVenueMs: 0,
      };
      this.manager.submitAnswered(id, outcome === "ok" ? acknowledged : rejected, this.nowUs, cause);
    } else if (request.kind === "cancel") {
      const done = { kind: "already_done" as const, venueText: "" };
      const answer = outcome === "ok" ? { kind: "acknowledged" as const } : done;
      this.manager.cancelAnswered(request.clientOrderId, answer, this.nowUs, cause);
    } else if (request.kind === "amend") {
      const id = request.clientOrderId;
      const acknowledged = { kind: "acknowledged" as const, venueOrderId: venueOrderId(`v${id}`) };
      const done = { kind: "already_done" as const, venueText: "" };
      const answer = outcome === "ok" ? acknowledged : outcome === "done" ? done : rejected;
      this.manager.amendAnswered(request, answer, this.nowUs, cause);
    } else if (request.kind === "query_order") {
      const order = this.orders.get(request.clientOrderId);
      const answer = order === undefined
        ? { kind: "not_found" as const }
        : { kind: "found" as const, report: this.#reportOf(order) };
      this.manager.queryAnswered(request.clientOrderId, answer, this.nowUs, cause);
    }
  }

  /** The account's fills and open orders are read, as the reconciliation does. */
  reconcile(): void {
    const askedUs = this.nowUs;
    for (const fill of this.#fills) this.manager.fill(alpha, fill, this.nowUs, "reconciliation");
    this.#areFillsWanted = false;
    this.#fillsReadUs = askedUs;
    const open = [...this.orders.values()].filter(({ status }) => status === "open");
    this.manager.openOrders(alpha, open.map((order) => this.#reportOf(order)), askedUs, this.nowUs, cause);
  }

  get areFillsWanted(): boolean {
    return this.#areFillsWanted;
  }

  /** From now on nothing is lost. Whatever is under way arrives, and time passes until nothing is left to ask. */
  heal(): void {
    for (let round = 0; round < 60; round++) {
      while (this.#arriving.length > 0) this.arrive(false);
      while (this.#wire.length > 0) this.hear(0, false);
      this.reconcile();
      this.pass(2_000);
    }
  }

  /** Differences between what the manager believes and the truth; empty when it is right. */
  differences(): readonly string[] {
    const found: string[] = [];
    for (const id of this.submitted) {
      const ours = this.manager.get(id);
      const truth = this.orders.get(id);
      const believed = ours === undefined
        ? "unknown to us"
        : isFinalStatus(ours.status)
        ? ours.status
        : "open";
      const filled = ours?.filledLots ?? 0;
      const wanted = truth?.status ?? "rejected"; // never arrived
      const price = ours?.pricing.kind === "limit" ? ours.pricing.limitPriceTicks : NaN;
      const isOpen = believed === "open" && wanted === "open";
      if (
        isOpen &&
        (ours?.sizeLots !== truth?.sizeLots || price !== truth?.priceTicks || ours?.amending !== undefined)
      ) {
        found.push(`${id}: ${ours?.sizeLots} at ${price}, but ${truth?.sizeLots} at ${truth?.priceTicks}`);
      }
      if (believed !== wanted || filled !== (truth?.filledLots ?? 0)) {
        found.push(`${id}: ${believed} ${filled}, but ${wanted} ${truth?.filledLots ?? 0} (${ours?.status})`);
      }
    }
    return found;
  }
}
