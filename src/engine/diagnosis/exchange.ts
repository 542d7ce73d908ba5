import type { Dispatcher } from "undici";
import type { EngineProvider } from "../../core/config/engineConfig";
import { type Finding, finding } from "../../core/diagnosis/finding";
import { invalidProxyFinding, networkFinding, TOO_SLOW_CODE } from "../../core/diagnosis/networkFinding";
import { PosternError } from "../../core/errors";
import { providerRequestHeaders } from "../../core/providers/requestHeaders";
import { answerPieces, askProvider } from "../relay/askProvider";
import { faultCode } from "../relay/proxyFaults";
import type { UpstreamClient } from "../relay/upstreamClient";

/** What is asked of a provider for the sake of the answer's being there. */
export interface Asked {
  readonly url: URL;
  /** Posted as JSON; absent: it is a GET. */
  readonly body?: string;
  /** How long the provider may be silent, in milliseconds. */
  readonly timeoutMs: number;
  /** How long the answer may take in all, in milliseconds: who sends a byte now and then is never silent. */
  readonly wholeMs?: number;
  readonly signal: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly bodyText: string;
  /** What arrived when, in milliseconds since the request was sent. */
  readonly reads: readonly { readonly atMs: number; readonly bytes: Uint8Array }[];
  readonly latencyMs: number;
}

export type Exchanged =
  | { readonly kind: "answered"; readonly answer: Answered }
  | { readonly kind: "failed"; readonly finding: Finding; readonly code: string; readonly latencyMs: number };

/** Lists of models are the largest that is read. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Asks a provider something and reads the whole answer.
 * @throws what the signal was aborted with, and nothing else
 */
export async function exchange(
  upstream: UpstreamClient,
  provider: EngineProvider,
  { url, body, timeoutMs, wholeMs, signal }: Asked,
): Promise<Exchanged> {
  const limit = wholeMs === undefined ? undefined : AbortSignal.timeout(wholeMs);
  const begun = performance.now();
  const since = (): number => Math.round(performance.now() - begun);
  const length = body === undefined ? undefined : Buffer.byteLength(body);
  const own = ["accept", "application/json, text/event-stream"];
  if (body !== undefined) own.push("content-type", "application/json");
  try {
    const response = await askProvider(upstream, provider, {
      url,
      method: body === undefined ? "GET" : "POST",
      headers: providerRequestHeaders(provider, own, length).headers,
      body,
      timeoutMs,
      signal: limit ? AbortSignal.any([signal, limit]) : signal,
    });
    const reads = await readAll(response, since);
    const answer: Answered = {
      status: response.statusCode,
      headers: response.headers,
      bodyText: Buffer.concat(reads.map(({ bytes }) => bytes)).toString("utf8"),
      reads,
      latencyMs: since(),
    };
    return { kind: "answered", answer };
  } catch (error) {
    signal.throwIfAborted();
    const code = limit?.aborted ? TOO_SLOW_CODE : faultCode(error);
    const failed = (found: Finding): Exchanged => ({
      kind: "failed",
      finding: found,
      code,
      latencyMs: since(),
    });
    if (!(error instanceof PosternError)) return failed(networkFinding(provider.config, code));
    if (error.code === "proxy_invalid") return failed(invalidProxyFinding(error.message));
    return failed(finding("not_an_api", error.message, { kind: "changeAddress" }));
  }
}

async function readAll(response: Dispatcher.ResponseData, since: () => number): Promise<Answered["reads"]> {
  const reads: { atMs: number; bytes: Buffer }[] = [];
  const tooLarge = "The provider's answer is larger than 16 MB. Check the address.";
  for await (const bytes of answerPieces(response, MAX_BYTES, tooLarge)) reads.push({ atMs: since(), bytes });
  return reads;
}
