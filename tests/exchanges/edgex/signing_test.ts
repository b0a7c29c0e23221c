/** Both signatures: of requests, against known ones; of orders, against known ones and the simulator's own checks. */
import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  feeLimitRate,
  nonceOf,
  orderAmounts,
  OrderSigner,
  resolutionOf,
  settlementDomain,
} from "../../../exchanges/edgex/order_signing.ts";
import { flatten, RequestSigner } from "../../../exchanges/edgex/signing.ts";
import { signedText } from "../../../exchanges/edgex/simulator/authentication.ts";
import { chain, collateral, listings } from "../../../exchanges/edgex/simulator/listing.ts";
import {
  isMarginModeSignedBy,
  isOrderSignedBy,
  nonceFor,
} from "../../../exchanges/edgex/simulator/order_signatures.ts";
import { sharedDataMissing, sharedPath } from "../../support/shared_data.ts";

function onVectors(file: string, name: string, test: (text: string) => void): void {
  const found = sharedPath(`vectors/edgex/${file}`);
  Deno.test({
    name: found === undefined ? `${name} ${sharedDataMissing}` : name,
    ignore: found === undefined,
    fn: async () => test(await Deno.readTextFile(found ?? "")),
  });
}

const madeUpKey = `0x${"0123456789abcdef".repeat(4)}`;
const accountId = "724625476626153743";
const keys = { apiKey: "key", apiSecret: "made-up-secret-0001", passphrase: "pass", accountId };

Deno.test("a body is flattened with its names in order, nothing as nothing, and booleans as words", () => {
  const body = {
    type: "LIMIT",
    openTp: null,
    isSetOpenTp: false,
    accountId,
    list: ["b", "a"],
    nested: { y: 1, x: "2" },
    none: [],
  };
  assertEquals(
    flatten(body),
    `accountId=${accountId}&isSetOpenTp=false&list=b&a&nested=x=2&y=1&none=&openTp=&type=LIMIT`,
  );
});

Deno.test("what is signed of any JSON is what the simulated venue makes of it", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
    const parsed: unknown = JSON.parse(JSON.stringify(value));
    return flatten(parsed) === signedText(parsed);
  }));
});

Deno.test("the order's request is signed as documented", () => {
  const content = {
    accountId,
    contractId: "10000001",
    price: "97463.4",
    size: "0.001",
    type: "LIMIT",
    side: "BUY",
    timeInForce: "POST_ONLY",
    clientOrderId: "trade-abc123",
    reduceOnly: false,
    isSetOpenTp: false,
    openTp: null,
  };
  const request = { method: "POST", path: "/api/v2/private/order/createOrder", content } as const;
  assertEquals(
    new RequestSigner(keys).sign(request, 1_773_833_120_001),
    "7ddd00a0801519b40a1798212ade9c5c5bde7e811e0ebf4e8c8c2e898e987238",
  );
});

Deno.test("the private connection is opened with account and stamp in the address and four headers", () => {
  const { url, headers } = new RequestSigner(keys).socketRequest(
    "wss://venue.test/api/v1/private/ws",
    1_773_833_120_002,
  );
  assertEquals(url, `wss://venue.test/api/v1/private/ws?accountId=${accountId}&timestamp=1773833120002`);
  assertEquals(headers, {
    "X-edgeX-Api-Key": "key",
    "X-edgeX-Passphrase": "pass",
    "X-edgeX-Signature": "60443896357cb07b339a1613caf4ee7dd6d68ae068c4a7c9a9ca29242023aee4",
    "X-edgeX-Timestamp": "1773833120002",
  });
});

onVectors("v2_hmac.json", "signatures of requests are the known ones", (text) => {
  const rows: readonly {
    readonly name: string;
    readonly apiSecret: string;
    readonly timestamp: string;
    readonly method: string;
    readonly path: string;
    readonly query?: Readonly<Record<string, string>>;
    readonly body?: Readonly<Record<string, unknown>>;
    readonly signature: string;
  }[] = JSON.parse(text);
  assertGreater(rows.length, 2);
  for (const { apiSecret, body, method, name, path, query, signature, timestamp } of rows) {
    assert(method === "GET" || method === "POST");
    const signer = new RequestSigner({ ...keys, apiSecret });
    const content = query ?? body ?? {};
    assertEquals(signer.sign({ method, path, content }, Number(timestamp)), signature, name);
  }
});

onVectors("nonce.json", "nonces are the first 32 bits of the id's hash", (text) => {
  const rows: readonly { readonly clientOrderId: string; readonly l2Nonce: number }[] = JSON.parse(text);
  assertGreater(rows.length, 1);
  for (const { clientOrderId, l2Nonce } of rows) {
    assertEquals(nonceOf(clientOrderId), BigInt(l2Nonce));
    assertEquals(nonceFor(clientOrderId), BigInt(l2Nonce));
  }
});

