import type { EngineProvider } from "../../core/config/engineConfig";
import {
  addressFinding,
  foundElsewhere,
  neighbouringAddresses,
  shownUrl,
} from "../../core/diagnosis/addressFinding";
import { findingOf } from "../../core/diagnosis/answerFinding";
import {
  CHANGE_ADDRESS,
  continued,
  type Finding,
  finding,
  NAME_MODELS,
  SET_KEY,
} from "../../core/diagnosis/finding";
import { isLoopback, LOCAL_RUNTIMES, type LocalRuntime, runtimeOf } from "../../core/diagnosis/localRuntimes";
import { keyPage } from "../../core/diagnosis/servicePages";
import { parseJson } from "../../core/json/access";
import { parseModelList } from "../../core/models/modelList";
import { endpointUrl } from "../../core/providers/endpoint";
import type { TestResult } from "../../core/rpc/contract";
import type { UpstreamClient } from "../relay/upstreamClient";
import { type Answered, exchange } from "./exchange";

/** How long a provider may be silent over its list, and a neighbour of its address over its own, in milliseconds. */
const LIST_MS = 15_000;
const NEIGHBOUR_MS = 3_000;

export interface ListProbeOptions {
  readonly signal: AbortSignal;
  /** How long the provider may be silent, in milliseconds. */
  readonly timeoutMs?: number;
  /** The runtimes that are looked for where one does not answer; others than the real ones in tests. */
  readonly runtimes?: readonly LocalRuntime[];
}

/**
 * Tests a provider's address and each of its keys by asking for its models, which costs nothing.
 * @throws what the signal was aborted with
 */
export async function testProvider(
  upstream: UpstreamClient,
  provider: EngineProvider,
  options: ListProbeOptions,
): Promise<TestResult> {
  const { pool = [], ...single } = provider;
  if (pool.length < 2) return testOne(upstream, single, options);
  const results = await Promise.all(
    pool.map(async ({ label, credential }) => ({
      label,
      result: await testOne(upstream, { ...single, credential }, options),
    })),
  );
  const [first] = results;
  const bad = results.find(({ result }) => !result.ok);
  if (!bad || !first) return first?.result ?? testOne(upstream, single, options);
  // What all keys meet alike is not about one of them.
  if (results.every(({ result }) => result.finding?.code === bad.result.finding?.code)) return first.result;
  const sentence = `Key "${bad.label}": ${continued(bad.result.verdict)}`;
  const { finding: found } = bad.result;
  return { ...bad.result, verdict: sentence, ...(found ? { finding: { ...found, sentence } } : {}) };
}

async function testOne(
  upstream: UpstreamClient,
  provider: EngineProvider,
  { signal, timeoutMs = LIST_MS, runtimes = LOCAL_RUNTIMES }: ListProbeOptions,
): Promise<TestResult> {
  const { config, credential } = provider;
  const address = addressFinding(config);
  if (address) return fails(address, 0);
  if (credential.kind === "missing") {
    const text = `There is no key: ${credential.reason}. Set the key of this provider.`;
    return fails(finding("key_missing", text, SET_KEY, ...keyPage(config)), 0);
  }
  const asked = await askList(upstream, provider, timeoutMs, signal);
  if (asked.kind === "failed") {
    const moved =
      asked.code === "ECONNREFUSED" ? await movedTo(upstream, provider, runtimes, signal) : undefined;
    return fails(moved ?? asked.finding, asked.latencyMs);
  }
  const { answer } = asked;
  const result = await judge(upstream, provider, answer, signal);
  const ahead = clockAhead(answer);
  return ahead === undefined ? result : { ...result, clockAheadSeconds: ahead };
}

