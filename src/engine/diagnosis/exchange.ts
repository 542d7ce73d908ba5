import { pipeline } from "node:stream";
import type { Dispatcher } from "undici";
import type { EngineProvider } from "../../core/config/engineConfig";
import { type Finding, finding } from "../../core/diagnosis/finding";
import { invalidProxyFinding, networkFinding } from "../../core/diagnosis/networkFinding";
import { PosternError } from "../../core/errors";
import { providerRequestHeaders } from "../../core/providers/requestHeaders";
import { contentDecoder } from "../relay/contentDecoder";
import { faultCode } from "../relay/proxyFaults";
import { ownConnection, type UpstreamClient } from "../relay/upstreamClient";

/** What is asked of a provider for the sake of the answer's being there. */
export interface Asked {
  readonly url: URL;
  /** Posted as JSON; absent: it is a GET. */
  readonly body?: string;
  /** How long the provider may be silent, in milliseconds. */
  readonly timeoutMs: number;
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
  { url, body, timeoutMs, signal }: Asked,
): Promise<Exchanged> {
  const begun = performance.now();
  const since = (): number => Math.round(performance.now() - begun);
  const length = body === undefined ? undefined : Buffer.byteLength(body);
  const own = ["accept", "application/json, text/event-stream"];
  if (body !== undefined) own.push("content-type", "application/json");
  try {
    const response = await upstream.dispatcherFor(url, ownConnection(provider)).request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: body === undefined ? "GET" : "POST",
      headers: providerRequestHeaders(provider, own, length),
      body: body ?? null,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal,
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
    const failed = (found: Finding): Exchanged => ({
      kind: "failed",
      finding: found,
      code: faultCode(error),
      latencyMs: since(),
    });
    if (!(error instanceof PosternError)) return failed(networkFinding(provider.config, faultCode(error)));
    if (error.code === "proxy_invalid") return failed(invalidProxyFinding(error.message));
    return failed(finding("not_an_api", error.message, { kind: "changeAddress" }));
  }
}

async function readAll(response: Dispatcher.ResponseData, since: () => number): Promise<Answered["reads"]> {
  const decoder = contentDecoder(response.headers["content-encoding"]?.toString());
  const plain = decoder === "plain" || decoder === undefined;
  const source: AsyncIterable<Buffer> = plain ? response.body : pipeline(response.body, decoder, () => {});
  const reads: { atMs: number; bytes: Buffer }[] = [];
  let size = 0;
  for await (const bytes of source) {
    size += bytes.length;
    if (size > MAX_BYTES)
      throw new PosternError(
        "provider_not_api",
        "The provider's answer is larger than 16 MB. Check the address.",
      );
    reads.push({ atMs: since(), bytes });
  }
  return reads;
}
