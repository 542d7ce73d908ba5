import { describe, expect, it } from "vitest";
import type { Usage } from "../../../src/core/conversation/usage";
import { estimatedIn, limitsOf } from "../../../src/core/governance/limits";
import { totalsOf } from "../../../src/core/governance/spend";
import { Pricing } from "../../../src/engine/governance/pricing";
import type { ProviderRegistry } from "../../../src/engine/providers/providerRegistry";
import { scanBody } from "../../../src/engine/relay/clientBody";
import type { Target } from "../../../src/engine/relay/target";
import { limitLine } from "../../../src/vscode/render/limitLines";
import { record } from "../../support/records";
import { NOON } from "../vscode/fixtures";

const registry = { model: () => ({ facts: { premiumMultiplier: 3, sources: {} } }) };
const target = { provider: { config: { id: "copilot", baseUrl: "" } }, model: { id: "m" } };
const body = scanBody(Buffer.from('{"model":"m"}'), undefined);

/** A row of a model that counts as three premium requests. */
function charged(usage: Usage | undefined) {
  const { usage: _, usageBasis: __, cost: ___, ...begun } = record({ provider: "copilot", model: "m" });
  const pricing = new Pricing(registry as unknown as ProviderRegistry);
  const outcome = { status: 200, usage, model: "m", firstByteAt: 1, streamedChars: 4, end: "cut" } as const;
  return pricing.charged(begun, outcome, body, target as unknown as Target);
}

describe("premium requests", () => {
  const told = charged({ inputTokens: 1, outputTokens: 1, premiumRequests: 1 });
  const assumed = charged(undefined);

  it("are reported where the provider counted them, and else estimated by the model's multiplier", () => {
    expect(told).toMatchObject({ premiumRequests: 1, premiumBasis: "reported" });
    expect(assumed).toMatchObject({ premiumRequests: 3, premiumBasis: "estimated" });
  });

  it.each([
    [[told], "1 of 9 premium requests a day (reported)"],
    [[told, assumed], "4 of 9 premium requests a day (reported, 3 premium requests of it estimated)"],
    [[assumed], "3 of 9 premium requests a day (estimated)"],
  ])("of a budget say how they are known: %#", (records, text) => {
    const [limit] = limitsOf([], [{ name: "ci", key: "k", budget: { premiumRequests: 9, period: "day" } }]);
    if (!limit) throw new Error("no limit");
    const totals = records.map(totalsOf);
    const spent = totals.reduce((sum, { premiumMilli }) => sum + premiumMilli, 0);
    const estimated = totals.reduce((sum, one) => sum + estimatedIn(one, limit.measure), 0);
    const range = { from: NOON, until: NOON + 1 };
    const line = limitLine({ ...limit, ...range, spent, estimated, reserved: 0, uncounted: 0 }, NOON);
    expect(line.replaceAll("\\", "")).toContain(text);
  });
});
