import type { Dispatcher } from "undici";
import type { EngineProvider } from "../../core/config/engineConfig";
import { findingOf } from "../../core/diagnosis/answerFinding";
import type { Finding } from "../../core/diagnosis/finding";
import { TOO_SLOW_CODE } from "../../core/diagnosis/networkFinding";
import { PosternError } from "../../core/errors";
import { parseJson } from "../../core/json/access";
import type { FactValues } from "../../core/models/facts";
import type { ListedModel } from "../../core/models/listedModel";
import { type DetailsRequest, detailsRequests, withDetails } from "../../core/models/modelDetails";
import { parseModelList } from "../../core/models/modelList";
import { endpointUrl } from "../../core/providers/endpoint";
import { networkFault } from "../../core/providers/networkFault";
import { providerRequestHeaders } from "../../core/providers/requestHeaders";
import { answerText, askProvider } from "../relay/askProvider";
import { faultCode } from "../relay/proxyFaults";
import type { UpstreamClient } from "../relay/upstreamClient";

const MAX_LIST_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 15_000;
/** Who sends a byte now and then is never silent: so long may a list take in all, and all the details together. */
const WHOLE_MS = 60_000;
/** How many details are asked for at once. */
const AT_ONCE = 4;

/** What a provider answered when it was asked for its models. */
export interface ModelsAnswer {
  readonly status: number;
  /** undefined: the answer is not a list of models. */
  readonly models: readonly ListedModel[] | undefined;
  /** The answer itself, as parsed. */
  readonly body: unknown;
  /** Why there is no list, in words for the person and with what can be done; undefined where there is one. */
  readonly finding: Finding | undefined;
}

/**
 * Asks a provider for its models.
 * @param limitMs how long that may take in all, in milliseconds
 * @throws PosternError if it cannot be reached or takes longer, in words for the person
 */
export async function fetchModels(
  upstream: UpstreamClient,
  provider: EngineProvider,
  limitMs = WHOLE_MS,
): Promise<ModelsAnswer> {
  const { config } = provider;
  const url = new URL(endpointUrl(config, "models"));
  if (config.type === "anthropic") url.searchParams.set("limit", "1000");
  const { status, headers, text, body } = await ask(
    upstream,
    provider,
    url,
    { method: "GET" },
    AbortSignal.timeout(limitMs),
  );
  const finding = findingOf({ provider, operation: "models", status, headers, bodyText: text });
  const models = status === 200 && !finding ? parseModelList(body, config.baseUrl) : undefined;
  return { status, models, body, finding };
}

/** A list with what its provider has told beside it. */
export interface DetailedModels {
  readonly models: readonly ListedModel[];
  /** Whether it was not done in time with telling, so that something is left out. */
  readonly tooSlow: boolean;
}

/**
 * Asks what else a provider tells of its models, where it is one that tells more. What cannot be had is left out: the
 * list itself is there.
 * @param limitMs how long that may take in all, in milliseconds; what has come until then counts
 */
export async function fetchDetails(
  upstream: UpstreamClient,
  provider: EngineProvider,
  { models = [], body }: Pick<ModelsAnswer, "models" | "body">,
  limitMs = WHOLE_MS,
): Promise<DetailedModels> {
  const { baseUrl } = provider.config;
  const groups = [...detailsRequests(baseUrl, body, models)];
  if (groups.length === 0) return { models, tooSlow: false };
  const details = new Map<string, FactValues>();
  const signal = AbortSignal.timeout(limitMs);
  const work = async (): Promise<void> => {
    for (let group = groups.shift(); group && !signal.aborted; group = groups.shift()) {
      const found = await firstAnswer(upstream, provider, group, signal);
      for (const [id, facts] of found) details.set(id, facts);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { models: withDetails(models, details), tooSlow: signal.aborted };
}

async function firstAnswer(
  upstream: UpstreamClient,
  provider: EngineProvider,
  group: readonly DetailsRequest[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FactValues>> {
  for (const request of group) {
    const url = besideAddress(provider.config.baseUrl, request.path);
    const answer = await ask(upstream, provider, url, request, signal).catch(() => undefined);
    if (answer?.status === 200) return request.read(answer.body);
  }
  return new Map();
}

interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly text: string;
  readonly body: unknown;
}

/** Another path at the very same host: a path like `//elsewhere` must not become one. */
function besideAddress(baseUrl: string, path: string): URL {
  const url = new URL(baseUrl);
  const query = path.indexOf("?");
  url.pathname = query < 0 ? path : path.slice(0, query);
  url.search = query < 0 ? "" : path.slice(query);
  return url;
}

/** @throws PosternError if the provider cannot be reached, sends too much, or is not done when the signal says so */
async function ask(
  upstream: UpstreamClient,
  provider: EngineProvider,
  url: URL,
  { method, body, keyHeader }: Pick<DetailsRequest, "method" | "body" | "keyHeader">,
  signal: AbortSignal,
): Promise<Answer> {
  const { config, credential } = provider;
  const about = ["accept", "application/json", ...(body ? ["content-type", "application/json"] : [])];
  const elsewhere = keyHeader !== undefined && credential.kind === "apiKey";
  const keyless: EngineProvider = elsewhere ? { ...provider, credential: { kind: "none" } } : provider;
  const { headers } = providerRequestHeaders(keyless, about, body ? Buffer.byteLength(body) : undefined);
  if (elsewhere) headers.push(keyHeader, credential.value);
  let response: Dispatcher.ResponseData;
  let text: string;
  try {
    const question = { url, method, headers, body, timeoutMs: TIMEOUT_MS, signal };
    response = await askProvider(upstream, provider, question);
    text = await answerText(response, MAX_LIST_BYTES, "The provider's list of models is larger than 16 MB.");
  } catch (error) {
    if (error instanceof PosternError) throw error;
    throw networkFault(
      { id: config.id, baseUrl: config.baseUrl },
      signal.aborted ? TOO_SLOW_CODE : faultCode(error),
    );
  }
  return { status: response.statusCode, headers: response.headers, text, body: parseJson(text) };
}
