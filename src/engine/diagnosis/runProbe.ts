import type { EngineProvider } from "../../core/config/engineConfig";
import { type Finding, finding, NAME_MODELS } from "../../core/diagnosis/finding";
import { probeRequest } from "../../core/diagnosis/probeRequest";
import type { PaidProbe, ProbeResult } from "../../core/diagnosis/probes";
import { type ProbeAnswer, probeVerdict, refusesForcedTool } from "../../core/diagnosis/probeVerdict";
import { endpointUrl } from "../../core/providers/endpoint";
import type { UpstreamClient } from "../relay/upstreamClient";
import { exchange } from "./exchange";

/** A local model may have to be loaded first, and a reasoning one thinks before its first word. */
const SILENCE_MS = 60_000;

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** How long the provider may be silent, in milliseconds. */
  readonly silenceMs?: number;
}

/**
 * Tries one thing with a model of a provider, by a real and tiny request, which costs some tokens.
 * @param modelId as it is configured or listed; undefined where the provider has none
 * @throws what the signal was aborted with
 */
export async function runProbe(
  upstream: UpstreamClient,
  provider: EngineProvider,
  probe: PaidProbe,
  modelId: string | undefined,
  options: ProbeOptions,
): Promise<ProbeResult> {
  if (modelId === undefined) {
    const text = "There is no model to ask. Name the models of this provider.";
    return failed(probe, finding("model_missing", text, NAME_MODELS), 0);
  }
  const first = await ask(upstream, provider, probe, modelId, true, options);
  if ("outcome" in first) return first;
  const again = probe === "tools" && refusesForcedTool(first.answer);
  const last = again ? await ask(upstream, provider, probe, modelId, false, options) : first;
  if ("outcome" in last) return last;
  return { probe, latencyMs: last.latencyMs, ...probeVerdict(probe, last.answer) };
}

async function ask(
  upstream: UpstreamClient,
  provider: EngineProvider,
  probe: PaidProbe,
  modelId: string,
  forced: boolean,
  { signal, silenceMs = SILENCE_MS }: ProbeOptions,
): Promise<ProbeResult | { readonly answer: ProbeAnswer; readonly latencyMs: number }> {
  const { protocol, model, body } = probeRequest(provider, probe, modelId, forced);
  const url = new URL(endpointUrl(provider.config, protocol, model));
  const asked = await exchange(upstream, provider, { url, body, timeoutMs: silenceMs, signal });
  if (asked.kind === "failed") return failed(probe, asked.finding, asked.latencyMs);
  const { latencyMs, ...answer } = asked.answer;
  return { answer: { ...answer, provider, operation: protocol, model, protocol }, latencyMs };
}

function failed(probe: PaidProbe, found: Finding, latencyMs: number): ProbeResult {
  return { probe, outcome: "fails", sentence: found.sentence, latencyMs, finding: found };
}
