import { assertEquals } from "@std/assert";
import { instrumentId } from "../../../core/model/ids.ts";
import type { SettingOutcome } from "../../../core/model/order.ts";
import { alpha, btcAt, EngineHarness } from "../../support/engine_builders.ts";

const command = {
  kind: "set_leverage",
  instrument: instrumentId("alpha", "BTC-PERP"),
  leverage: 3,
  marginMode: "isolated",
} as const;
const { kind: _, ...facts } = command;

const notices = ({ outputs }: EngineHarness): readonly unknown[] =>
  outputs.flatMap((output) =>
    output.kind === "notice" && output.code.startsWith("LEVERAGE") ? [[output.code, output.facts]] : []
  );

const cases: readonly { readonly name: string; readonly outcome: SettingOutcome; readonly told: unknown }[] =
  [
    { name: "set", outcome: { kind: "acknowledged" }, told: ["LEVERAGE_SET", facts] },
    {
      name: "refused",
      outcome: { kind: "rejected", code: "unsupported", venueCode: "7", venueText: "no" },
      told: ["LEVERAGE_NOT_SET", { ...facts, reason: "unsupported", venueText: "no" }],
    },
    {
      name: "not answered",
      outcome: { kind: "unknown", why: "timeout", details: "" },
      told: ["LEVERAGE_NOT_SET", { ...facts, reason: "unknown: timeout" }],
    },
  ];
for (const { name, outcome, told } of cases) {
  Deno.test(`leverage that the venue has ${name} is told so`, () => {
    const harness = EngineHarness.ready();
    harness.handle({ kind: "operator", by: "cli", command });
    const { requestId, request } = harness.pending("set_leverage");
    assertEquals(request, command);
    harness.answer(requestId, { kind: "set_leverage", outcome });
    assertEquals(notices(harness), [told]);
  });
}

Deno.test("without an adapter nothing is asked, and that is told", () => {
  const harness = new EngineHarness();
  harness.listInstrument(btcAt(alpha));
  harness.handle({ kind: "operator", by: "cli", command });
  assertEquals(harness.hasPending("set_leverage"), false);
  assertEquals(notices(harness), [[
    "LEVERAGE_NOT_SET",
    { ...facts, reason: "no adapter that may trade runs for its venue" },
  ]]);
});