onVectors(
  "v2_order_eip712.json",
  "amounts, fee, expiry and signatures of orders are the known ones",
  (text) => {
    const rows: readonly (Readonly<Record<string, string>> & {
      readonly chainId: number;
      readonly nowMs: number;
    })[] = JSON.parse(text);
    assertGreater(rows.length, 1);
    const field = (row: Readonly<Record<string, unknown>>, name: string): string => String(row[name]);
    for (const row of rows) {
      const signer = new OrderSigner(field(row, "privateKey"), field(row, "accountId"));
      assertEquals(signer.address, field(row, "signer").toLowerCase());
      signer.setDomain(settlementDomain(BigInt(row.chainId), field(row, "verifyingContract")));
      const terms = {
        contractId: field(row, "contractId"),
        collateralCoinId: field(row, "collateralCoinId"),
        contractResolution: resolutionOf(field(row, "contractResolution")),
        collateralResolution: resolutionOf(field(row, "quoteResolution")),
        feeRate: field(row, "feeRate"),
      };
      const order = {
        isBuy: row["side"] === "BUY",
        size: field(row, "size"),
        price: field(row, "l2Price"),
        clientOrderId: field(row, "clientOrderId"),
      };
      const amounts = orderAmounts(order, terms);
      assertEquals(
        [amounts.synthetic, amounts.collateral, amounts.limitFee * terms.collateralResolution].map(String),
        [row["amountSynthetic"], row["amountCollateral"], row["amountFee"]],
      );
      const signed = signer.signOrder(order, terms, row.nowMs);
      for (const name of ["l2Nonce", "l2LimitFee", "expireTime", "l2ExpireTime"] as const) {
        assertEquals(signed[name], row[name], `${row["name"]} ${name}`);
      }
      assertEquals(signed.l2Signature, row["signature"]);
    }
  },
);

const [btc] = listings;
assert(btc !== undefined);
const terms = {
  contractId: btc.contractId,
  collateralCoinId: collateral.coinId,
  contractResolution: btc.resolution,
  collateralResolution: collateral.resolution,
  feeRate: "0.00045",
};

Deno.test("an order's signature holds for the venue, and for nothing else than this order", () => {
  const signer = new OrderSigner(madeUpKey, accountId);
  signer.setDomain(settlementDomain(chain.id, chain.contract));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 10_000_000 }),
      fc.boolean(),
      fc.stringMatching(/^[a-z0-9]{1,32}$/),
      (lots, ticks, isBuy, clientOrderId) => {
        const size = (lots / 1_000).toFixed(3);
        const price = (ticks / 10).toFixed(1);
        const signed = signer.signOrder({ isBuy, size, price, clientOrderId }, terms, 1_773_833_120_000);
        const order = {
          one: btc,
          accountId,
          isBuy,
          l2Size: signed.l2Size,
          l2Value: signed.l2Value,
          l2LimitFee: signed.l2LimitFee,
          l2Nonce: BigInt(signed.l2Nonce),
          expireMs: Number(signed.expireTime),
          l2Signature: signed.l2Signature,
        };
        assertEquals(isOrderSignedBy(signer.address, order), true);
        assertEquals(isOrderSignedBy(signer.address, { ...order, isBuy: !isBuy }), false);
        assertEquals(isOrderSignedBy(signer.address, { ...order, l2Nonce: order.l2Nonce ^ 1n }), false);
        // The limit covers the fee, by less than a whole coin.
        const value = lots * ticks;
        const fee = BigInt(signed.l2LimitFee) * 10_000n * 100_000n;
        assert(fee >= BigInt(value) * 45n && fee < BigInt(value) * 45n + 10_000n * 100_000n);
      },
    ),
    { numRuns: 12 },
  );
});

Deno.test("a margin mode's signature holds for its contract and mode alone", () => {
  const signer = new OrderSigner(madeUpKey, accountId);
  signer.setDomain(settlementDomain(chain.id, chain.contract));
  const nowMs = 1_773_833_120_000;
  const fields = signer.signMarginMode({ contractId: "30000001", marginMode: 1, requestId: "once", nowMs });
  assertEquals(fields["l2ExpireTime"], String(Math.ceil(nowMs / 3_600_000) * 3_600_000 + 14 * 86_400_000));
  const change = {
    accountId,
    contractId: "30000001",
    marginMode: 1,
    l2Nonce: BigInt(fields["l2Nonce"] ?? 0),
    l2Signature: fields["l2Signature"] ?? "",
  };
  assertEquals(isMarginModeSignedBy(signer.address, change), true);
  assertEquals(isMarginModeSignedBy(signer.address, { ...change, marginMode: 0 }), false);
});

Deno.test("resolutions are read from decimal and hex text, fee rates by the larger", () => {
  assertEquals([resolutionOf("10000000000"), resolutionOf("0x2540be400")], [
    10_000_000_000n,
    10_000_000_000n,
  ]);
  for (const text of ["", "0", "1.5", "-1", "ten"]) assertThrows(() => resolutionOf(text), RangeError);
  assertEquals(feeLimitRate("0.00045", "0.00018"), "0.00045");
  assertEquals(feeLimitRate("0.0001", "0.0002"), "0.0002");
  assertEquals(feeLimitRate("", ""), "0.001");
});

Deno.test("nothing is signed before the venue said where orders settle, and a wrong key is not repeated", () => {
  const order = { isBuy: true, size: "1", price: "1", clientOrderId: "a" };
  assertThrows(() => new OrderSigner(madeUpKey, accountId).signOrder(order, terms, 0), Error, "metadata");
  const error = assertThrows(() => new OrderSigner("secret words", accountId), RangeError);
  assertEquals(error.message.includes("secret"), false);
});
