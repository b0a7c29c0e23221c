/** Requests to the console that this page came from. The token is kept for this tab and goes into a header, nowhere else. */

const tokenKey = "berth.token";

/** @returns {string | undefined} */
export const knownToken = () => sessionStorage.getItem(tokenKey) ?? undefined;
/** @param {string} token */
export const keepToken = (token) => sessionStorage.setItem(tokenKey, token);
export const forgetToken = () => sessionStorage.removeItem(tokenKey);

/** A no of the console, in its own words. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} words
   */
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

/** @returns {Readonly<Record<string, string>>} */
export function authorization() {
  const token = knownToken();
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/**
 * What the interface answers is as its OpenAPI document says; the caller names the type.
 *
 * @template T
 * @param {string} path below `/api/v1`
 * @param {RequestInit} [init]
 * @returns {Promise<T>}
 */
async function ask(path, init = {}) {
  const response = await fetch(`/api/v1${path}`, {
    ...init,
    headers: { ...init.headers, ...authorization() },
  });
  if (response.ok) return await response.json();
  const problem = await response.json().catch(() => ({}));
  const words = [problem.title, problem.detail].filter(Boolean).join(". ");
  throw new Refused(response.status, words === "" ? `Status ${response.status}` : words);
}

/**
 * @template T
 * @param {string} path
 * @returns {Promise<T>}
 */
export const read = (path) => ask(path);

/**
 * @template T
 * @param {"POST" | "DELETE" | "PUT"} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<T>}
 */
export const change = (method, path, body) =>
  ask(path, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
