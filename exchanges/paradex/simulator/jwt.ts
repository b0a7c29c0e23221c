/** Tokens of the simulated venue (paradex.md, 2.2 and 2.5): signed, dated, for trading or for reading alone. */
import { createHmac, timingSafeEqual } from "node:crypto";
import * as v from "valibot";

/** What a bearer may do: `read` answers GET only. */
export type TokenScope = "trade" | "read";

const claimsSchema = v.object({
  sub: v.string(),
  exp: v.number(),
  iat: v.number(),
  scope: v.picklist(["trade", "read"]),
  /** Public key that was authenticated, or the id of a readonly token. */
  jti: v.string(),
});
export type TokenClaims = v.InferOutput<typeof claimsSchema>;

export type TokenCheck =
  | { readonly kind: "valid"; readonly claims: TokenClaims }
  | { readonly kind: "malformed" }
  | { readonly kind: "invalid" };

const encodePart = (value: unknown): string =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** The venue signs with ECDSA; nobody but the venue checks the signature, so a keyed hash does here. */
export class TokenSigner {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  issue(claims: TokenClaims): string {
    const header = encodePart({ alg: "HS256", typ: "JWT" });
    const body = `${header}.${encodePart({ typ: "at+JWT", iss: "simulated Paradex", ...claims })}`;
    return `${body}.${this.seal(body)}`;
  }

  /** Malformed when it has no token's form, invalid when it is not ours or its time is over. */
  check(token: string, nowMs: number): TokenCheck {
    const [header = "", payload = "", seal = "", ...rest] = token.split(".");
    if (header === "" || payload === "" || seal === "" || rest.length > 0) return { kind: "malformed" };
    const given = new TextEncoder().encode(seal);
    const wanted = new TextEncoder().encode(this.seal(`${header}.${payload}`));
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return { kind: "invalid" };
    const claims = v.parse(
      claimsSchema,
      JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))),
    );
    return nowMs / 1000 < claims.exp ? { kind: "valid", claims } : { kind: "invalid" };
  }

  /** Keyed hash of a text: also what makes a page's cursor unforgeable. */
  seal(text: string): string {
    return createHmac("sha256", this.#secret).update(text).digest("base64url");
  }
}
