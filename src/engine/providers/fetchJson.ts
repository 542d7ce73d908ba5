import type { EngineProvider } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import { parseJson } from "../../core/json/access";
import { providerRequestHeaders } from "../../core/providers/requestHeaders";
import { answerText, askProvider } from "../relay/askProvider";
import type { UpstreamClient } from "../relay/upstreamClient";

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 15_000;

/**
 * Fetches a small JSON answer with a provider's credential.
 * @returns undefined for anything but a 200 with JSON
 * @throws what the network says
 */
export async function fetchJson(
  upstream: UpstreamClient,
  provider: EngineProvider,
  url: URL,
): Promise<unknown> {
  const { headers } = providerRequestHeaders(provider, ["accept", "application/json"]);
  const question = { url, method: "GET", headers, timeoutMs: TIMEOUT_MS } as const;
  const response = await askProvider(upstream, provider, question);
  try {
    const text = await answerText(response, MAX_BYTES, "The answer is larger than 256 KB.");
    return response.statusCode === 200 ? parseJson(text) : undefined;
  } catch (error) {
    if (error instanceof PosternError) return undefined;
    throw error;
  }
}
