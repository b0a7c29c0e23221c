/** A host that is killed with SIGKILL while it trades goes on where its journal ends; fifty kills are in tests/slow. */
import { killsEndInAgreement } from "../support/kills.ts";

Deno.test("a killed host, started again, ends in agreement with the venues that outlived it", async () => {
  await killsEndInAgreement(3, 11, {});
});
