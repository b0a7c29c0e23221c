import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "@berth/sdk";
import * as scure from "@scure/starknet";
import { Authentication, tokenEndMs } from "../../../exchanges/paradex/authentication.ts";
import { RestClient } from "../../../exchanges/paradex/rest.ts";
import { messageHashes, paradexSigner } from "../../../exchanges/paradex/signing.ts";
import { StarkCurve } from "../../../exchanges/paradex/stark_curve.ts";
import { constantRandom, recordingLog, VirtualTime } from "./fakes.ts";

const curve = new StarkCurve();
const account = 0x1234n;
const privateKey = 0x5678n;
const publicKey = curve.publicKey(privateKey);
const chainId = "PRIVATE_SN_POTC_SEPOLIA";

function jwt(endS: number, name: string): string {
  const part = (value: unknown) =>
    btoa(JSON.stringify(value)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
  return `${part({ alg: "ES384", typ: "JWT" })}.${part({ exp: endS, sub: name })}.c2ln`;
}

function bench(answer: (path: string, calls: number) => Response) {
  const time = new VirtualTime();
  const requests: { path: string; headers: Record<string, string>; body: unknown }[] = [];
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    const path = new URL(url).pathname;
    requests.push({ path, headers: Object.fromEntries(new Headers(init.headers)), body: init.body });
    return Promise.resolve(answer(path, requests.length));
  };
  const log = recordingLog();
  const authentication = new Authentication({
    rest: new RestClient("https://venue.test/v1/", fetch, time),
    identity: () => ({
      account,
      publicKey,
      signer: paradexSigner({ curve, chainId, account, privateKey }),
      ethereumAddress: "",
    }),
    venueNowMs: time.epochMs,
    scheduler: time,
    random: constantRandom,
    log,
    ethereumAddress: "0xeee",
  });
  return { time, requests, authentication, log };
}

Deno.test("a token is asked for with the documented headers, over a signature that verifies", async () => {
  const { authentication, requests } = bench(() => new Response('{"jwt_token":"t"}'));
  assertEquals(await authentication.token(), "t");
  const [request] = requests;
  assertEquals(request?.path, `/v1/auth/0x${publicKey.toString(16)}`);
  const { "paradex-starknet-signature": signature, ...headers } = request?.headers ?? {};
  assertEquals(headers, {
    accept: "application/json",
    "paradex-starknet-account": "0x1234",
    "paradex-timestamp": "1759400000",
    "paradex-signature-expiration": "1759401800",
  });
  const [r, s] = JSON.parse(signature ?? "[]").map(BigInt);
  const hash = messageHashes(curve, chainId, account).auth({
    timestampS: 1_759_400_000,
    expirationS: 1_759_401_800,
  });
  const key = scure.getPublicKey(privateKey.toString(16));
  assert(scure.verify(new scure.Signature(r, s), hash.toString(16).padStart(64, "0"), key));
});

Deno.test("a token is kept, asked for once by many, and renewed before it ends", async () => {
  let issued = 0;
  const { authentication, requests, time } = bench(() =>
    new Response(JSON.stringify({ jwt_token: jwt(time.epochMs() / 1000 + 300, `t${++issued}`) }))
  );
  const [first, second] = await Promise.all([authentication.token(), authentication.token()]);
  assertEquals([first === second, requests.length], [true, 1]);
  await time.advance(189_000);
  assertEquals(await authentication.token(), first);
  assertEquals(requests.length, 1);
  // 300 s of life less 110 s: it is renewed without anybody asking.
  await time.advance(2_000);
  assertEquals(requests.length, 2);
  assert(await authentication.token() !== first);
  assertEquals(requests.length, 2);
  authentication.stop();
  await time.advance(1_000_000);
  assertEquals(requests.length, 2);
});

Deno.test("a refresh that fails is tried again with growing waits", async () => {
  const { authentication, log, requests, time } = bench((_, calls) =>
    calls === 1 ? new Response('{"jwt_token":"opaque"}') : new Response("away", { status: 502 })
  );
  await authentication.token();
  // Without a readable end the token is taken to live 240 s.
  await time.advance(130_000);
  assertEquals(requests.length, 2);
  await time.advance(60_000);
  assert(requests.length > 4, String(requests.length));
  assert(log.lines.every((line) => !JSON.stringify(line).includes("opaque")));
  authentication.stop();
});

Deno.test("a rejected token is not used again, another's rejection changes nothing", async () => {
  let issued = 0;
  const { authentication, requests } = bench(() => new Response(`{"jwt_token":"t${++issued}"}`));
  const first = await authentication.token();
  authentication.reject("other");
  assertEquals(await authentication.token(), first);
  authentication.reject(first);
  assertEquals(await authentication.token(), "t2");
  assertEquals(requests.length, 2);
  authentication.stop();
});

Deno.test("an account that never called the venue is onboarded, then asks again", async () => {
  const { authentication, requests } = bench((path, calls) => {
    if (path === "/v1/onboarding") return new Response(null, { status: 200 });
    if (calls === 1) return new Response('{"error":"NOT_ONBOARDED","message":"never"}', { status: 400 });
    return new Response('{"jwt_token":"t"}');
  });
  assertEquals(await authentication.token(), "t");
  assertEquals(requests.map((request) => request.path.split("/")[2]), ["auth", "onboarding", "auth"]);
  assertEquals(requests[1]?.body, `{"public_key":"0x${publicKey.toString(16)}"}`);
  assertEquals(requests[1]?.headers["paradex-ethereum-account"], "0xeee");
  const [r, s] = JSON.parse(requests[1]?.headers["paradex-starknet-signature"] ?? "[]").map(BigInt);
  const hash = messageHashes(curve, chainId, account).onboarding();
  const key = scure.getPublicKey(privateKey.toString(16));
  assert(scure.verify(new scure.Signature(r, s), hash.toString(16).padStart(64, "0"), key));
  authentication.stop();
});

for (
  const [name, response, code] of [
    [
      "a wrong signature is refused",
      () => new Response('{"error":"STARKNET_SIGNATURE_VERIFICATION_FAILED"}', { status: 401 }),
      "VENUE_REFUSED",
    ],
    [
      "too many requests is out of reach for now",
      () => new Response("", { status: 429 }),
      "VENUE_UNREACHABLE",
    ],
    ["a server error is out of reach for now", () => new Response("", { status: 500 }), "VENUE_UNREACHABLE"],
    ["an answer without a token is invalid", () => new Response("{}"), "VENUE_ANSWER_INVALID"],
  ] as const
) {
  Deno.test(`token: ${name}`, async () => {
    const { authentication } = bench(response);
    assertEquals((await assertRejects(() => authentication.token(), BerthError)).code, code);
    authentication.stop();
  });
}

Deno.test("tokenEndMs() reads the end of a JWT and is silent about all else", () => {
  assertEquals(tokenEndMs(jwt(1_700_000_000, "x")), 1_700_000_000_000);
  for (
    const odd of [
      "",
      "a.b",
      "a.!.c",
      `a.${btoa("[]")}.c`,
      `a.${btoa('{"exp":"soon"}')}.c`,
      `a.${btoa("nonsense")}.c`,
    ]
  ) {
    assertEquals(tokenEndMs(odd), undefined, odd);
  }
});
