/** REST of the simulated Aster: limits, signatures and parameters before an endpoint sees a request. */
import { accountRoutes } from "./account_routes.ts";
import { isVenueError, refusal } from "./errors.ts";
import { marketRoutes } from "./market_routes.ts";
import type { Answer, Params, RestContext, Route } from "./routes.ts";
import { tradeRoutes } from "./trade_routes.ts";

const own: ReadonlySet<string> = new Set(["nonce", "user", "signer", "signature"]);

const routes: Readonly<Record<string, Route>> = { ...marketRoutes, ...tradeRoutes, ...accountRoutes };

function json(status: number, body: unknown, headers: Readonly<Record<string, string>>): Response {
  return Response.json(body, { status, headers });
}

export class RestApi {
  readonly #context: RestContext;

  constructor(context: RestContext) {
    this.#context = context;
  }

  async handle(request: Request): Promise<Response> {
    const response = await this.#answer(request);
    // An answer that never comes: the caller's own deadline ends the wait.
    if (response === "none") return await new Promise<Response>(() => {});
    return await new Promise((resolve) => this.#context.faults.delayedAlone(() => resolve(response)));
  }

  async #answer(request: Request): Promise<Response | "none"> {
    const { faults, limits } = this.#context;
    const url = new URL(request.url);
    const route = routes[`${request.method} ${url.pathname}`];
    // What the venue does not know is answered by its front, which knows no JSON.
    if (route === undefined) return new Response("<html>Not Found</html>", { status: 404 });
    const body = await request.text();
    const isForm = (request.headers.get("content-type") ?? "").startsWith(
      "application/x-www-form-urlencoded",
    );
    const text = request.method !== "GET" && isForm ? body : url.search.slice(1);
    const params = paramsOf(text);
    const verdict = limits.take(route.weight(params), route.orders?.(params) ?? 0);
    const headers = {
      "X-MBX-USED-WEIGHT-1M": String(limits.usedWeight),
      ...(route.orders === undefined ? {} : { "X-MBX-ORDER-COUNT-1M": String(limits.usedOrders) }),
    };
    const fate = route.isOrder === true ? faults.requestFate() : "normal";
    if (fate === "lose_request") return "none";
    if (verdict !== "admitted" || fate === "rate_limit") {
      const retry = { ...headers, "Retry-After": String(fate === "rate_limit" ? 1 : limits.retryAfterS) };
      const msg = verdict === "banned" ? "Way too many requests; IP banned." : "Too many requests.";
      return json(verdict === "banned" ? 418 : 429, { code: -1003, msg }, retry);
    }
    if (fate === "reject") {
      const msg =
        "Timeout waiting for response from backend server. Send status unknown; execution status unknown.";
      return json(503, { code: -1007, msg }, headers);
    }
    const answer = this.#serve(route, text, params);
    if (fate === "lose_answer") return "none";
    if (!isVenueError(answer)) return json(200, answer, headers);
    return json(answer.status, { code: answer.code, msg: answer.msg }, headers);
  }

  #serve(route: Route, text: string, params: Params): Answer {
    if (route.isSigned) {
      const fault = this.#context.authentication.check(text);
      if (fault !== undefined) return fault;
    }
    const given = new Map([...params].filter(([name]) => !(route.isSigned && own.has(name))));
    const taken = route.params;
    if (taken !== undefined && [...given.keys()].some((name) => !taken.includes(name))) {
      const read = [...given.keys()].filter((name) => taken.includes(name)).length;
      return refusal(
        -1104,
        `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${given.size}'.`,
      );
    }
    return route.handle(given, this.#context);
  }
}

const paramsOf = (text: string): Params => new Map(new URLSearchParams(text));
