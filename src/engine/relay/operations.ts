import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { PosternError } from "../../core/errors";
import type { Route } from "../../core/gateway/routes";
import { spliced } from "../../core/json/splice";
import { decodeSpan, scanTopLevel, type TopLevel } from "../../core/json/topLevel";
import { requestEdits } from "../../core/lane/requestEdits";
import { endpointUrl } from "../../core/providers/endpoint";
import { providerRequestHeaders } from "../../core/providers/requestHeaders";
import { SEAL_MARK, translateRequest, withoutForeignSeals } from "../../core/translation";
import { readRequestBody } from "../gateway/requestBody";
import type { Log } from "../log/log";
import type { ProviderRegistry } from "../providers/providerRegistry";
import type { UsageCounter } from "../usage/usageCounter";
import { ByteLane } from "./byteLane";
import { type RelayOutcome, ResponseRelay } from "./responseRelay";
import { findTarget, needsTranslation, protocolOf, type Target } from "./target";
import { TranslatedLane } from "./translatedLane";
import type { UpstreamClient } from "./upstreamClient";

type OperationRoute = Extract<Route, { kind: "operation" }>;

/** Bodies up to here go out in one piece, larger ones as slices that are not copied. */
const COPY_BYTES = 64 * 1024;

/** A request body as it was read, with what routing needs of it. */
interface ReadBody {
  readonly bytes: Buffer;
  readonly top: TopLevel;
  readonly model: string;
  readonly stream: boolean;
}

/** Runs the operations that go to a provider: body in, target found, answer relayed, outcome counted. */
export class Operations {
  private count = 0;
  private maxRunning = Number.POSITIVE_INFINITY;

  constructor(
    private readonly registry: ProviderRegistry,
    private readonly upstream: UpstreamClient,
    private readonly usage: UsageCounter,
    private readonly log: Log,
    private readonly onChange: () => void,
  ) {}

  setLimit(maxRunning: number): void {
    this.maxRunning = maxRunning;
  }

  /** Requests running now. */
  get running(): number {
    return this.count;
  }

  /** @throws PosternError, JsonSyntaxError while nothing has been sent to the client */
  async run(
    route: OperationRoute,
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): Promise<void> {
    if (this.count >= this.maxRunning) {
      throw new PosternError(
        "too_many_requests",
        `${this.maxRunning} requests are running already; try again in a moment.`,
        { retryAfterSeconds: 1 },
      );
    }
    this.count += 1;
    this.onChange();
    try {
      await this.relay(route, request, response, requestId);
    } finally {
      this.count -= 1;
      this.onChange();
    }
  }

  private async relay(
    route: OperationRoute,
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): Promise<void> {
    const body = readBody(await readRequestBody(request), route.deployment);
    const target = await findTarget(this.registry, body.model);
    const headers = {
      "x-request-id": requestId,
      "x-postern-provider": target.provider.config.id,
      "x-postern-model": headerSafe(target.model.id),
    };
    try {
      const relay = needsTranslation(target, route.operation, route.protocol)
        ? this.dispatchTranslated(route, body, target, request, response, headers)
        : this.dispatch(route, withoutForeignReasoning(body, route), target, request, response, headers);
      await this.settle(relay, target, requestId);
    } catch (error) {
      if (!response.headersSent)
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      throw error;
    }
  }

