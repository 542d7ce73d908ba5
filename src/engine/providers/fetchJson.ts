import { pipeline } from "node:stream";
import type { EngineProvider } from "../../core/config/engineConfig";
import { providerRequestHeaders } from "../../core/providers/requestHeaders";
import { contentDecoder } from "../relay/contentDecoder";
import type { UpstreamClient } from "../relay/upstreamClient";

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 15_000;

/**
 * Fetches a small JSON answer with a provider's credential. No redirect is followed, so the key goes nowhere else.
 * @returns undefined for anything but a 200 with JSON
 * @throws what the network says
 */
export async function fetchJson(
  upstream: UpstreamClient,
  provider: EngineProvider,
  url: URL,
): Promise<unknown> {
  const response = await upstream.dispatcherFor(url).request({
    origin: url.origin,
    path: url.pathname + url.search,
    method: "GET",
    headers: providerRequestHeaders(provider, ["accept", "application/json"]),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  const decoder = contentDecoder(response.headers["content-encoding"]?.toString());
  const body =
    decoder === "plain" || decoder === undefined ? response.body : pipeline(response.body, decoder, () => {});
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  if (response.statusCode !== 200) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}
