/** Addresses that the simulated venue knows: one funded master account, its agents, and its budget of actions. */
import type { SimulationClock } from "../../simulation/ports.ts";

interface Agent {
  readonly address: string;
  /** Empty for the one without a name. */
  readonly name: string;
  readonly validUntilMs: number;
}

export const maxNamedAgents = 3;
const maxNameLength = 16;
const maxValidMs = 180 * 86_400_000;

export class Agents {
  readonly #clock: SimulationClock;
  readonly #master: string;
  readonly #agents = new Map<string, Agent>();
  /** Addresses that were an agent once: they are never taken again. */
  readonly #former = new Set<string>();

  constructor(clock: SimulationClock, master: string, agentAddress: string) {
    this.#clock = clock;
    this.#master = master;
    if (agentAddress !== master) this.#put({ address: agentAddress, name: "", validUntilMs: Infinity });
  }

  /** The account that a signer acts for; undefined for unknown and expired ones. */
  accountOf(signer: string): string | undefined {
    if (signer === this.#master) return this.#master;
    const agent = [...this.#agents.values()].find(({ address }) => address === signer);
    return agent !== undefined && this.#clock.nowMs() < agent.validUntilMs ? this.#master : undefined;
  }

  isAgent(address: string): boolean {
    return [...this.#agents.values()].some((agent) => agent.address === address);
  }

  list(): readonly Agent[] {
    return [...this.#agents.values()];
  }

  /** The venue's words when it refuses; undefined when the agent may sign from now on. */
  approve(address: string, nameAndEnd: string): string | undefined {
    const match = /^(.*?)(?: valid_until (\d{1,15}))?$/.exec(nameAndEnd);
    const name = match?.[1] ?? "";
    const nowMs = this.#clock.nowMs();
    const validUntilMs = match?.[2] === undefined ? nowMs + maxValidMs : Number(match[2]);
    if (name.length > maxNameLength) return "Agent name is too long.";
    if (validUntilMs > nowMs + maxValidMs) return "Agent valid_until is too far in the future.";
    if (address === this.#master || this.#former.has(address)) return "Extra agent already used.";
    const named = [...this.#agents.keys()].filter((one) => one !== "").length;
    if (name !== "" && !this.#agents.has(name) && named >= maxNamedAgents) {
      return "Too many extra agents.";
    }
    this.#put({ address, name, validUntilMs });
    return undefined;
  }

  #put(agent: Agent): void {
    this.#agents.set(agent.name, agent);
    this.#former.add(agent.address);
  }
}

const startingBudget = 10_000;
const cancelExtra = 100_000;
/** With an empty budget one action passes in this time. */
const tricklePeriodMs = 10_000;

/** Requests that an address may make: 10,000 and one for each USDC traded. Cancels have more. */
export class AddressBudget {
  readonly #clock: SimulationClock;
  #used = 0;
  #lastTrickleMs = -Infinity;

  constructor(clock: SimulationClock) {
    this.#clock = clock;
  }

  get used(): number {
    return this.#used;
  }

  capOf(volumeUsd: number): number {
    return startingBudget + Math.floor(volumeUsd);
  }

  /** The venue's words when the budget is empty; undefined when the actions are counted. */
  take(count: number, isCancel: boolean, volumeUsd: number): string | undefined {
    const base = this.capOf(volumeUsd);
    const cap = isCancel ? Math.min(base + cancelExtra, 2 * base) : base;
    const nowMs = this.#clock.nowMs();
    const isTrickle = this.#used + count > cap;
    if (isTrickle && nowMs - this.#lastTrickleMs < tricklePeriodMs) {
      return `Too many cumulative requests sent (${
        this.#used + count
      } > ${cap}) for cumulative volume traded $${
        volumeUsd.toFixed(2)
      }. Place taker orders to free up 1 request per USDC traded.`;
    }
    if (isTrickle) this.#lastTrickleMs = nowMs;
    this.#used += count;
    return undefined;
  }
}