  private dispatch(
    route: OperationRoute,
    body: ReadBody,
    target: Target,
    request: IncomingMessage,
    response: ServerResponse,
    headers: Record<string, string>,
  ): ResponseRelay {
    const { config } = target.provider;
    const url = new URL(endpointUrl(config, route.operation, target.upstreamModel));
    forwardQuery(request.url ?? "", url);
    const edits = requestEdits(body.bytes, body.top, {
      model: target.upstreamModel,
      includeUsage: route.operation === "chat" && body.stream,
      ...(config.extraBody ? { extraBody: config.extraBody } : {}),
    });
    const slices = spliced(body.bytes, edits.splices);
    const length = slices.reduce((sum, slice) => sum + slice.length, 0);
    const lane = new ByteLane({
      protocol: route.protocol,
      providerId: config.id,
      streaming: body.stream,
      dropUsageChunk: edits.usageInjected,
      headers,
    });
    const relay = new ResponseRelay(response, config, lane);
    this.upstream.dispatcherFor(url).dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: "POST",
        headers: providerRequestHeaders(target.provider, request.rawHeaders, length),
        body: length <= COPY_BYTES ? Buffer.concat(slices) : Readable.from(slices),
      },
      relay,
    );
    return relay;
  }

  /** Between two protocols the body is decoded, and what could not be carried is named in a header. */
  private dispatchTranslated(
    route: OperationRoute,
    body: ReadBody,
    target: Target,
    request: IncomingMessage,
    response: ServerResponse,
    headers: Record<string, string>,
  ): ResponseRelay {
    const { config } = target.provider;
    const spoken = protocolOf(target.provider);
    const parsed: unknown = JSON.parse(body.bytes.toString("utf8").replace(/^\uFEFF/, ""));
    const translated = translateRequest({
      from: route.protocol,
      to: spoken,
      body: parsed,
      model: target.upstreamModel,
      headers: firstValues(request),
      provider: config,
      ...(config.extraBody ? { extraBody: config.extraBody } : {}),
    });
    if (translated.dropped.length > 0) headers["x-postern-dropped"] = droppedHeader(translated.dropped);
    const url = new URL(endpointUrl(config, spoken, target.upstreamModel));
    const bytes = Buffer.from(translated.body);
    const lane = new TranslatedLane({
      from: spoken,
      to: route.protocol,
      providerId: config.id,
      streaming: translated.stream,
      context: { ...translated.context, model: body.model },
      headers,
    });
    const relay = new ResponseRelay(response, config, lane);
    this.upstream.dispatcherFor(url).dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: "POST",
        // The client's own headers speak of another protocol.
        headers: providerRequestHeaders(target.provider, ["content-type", "application/json"], bytes.length),
        body: bytes,
      },
      relay,
    );
    return relay;
  }

  private async settle(relay: ResponseRelay, target: Target, requestId: string): Promise<void> {
    const { id } = target.provider.config;
    let outcome: RelayOutcome;
    try {
      outcome = await relay.settled;
    } catch (error) {
      this.usage.add(undefined);
      if (error instanceof PosternError) this.note(id, requestId, error.message);
      throw error;
    }
    this.usage.add(outcome.usage);
    if (outcome.fault) this.note(id, requestId, outcome.fault.message);
    else if (outcome.status === 401 || outcome.status === 403) {
      this.note(id, requestId, `the provider refused the key or the model (HTTP ${outcome.status})`);
    } else if (outcome.status >= 200 && outcome.status < 300 && outcome.end === "complete")
      this.registry.noteResult(id, undefined);
  }

  private note(providerId: string, requestId: string, failure: string): void {
    this.log.warn(`${requestId} provider "${providerId}": ${failure}`);
    this.registry.noteResult(providerId, failure);
  }
}

/** @throws JsonSyntaxError, PosternError invalid_request */
function readBody(bytes: Buffer, deployment: string | undefined): ReadBody {
  const top = scanTopLevel(bytes);
  const span = top.members.get("model");
  const named: unknown = span ? decodeSpan(bytes, span) : undefined;
  // Azure's shape names the deployment in the path, and that is the one that counts there.
  const model = deployment ?? named;
  if (typeof model !== "string" || model === "") {
    const what = model === undefined ? 'has no "model"' : 'has a "model" that is not a text';
    throw new PosternError("invalid_request", `The request ${what}; GET /v1/models lists what there is.`);
  }
  const streamSpan = top.members.get("stream");
  return { bytes, top, model, stream: streamSpan !== undefined && decodeSpan(bytes, streamSpan) === true };
}

/** Reasoning that a provider of another protocol had issued; the one byte-exact body that cannot stay so. */
function withoutForeignReasoning(body: ReadBody, route: OperationRoute): ReadBody {
  if (!body.bytes.includes(SEAL_MARK)) return body;
  const parsed = JSON.parse(body.bytes.toString("utf8").replace(/^\uFEFF/, "")) as Record<string, unknown>;
  const bytes = Buffer.from(JSON.stringify(withoutForeignSeals(route.protocol, parsed)));
  return { ...body, bytes, top: scanTopLevel(bytes) };
}

/** The names in one header, which a request with a thousand unknown fields must not blow up. */
function droppedHeader(dropped: readonly string[]): string {
  const shown = dropped.slice(0, 30).map((name) => headerSafe(name.slice(0, 60)));
  return [...shown, ...(dropped.length > 30 ? [`+${dropped.length - 30}`] : [])].join(", ");
}

function firstValues(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}

/** Claude Code's `?beta=true` and the like belong to the request; Azure's api-version is ours to say. */
function forwardQuery(target: string, url: URL): void {
  const at = target.indexOf("?");
  if (at < 0) return;
  for (const [name, value] of new URLSearchParams(target.slice(at + 1))) {
    if (name !== "api-version" && name !== "key" && name !== "api-key") url.searchParams.append(name, value);
  }
}

/** A model's id may have characters that a header may not. */
function headerSafe(text: string): string {
  const shown = text.slice(0, 200).toWellFormed();
  return /^[\x21-\x7e]+$/.test(shown) ? shown : encodeURIComponent(shown);
}
