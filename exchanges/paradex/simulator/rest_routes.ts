/** REST of the simulated Paradex: finds the route, counts the request, checks the token, draws its fate. */
import { accountRoutes } from "./account_routes.ts";
import type { ApiError } from "./accounts.ts";
import { marketRoutes } from "./market_routes.ts";
import { OrderBudget } from "./order_budget.ts";
import { orderRoutes } from "./order_routes.ts";
import type { Result, Route } from "./routes.ts";
import { toJson } from "./rows.ts";
import type { SessionContext } from "./sessions.ts";

const routes: readonly Route[] = [...marketRoutes, ...accountRoutes, ...orderRoutes];

const isError = (result: Result): result is ApiError => "error" in result;

export class RestRoutes {
  readonly #context: SessionContext;
  readonly #budgets: Readonly<Record<Route["pool"], OrderBudget>>;

  constructor(context: SessionContext) {
    const { clock } = context.venue;
    this.#context = context;
    this.#budgets = {
      public: new OrderBudget(clock, [[1_500, 60_000]]),
      auth: new OrderBudget(clock, [[600, 60_000]]),
      private: new OrderBudget(clock, [[120, 1_000], [600, 60_000]]),
      orders: context.budget,
    };
  }

  async handle(request: Request): Promise<Response> {
    const result = await this.#answer(request);
    // An answer that never comes: the caller's own deadline ends the wait.
    if (result === "none") return await new Promise<Response>(() => {});
    return await new Promise((resolve) => this.#context.faults.delayedAlone(() => resolve(result)));
  }

  async #answer(request: Request): Promise<Response | "none"> {
    const url = new URL(request.url);
    const found = routes.find((one) => one.method === request.method && one.pattern.test(url.pathname));
    if (found === undefined) return respond({ status: 404, error: "NOT_FOUND", message: "not found" }, {});
    const budget = this.#budgets[found.pool];
    const isAdmitted = budget.admit();
    const { limit, remaining, windowS } = budget.state();
    const headers = {
      "x-ratelimit-limit": String(limit),
      "x-ratelimit-remaining": String(remaining),
      "x-ratelimit-reset": String(Math.ceil(this.#context.venue.clock.nowMs() / 1000 + windowS)),
      "x-ratelimit-window": String(windowS),
    };
    const fate = found.pool === "orders" ? this.#context.faults.requestFate() : "normal";
    if (fate === "lose_request") return "none";
    if (!isAdmitted || fate === "rate_limit") {
      return respond({ status: 429, error: "RATE_LIMIT_EXCEEDED", message: "rate limit exceeded" }, {
        ...headers,
        "retry-after": "1",
      });
    }
    if (fate === "reject") {
      return respond({ status: 503, error: "SERVICE_UNAVAILABLE", message: "service unavailable" }, headers);
    }
    if (found.pool === "private" || found.pool === "orders") {
      const bearer = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
      const fault = bearer === undefined
        ? { status: 401, error: "UNAUTHORIZED_ERROR", message: "missing or malformed jwt" }
        : this.#context.accounts.checkToken(bearer, request.method);
      if (fault !== undefined) return respond(fault, headers);
    }
    const text = await request.text();
    let body: unknown;
    try {
      body = text === "" ? undefined : JSON.parse(text);
    } catch {
      return respond({ status: 400, error: "BINDING_ERROR", message: "body is not JSON" }, headers);
    }
    const parts = (found.pattern.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
    const response = respond(
      found.handle({ context: this.#context, request, query: url.searchParams, parts, body }),
      headers,
    );
    return fate === "lose_answer" ? "none" : response;
  }
}

function respond(result: Result, headers: Readonly<Record<string, string>>): Response {
  if (isError(result)) {
    return new Response(toJson({ error: result.error, message: result.message, data: null }), {
      status: result.status,
      headers: { ...headers, "content-type": "application/json" },
    });
  }
  if (result.body === undefined) return new Response(null, { status: result.status, headers });
  return new Response(toJson(result.body), {
    status: result.status,
    headers: { ...headers, "content-type": "application/json" },
  });
}
