import type { EngineProvider } from "../../core/config/engineConfig";
import { finding } from "../../core/diagnosis/finding";
import type { PaidProbe, ProbeResult } from "../../core/diagnosis/probes";
import { logSafeText, PosternError } from "../../core/errors";
import type { TestResult } from "../../core/rpc/contract";
import type { CopilotService } from "../copilot/copilotService";

/** Asks a subscription's accounts for their models, which costs no premium request. */
export async function testCopilot(
  copilot: Pick<CopilotService, "listModels"> | undefined,
  provider: EngineProvider,
): Promise<TestResult> {
  const { credential } = provider;
  const began = performance.now();
  const fails = (sentence: string): TestResult => {
    const found = finding("request_refused", sentence, { kind: "tryAgain" });
    return { ok: false, verdict: sentence, finding: found, latencyMs: performance.now() - began, models: [] };
  };
  if (!copilot) return fails("This program was built without GitHub Copilot.");
  if (credential.kind === "missing") return fails(`There is no account: ${credential.reason}.`);
  try {
    const models = await copilot.listModels(provider);
    const count = `${models.length} ${models.length === 1 ? "model" : "models"}`;
    return {
      ok: true,
      verdict: `works, ${count} of the subscription can be used`,
      latencyMs: performance.now() - began,
      models: models.map(({ id }) => id),
    };
  } catch (thrown) {
    const found = thrown instanceof PosternError ? thrown.finding : undefined;
    if (found)
      return {
        ok: false,
        verdict: found.sentence,
        finding: found,
        latencyMs: performance.now() - began,
        models: [],
      };
    return fails(thrown instanceof PosternError ? thrown.message : logSafeText(thrown));
  }
}

/** A premium request is not spent on a test. */
export function copilotProbe(probe: PaidProbe): ProbeResult {
  const text =
    "Copilot's models are not tried, because that would cost premium requests. Ask one in Chat instead.";
  return { probe, outcome: "skipped", sentence: text, latencyMs: 0 };
}
