import type { EngineProvider } from "../../core/config/engineConfig";
import { logSafeText, PosternError } from "../../core/errors";
import { endpointUrl } from "../../core/providers/endpoint";
import type { TestResult } from "../../core/rpc/contract";
import type { UpstreamClient } from "../relay/upstreamClient";
import { fetchModels, type ModelsAnswer } from "./fetchModels";

/**
 * Tests a provider's address and key by asking for its models, which costs nothing.
 * @param now milliseconds, for the latency
 */
export async function testProvider(
  upstream: UpstreamClient,
  provider: EngineProvider,
  now: () => number,
): Promise<TestResult> {
  if (provider.credential.kind === "missing") {
    return { ok: false, verdict: `no key: ${provider.credential.reason}`, latencyMs: 0, models: [] };
  }
  const started = now();
  try {
    const answer = await fetchModels(upstream, provider);
    const models = (answer.models ?? []).map((model) => model.id);
    return { ...verdictOf(provider, answer), latencyMs: Math.round(now() - started), models };
  } catch (error) {
    const verdict = error instanceof PosternError ? error.message : logSafeText(error);
    return { ok: false, verdict, latencyMs: Math.round(now() - started), models: [] };
  }
}

function verdictOf(
  { config, credential }: EngineProvider,
  answer: ModelsAnswer,
): { ok: boolean; verdict: string } {
  const { status, models, isHtml } = answer;
  const url = endpointUrl(config, "models");
  if (models)
    return {
      ok: true,
      verdict: `works, ${models.length} ${models.length === 1 ? "model" : "models"} listed`,
    };
  if (isHtml)
    return {
      ok: false,
      verdict: `${url} is a web page (HTTP ${status}), not an API; check the address, it may lack /v1`,
    };
  if (status === 401 || status === 403) {
    const what = credential.kind === "none" ? "a key is needed" : "the key was refused";
    return { ok: false, verdict: `${what} (HTTP ${status}); set the right key for this provider` };
  }
  if (status === 404 || status === 405) {
    // Some compatible servers have no list; where the models are named by hand it is not needed.
    return config.models?.length
      ? {
          ok: true,
          verdict: `answers, but has no list of models at ${url} (HTTP ${status}); the models you named are used`,
        }
      : {
          ok: false,
          verdict: `answers, but has no list of models at ${url} (HTTP ${status}); check the address, or name the models by hand`,
        };
  }
  if (status >= 300 && status < 400)
    return { ok: false, verdict: `${url} redirects elsewhere (HTTP ${status}); use the final address` };
  if (status === 200)
    return { ok: false, verdict: `${url} answers, but not with a list of models; check the address` };
  if (status === 429)
    return { ok: false, verdict: "the provider limits the rate just now (HTTP 429); try again later" };
  return { ok: false, verdict: `the provider answered HTTP ${status} at ${url}` };
}
