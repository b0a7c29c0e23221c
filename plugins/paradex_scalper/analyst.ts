/**
 * An analyst of your choice, such as a language model behind an HTTP endpoint, who may veto a signal or make it smaller.
 * Off as long as {@link analystUrl} is empty. Naming one makes this plugin ask for permission to reach its host: berth
 * will wait for your approval.
 *
 * The analyst gets `POST` with JSON: `{ instrument, side, price, score, confidence, reasons }` and answers
 * `{ "decision": "take" | "veto", "scale": 0.5, "reason": "…" }`; `scale`, from 0 to 1, is optional.
 */
import type { Signal } from "./signal.ts";

/** Such as `http://127.0.0.1:8080/signal`. */
export const analystUrl: string = "";

export interface Opinion {
  readonly decision: "take" | "veto";
  /** Share of the size that is left, 0 to 1. */
  readonly scale: number;
  readonly reason: string;
}

/** `host:port` to ask permission for; none while there is no analyst. */
export function analystHosts(url: string): readonly string[] {
  if (url === "") return [];
  const { hostname, port, protocol } = new URL(url);
  return [`${hostname}:${port === "" ? (protocol === "https:" ? "443" : "80") : port}`];
}

export interface Question {
  readonly url: string;
  readonly instrument: string;
  readonly signal: Signal;
  readonly timeoutMs: number;
  /** The opinion when none comes in time, or none that can be read. */
  readonly onSilence: "take" | "skip";
}

/** Asks once. Never throws: silence and nonsense are opinions too, as the settings say. */
export async function askAnalyst(question: Question, send: typeof fetch): Promise<Opinion> {
  const { url, instrument, signal, timeoutMs, onSilence } = question;
  const { side, price, score, confidence, reasons } = signal;
  const silent = (reason: string): Opinion => ({
    decision: onSilence === "take" ? "take" : "veto",
    scale: 1,
    reason: `the analyst gave no answer: ${reason}`.slice(0, 200),
  });
  try {
    const response = await send(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ instrument, side, price, score, confidence, reasons }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) return silent(`HTTP ${response.status}`);
    return opinionOf(await response.json()) ?? silent("it can't be read");
  } catch (error) {
    return silent(error instanceof Error ? error.message : String(error));
  }
}

function opinionOf(found: unknown): Opinion | undefined {
  if (typeof found !== "object" || found === null || !("decision" in found)) return undefined;
  const { decision } = found;
  if (decision !== "take" && decision !== "veto") return undefined;
  const scale = "scale" in found ? found.scale : 1;
  if (typeof scale !== "number" || !(scale >= 0 && scale <= 1)) return undefined;
  const reason = "reason" in found && typeof found.reason === "string" ? found.reason.slice(0, 200) : "";
  return { decision, scale, reason };
}
