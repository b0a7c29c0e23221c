/**
 * When one account is compared with its venue: at once when its connection is made or restored, and on a timer. This
 * decides what to ask and when; what an answer means is decided where orders and positions are kept.
 *
 * Invariants:
 * 1. `isReconciled` is false from the start of a connection until open orders, fills, positions and balances have each
 *    been read once, positions after fills. Until then no order is sent on the account.
 * 2. At most one request of a kind is on its way.
 * 3. What failed is asked again with growing pauses, without end.
 */
export const reconciliationKinds = ["open_orders", "fills", "positions", "balances"] as const;
export type ReconciliationKind = (typeof reconciliationKinds)[number];

export interface ReconciliationTiming {
  readonly reconcileOrdersEveryMs: number;
  readonly reconcilePositionsEveryMs: number;
}

interface Question {
  isInFlight: boolean;
  /** When it is to be asked next; Infinity for not at all. */
  nextUs: number;
  /** When the newest answered one had been asked. */
  readUs: number;
  askedUs: number;
  failures: number;
  /** Asked for again while one was on its way. */
  isWantedAgain: boolean;
}

const retryUs = 1_000_000;
const maxRetryUs = 30_000_000;
/** On demand at most this often; a second look at positions gives fills that are under way the time to come. */
const demandPauseUs: Readonly<Record<ReconciliationKind, number>> = {
  open_orders: 500_000,
  fills: 500_000,
  positions: 2_000_000,
  balances: 500_000,
};

const newQuestion = (): Question => ({
  isInFlight: false,
  nextUs: Infinity,
  readUs: -Infinity,
  askedUs: -Infinity,
  failures: 0,
  isWantedAgain: false,
});

export class AccountReconciliation {
  readonly #ask: (kind: ReconciliationKind) => void;
  readonly #periodUs: Readonly<Record<ReconciliationKind, number>>;
  #questions: Record<ReconciliationKind, Question> = AccountReconciliation.#fresh();
  #isRunning = false;
  #isReconciled = false;
  #rounds = 0;

  /** @param ask sends a request; its end comes back by `answered` or `failed` */
  constructor(timing: ReconciliationTiming, ask: (kind: ReconciliationKind) => void) {
    this.#ask = ask;
    const ordersUs = timing.reconcileOrdersEveryMs * 1000;
    const positionsUs = timing.reconcilePositionsEveryMs * 1000;
    this.#periodUs = {
      open_orders: ordersUs,
      fills: positionsUs,
      positions: positionsUs,
      balances: positionsUs,
    };
  }

  static #fresh(): Record<ReconciliationKind, Question> {
    return {
      open_orders: newQuestion(),
      fills: newQuestion(),
      positions: newQuestion(),
      balances: newQuestion(),
    };
  }

  get isReconciled(): boolean {
    return this.#isReconciled;
  }
  /** How often open orders, fills and positions were all read. */
  get rounds(): number {
    return this.#rounds;
  }

  /** When the newest answered request of a kind had been asked; -Infinity for none of this connection. */
  readUs(kind: ReconciliationKind): number {
    return this.#questions[kind].readUs;
  }

  /** When the timer asks next; Infinity while nothing is to be asked. */
  get nextDueUs(): number {
    if (!this.#isRunning) return Infinity;
    return Math.min(...reconciliationKinds.map((kind) => this.#questions[kind].nextUs));
  }

  /** A connection was made or restored: everything is asked for anew. */
  start(nowUs: number): void {
    this.#questions = AccountReconciliation.#fresh();
    this.#isRunning = true;
    this.#isReconciled = false;
    for (const kind of ["open_orders", "fills", "balances"] as const) this.#send(kind, nowUs);
  }

  /** The connection is gone; answers that still come belong to nobody. */
  stop(): void {
    this.#isRunning = false;
    this.#isReconciled = false;
    this.#questions = AccountReconciliation.#fresh();
  }

  /** Fills or positions are to be read soon, besides the timer. */
  want(kind: ReconciliationKind, nowUs: number): void {
    const question = this.#questions[kind];
    if (!this.#isRunning) return;
    if (question.isInFlight) question.isWantedAgain = true;
    else question.nextUs = Math.min(question.nextUs, Math.max(nowUs, question.askedUs + demandPauseUs[kind]));
  }

  /** An answer was dealt with. Returns true when it completed the first comparison. */
  answered(kind: ReconciliationKind, nowUs: number): boolean {
    const question = this.#questions[kind];
    if (!this.#isRunning || !question.isInFlight) return false;
    question.isInFlight = false;
    question.failures = 0;
    question.readUs = question.askedUs;
    question.nextUs = nowUs + (question.isWantedAgain ? demandPauseUs[kind] : this.#periodUs[kind]);
    question.isWantedAgain = false;
    if (kind === "fills" && this.#questions.positions.readUs === -Infinity) this.want("positions", nowUs);
    if (kind === "positions") this.#rounds += 1;
    this.#sendDue(nowUs);
    const isComplete = reconciliationKinds.every((one) => this.#questions[one].readUs > -Infinity);
    const isFirst = isComplete && !this.#isReconciled;
    if (isComplete) this.#isReconciled = true;
    return isFirst;
  }

  /** Returns how often it failed in a row. */
  failed(kind: ReconciliationKind, nowUs: number): number {
    const question = this.#questions[kind];
    if (!this.#isRunning || !question.isInFlight) return 0;
    question.isInFlight = false;
    question.failures += 1;
    question.nextUs = nowUs + Math.min(maxRetryUs, retryUs * 2 ** (question.failures - 1));
    return question.failures;
  }

  tick(nowUs: number): void {
    if (this.#isRunning) this.#sendDue(nowUs);
  }

  #sendDue(nowUs: number): void {
    for (const kind of reconciliationKinds) {
      const { isInFlight, nextUs } = this.#questions[kind];
      if (!isInFlight && nowUs >= nextUs) this.#send(kind, nowUs);
    }
  }

  #send(kind: ReconciliationKind, nowUs: number): void {
    const question = this.#questions[kind];
    question.isInFlight = true;
    question.askedUs = nowUs;
    question.nextUs = Infinity;
    this.#ask(kind);
  }
}