async function judge(
  upstream: UpstreamClient,
  provider: EngineProvider,
  answer: Answered,
  signal: AbortSignal,
): Promise<TestResult> {
  const { config } = provider;
  const { status, latencyMs } = answer;
  const models = listIn(answer, config.baseUrl);
  if (models) return { ok: true, verdict: worksText(provider, models.length), latencyMs, models };
  const found = findingOf({
    provider,
    operation: "models",
    status,
    headers: answer.headers,
    bodyText: answer.bodyText,
  });
  const url = shownUrl(endpointUrl(config, "models"));
  if (!found) {
    const text = `${url} answers (HTTP ${status}), but not with a list of models. Check the address.`;
    return fails(finding("not_an_api", text, CHANGE_ADDRESS, NAME_MODELS), latencyMs);
  }
  if (found.code !== "no_model_list" && found.code !== "wrong_path" && found.code !== "web_page")
    return fails(found, latencyMs);
  const elsewhere = await foundAt(upstream, provider, signal);
  if (elsewhere) return fails(elsewhere, latencyMs);
  // Some compatible servers have no list; where the models are named by hand it is not needed.
  if (found.code === "no_model_list" && config.models?.length) {
    const verdict = `It answers, but has no list of models at ${url} (HTTP ${status}); the models you named are used.`;
    return { ok: true, verdict, latencyMs, models: [] };
  }
  return fails(found, latencyMs);
}

function fails(found: Finding, latencyMs: number): TestResult {
  return { ok: false, verdict: found.sentence, finding: found, latencyMs, models: [] };
}

/** By the `Date` header, which counts whole seconds. */
function clockAhead({ headers, latencyMs }: Answered): number | undefined {
  const theirs = Date.parse(String(headers.date ?? ""));
  return Number.isNaN(theirs) ? undefined : Math.round((theirs - (Date.now() - latencyMs / 2)) / 1000);
}

function worksText({ config }: EngineProvider, count: number): string {
  const listed = `works, ${count} ${count === 1 ? "model" : "models"} listed`;
  // Azure lists what could be deployed, not what is.
  if (config.type === "azure" && !config.models?.length)
    return `${listed}; name your deployments under "models" to use them`;
  return listed;
}

function askList(upstream: UpstreamClient, provider: EngineProvider, timeoutMs: number, signal: AbortSignal) {
  const url = new URL(endpointUrl(provider.config, "models"));
  if (provider.config.type === "anthropic") url.searchParams.set("limit", "1000");
  return exchange(upstream, provider, { url, timeoutMs, wholeMs: 4 * timeoutMs, signal });
}

/** The ids of the models that an answer lists; undefined where it is no list. */
function listIn({ status, headers, bodyText }: Answered, baseUrl: string): readonly string[] | undefined {
  const isPage = String(headers["content-type"] ?? "").startsWith("text/html");
  return status === 200 && !isPage
    ? parseModelList(parseJson(bodyText), baseUrl)?.map(({ id }) => id)
    : undefined;
}

/** Whether the API is at another path of the same host, to which the key may go. */
async function foundAt(
  upstream: UpstreamClient,
  provider: EngineProvider,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const { config } = provider;
  if (config.type === "azure") return undefined;
  for (const baseUrl of neighbouringAddresses(config.baseUrl)) {
    const neighbour = { ...provider, config: { ...config, baseUrl } };
    const asked = await askList(upstream, neighbour, NEIGHBOUR_MS, signal);
    if (asked.kind === "failed") return undefined;
    if (listIn(asked.answer, baseUrl)) return foundElsewhere(config.baseUrl, baseUrl);
  }
  return undefined;
}

/** Whether a local runtime listens where it usually does, and not where it was said to. It is asked without a key. */
async function movedTo(
  upstream: UpstreamClient,
  provider: EngineProvider,
  runtimes: readonly LocalRuntime[],
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const url = new URL(provider.config.baseUrl);
  if (!isLoopback(url)) return undefined;
  const named = runtimes.find(({ called }) => called.test(provider.config.id)) ?? runtimeOf(provider.config);
  if (named?.port === undefined || String(named.port) === url.port) return undefined;
  url.port = String(named.port);
  const baseUrl = url.href.replace(/\/$/, "");
  const { headers: _, ...config } = { ...provider.config, baseUrl };
  const asked = await askList(upstream, { config, credential: { kind: "none" } }, NEIGHBOUR_MS, signal);
  if (asked.kind === "failed" || !listIn(asked.answer, baseUrl)) return undefined;
  const text = `Nothing answers at ${new URL(provider.config.baseUrl).host}, but ${named.name} runs at ${url.host}. Use that address.`;
  return finding("runtime_moved", text, { kind: "changeAddress", baseUrl });
}
