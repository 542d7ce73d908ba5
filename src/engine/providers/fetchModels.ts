import { pipeline } from "node:stream";
import type { Dispatcher } from "undici";
import type { EngineProvider } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import { endpointUrl } from "../../core/providers/endpoint";
import { type ListedModel, parseModelList } from "../../core/providers/modelList";
import { networkFault } from "../../core/providers/networkFault";
import { providerRequestHeaders } from "../../core/providers/requestHeaders";
import { contentDecoder } from "../relay/contentDecoder";
import { faultCode } from "../relay/proxyFaults";
import type { UpstreamClient } from "../relay/upstreamClient";

const MAX_LIST_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 15_000;

/** What a provider answered when it was asked for its models. */
export interface ModelsAnswer {
  readonly status: number;
  /** undefined: the answer is not a list of models. */
  readonly models: readonly ListedModel[] | undefined;
  readonly isHtml: boolean;
}

/**
 * Asks a provider for its models.
 * @throws PosternError if it cannot be reached, in words for the person
 */
export async function fetchModels(upstream: UpstreamClient, provider: EngineProvider): Promise<ModelsAnswer> {
  const { config } = provider;
  const url = new URL(endpointUrl(config, "models"));
  if (config.type === "anthropic") url.searchParams.set("limit", "1000");
  const headers = providerRequestHeaders(provider, ["accept", "application/json"]);
  let response: Dispatcher.ResponseData;
  let text: string;
  try {
    response = await upstream.dispatcherFor(url).request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: "GET",
      headers,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    const decoder = contentDecoder(response.headers["content-encoding"]?.toString());
    text = await readLimited(
      decoder === "plain" || decoder === undefined
        ? response.body
        : pipeline(response.body, decoder, () => {}),
    );
  } catch (error) {
    if (error instanceof PosternError) throw error;
    throw networkFault({ id: config.id, baseUrl: config.baseUrl }, faultCode(error));
  }
  const isHtml = String(response.headers["content-type"] ?? "").startsWith("text/html");
  const models = response.statusCode === 200 && !isHtml ? parseModelList(parseJson(text)) : undefined;
  return { status: response.statusCode, models, isHtml };
}

async function readLimited(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_LIST_BYTES)
      throw new PosternError("provider_not_api", "The provider's list of models is larger than 16 MB.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
