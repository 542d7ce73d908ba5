import { pipeline } from "node:stream";
import type { Dispatcher } from "undici";
import type { EngineProvider } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import { contentDecoder } from "./contentDecoder";
import { ownConnection, type UpstreamClient } from "./upstreamClient";

/** What Postern asks of a provider for itself, e.g. for its models; clients' requests go through the sender. */
export interface ProviderQuestion {
  readonly url: URL;
  readonly method: "GET" | "POST";
  /** Name and value in turn, the credential among them. */
  readonly headers: string[];
  readonly body?: string | undefined;
  /** How long the provider may be silent, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks; no redirect is followed, so the credential goes nowhere else.
 * @throws what the network says, or what the signal was aborted with
 */
export function askProvider(
  upstream: UpstreamClient,
  provider: EngineProvider,
  { url, method, headers, body, timeoutMs, signal }: ProviderQuestion,
): Promise<Dispatcher.ResponseData> {
  return upstream.dispatcherFor(url, ownConnection(provider)).request({
    origin: url.origin,
    path: url.pathname + url.search,
    method,
    headers,
    body: body ?? null,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    ...(signal ? { signal } : {}),
  });
}

/**
 * The pieces of an answer as they come, decoded.
 *
 * @param tooLarge the sentence for an answer of more than `maxBytes`
 * @throws PosternError provider_not_api where it is larger
 */
export async function* answerPieces(
  { headers, body }: Pick<Dispatcher.ResponseData, "headers" | "body">,
  maxBytes: number,
  tooLarge: string,
): AsyncGenerator<Buffer, void, undefined> {
  const decoder = contentDecoder(headers["content-encoding"]?.toString());
  const plain = decoder === "plain" || decoder === undefined;
  const source: AsyncIterable<Buffer> = plain ? body : pipeline(body, decoder, () => {});
  let size = 0;
  for await (const piece of source) {
    size += piece.length;
    if (size > maxBytes) throw new PosternError("provider_not_api", tooLarge);
    yield piece;
  }
}

/** The whole answer as text; arguments and errors as for `answerPieces`. */
export async function answerText(...of: Parameters<typeof answerPieces>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of answerPieces(...of)) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}
