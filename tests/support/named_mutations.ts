/** Single lines of the code that decides about orders, and how each is broken: always the same ones, found by their text. */

export interface NamedMutation {
  readonly file: string;
  /** The line without its indentation. */
  readonly line: string;
  /** What in it is replaced by what. */
  readonly from: string;
  readonly to: string;
}

const manager = "core/execution/order_manager.ts";
const life = "core/execution/order_life.ts";
const pursuit = "core/execution/order_pursuit.ts";
const comparison = "core/execution/reconciliation/position_comparison.ts";
const reconciliation = "core/execution/reconciliation/account_reconciliation.ts";

export const namedMutations: readonly NamedMutation[] = [
  { file: manager, line: "if (this.#known.hasFill(key)) return false;", from: "(key)", to: "(venue)" },
  {
    file: manager,
    line: "if (tracked.isCancelWanted) this.#pursuit.sendCancel(tracked, nowUs, cause);",
    from: "tracked.isCancelWanted",
    to: "!tracked.isCancelWanted",
  },
  {
    file: manager,
    line: "if (tracked.venue === venue && isOld && !named.has(tracked)) wantQuery(tracked, nowUs, 0);",
    from: "!named",
    to: "named",
  },
  {
    file: manager,
    line: "const isBehind = report.filledLots > tracked.order.filledLots;",
    from: ">",
    to: "<",
  },
  {
    file: life,
    line: "if (order.filledLots < end.reportedLots) {",
    from: "<",
    to: ">",
  },
  {
    file: life,
    line: "const filledTicksLots = order.filledTicksLots + BigInt(fill.priceTicks) * BigInt(fill.sizeLots);",
    from: "+",
    to: "-",
  },
  {
    file: pursuit,
    line: "if (isFinalStatus(order.status) || tracked.isCancelInFlight || isWaiting) return;",
    from: " || isWaiting",
    to: "",
  },
  {
    file: pursuit,
    line: "tracked.nextQueryUs = nowUs + this.#backoffUs(tracked.queryAttempts);",
    from: "+",
    to: "-",
  },
  {
    file: pursuit,
    line: "if (tracked.notFoundCount < 2 || !isFillsRead || isFinalStatus(tracked.order.status)) return;",
    from: "< 2",
    to: "< 1",
  },
  {
    file: pursuit,
    line: 'const event = tracked.isAcknowledged || filledLots > 0 ? "gone" : "never_arrived";',
    from: "tracked.isAcknowledged || ",
    to: "",
  },
  { file: comparison, line: "if (differenceLots === foreignLots) continue;", from: "===", to: "!==" },
  {
    file: comparison,
    line: "const isConfirmed = look.isFirst ? !isMoving : isRepeated && look.areFillsRead;",
    from: "!isMoving",
    to: "isMoving",
  },
  {
    file: reconciliation,
    line: "const isComplete = reconciliationKinds.every((one) => this.#questions[one].readUs > -Infinity);",
    from: "every",
    to: "some",
  },
  {
    file: "core/execution/request_ledger.ts",
    line: 'return this.#giveUp((pending) => pending.deadlineUs <= nowUs, "timeout");',
    from: "<=",
    to: ">",
  },
  {
    file: "core/execution/rate_budget.ts",
    line: "return this.tokens(nowUs) - 1 >= this.#settings.burst * this.#settings.reservedShare;",
    from: "- 1 >=",
    to: "+ 1 >=",
  },
  {
    file: "core/execution/client_order_ids.ts",
    line: "if (counter !== undefined && counter >= this.#next) this.#next = counter + 1;",
    from: "counter + 1",
    to: "counter",
  },
  {
    file: "core/execution/leg_groups/group_step.ts",
    line: "return nakedSinceUs !== undefined && nowUs - nakedSinceUs >= maxMs * 1000;",
    from: ">=",
    to: "<",
  },
  {
    file: "core/execution/leg_groups/balance.ts",
    line: "if (ahead === 0n) return undefined;",
    from: "===",
    to: "!==",
  },
  {
    file: "core/engine/other_hosts.ts",
    line: 'if (sign.kind === "fill" && sign.tsSeenMs <= this.#acknowledgedMs) return false;',
    from: "<=",
    to: ">",
  },
  {
    file: "core/engine/other_hosts.ts",
    line: 'return sign.kind === "fill" && ageMs < quietMs',
    from: "<",
    to: ">=",
  },
  {
    file: "core/engine/other_host_desk.ts",
    line:
      "if (tag === undefined || account === undefined || ageMs > settings.timing.otherHostWindowMs) return;",
    from: ">",
    to: "<",
  },
  {
    file: "core/engine/other_host_desk.ts",
    line: 'if (state?.state === "reducing" && state.reason === reasonOf(tag)) {',
    from: " && state.reason === reasonOf(tag)",
    to: "",
  },
  {
    file: "core/engine/market_limit_desk.ts",
    line: 'if (names.length === 0) return this.set(limits, by, "", cause);',
    from: "===",
    to: ">=",
  },
  {
    file: "core/risk/market_limit_changes.ts",
    line: "return after <= before;",
    from: "<=",
    to: ">=",
  },
  {
    file: "core/engine/flattening.ts",
    line: "const quiet = [...this.#jobs.values()].filter((job) => !this.#hasWorking(job));",
    from: ".filter((job) => !this.#hasWorking(job))",
    to: "",
  },
  {
    file: "core/risk/limits/trading_state.ts",
    line: 'const scopes = isClosingForPlugin ? all.filter(({ scope }) => scope.kind !== "plugin") : all;',
    from: "isClosingForPlugin",
    to: "true",
  },
  {
    file: "core/risk/breach_rules.ts",
    line: 'return value >= limit * (now.reason === reason ? haltAtBreachFactor : 1) ? "halted" : undefined;',
    from: ">=",
    to: "<",
  },
  {
    file: "core/engine/hedge_watch.ts",
    line: "if (limit === null || !(value > limit && value > beforeUsd)) continue;",
    from: " && value > beforeUsd",
    to: "",
  },
  {
    file: "core/engine/order_desk.ts",
    line: "for (const scope of scopesOf(intent, instrument)) states.countOrder(scope, time.monotonicUs);",
    from: "monotonicUs",
    to: "nowUs",
  },
];
