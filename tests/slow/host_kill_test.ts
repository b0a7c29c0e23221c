/** Fifty kills with SIGKILL at random moments, beside venues that lose, repeat and delay what they say. */
import { killsEndInAgreement } from "../support/kills.ts";

Deno.test("50 killed hosts end in agreement with the venues each time", async () => {
  await killsEndInAgreement(50, 23, {
    latencyMs: 3,
    latencyJitterMs: 40,
    dropPrivatePush: 0.05,
    duplicatePrivatePush: 0.1,
    loseAnswer: 0.03,
    loseRequest: 0.02,
    reject: 0.02,
    disconnectEveryMs: 8_000,
  });
});
