import { assertEquals, assertGreater } from "@std/assert";
import { signText } from "../../../exchanges/okx/signing.ts";
import { sharedDataMissing, sharedPath } from "../../support/shared_data.ts";

const vectors = sharedPath("vectors/okx/auth_hmac.json");

Deno.test("signText() signs the documented login text", () => {
  assertEquals(
    signText("22582BD0CFF14C41EDBF1AB98506286D", "1538054050GET/users/self/verify"),
    "+LdIr8lkkvhr5hoA3g9TMC0+uQJ849ftAcocA/ouu4M=",
  );
});

Deno.test({
  name: vectors === undefined
    ? `signText() against known signatures ${sharedDataMissing}`
    : "signText() against known signatures",
  ignore: vectors === undefined,
  async fn() {
    const rows: readonly {
      readonly name: string;
      readonly secret: string;
      readonly prehash: string;
      readonly sign: string;
    }[] = JSON.parse(
      await Deno.readTextFile(vectors ?? ""),
    );
    assertGreater(rows.length, 2);
    for (const row of rows) assertEquals(signText(row.secret, row.prehash), row.sign, row.name);
  },
});
