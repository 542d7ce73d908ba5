import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { EngineProvider } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import type { Route } from "../../core/gateway/routes";
import { type JsonObject, nonEmpty } from "../../core/json/access";
import { spliced } from "../../core/json/splice";
import { requestEdits } from "../../core/lane/requestEdits";
import { endpointUrl, storedResponseUrl } from "../../core/providers/endpoint";
import { quirksOf } from "../../core/providers/quirks";
import { secretsOf } from "../../core/providers/redact";
import { providerRequestHeaders } from "../../core/providers/requestHeaders";
import { isOpenAiItself, preferredProtocol } from "../../core/providers/spoken";
import { translateRequest } from "../../core/translation";
import { answerJson } from "../gateway/answer";
import { readRequestBody } from "../gateway/requestBody";
import type { Log } from "../log/log";
import type { ProviderRegistry } from "../providers/providerRegistry";
import { estimateTokens } from "../tokens/estimateTokens";
import type { UsageCounter } from "../usage/usageCounter";
import { ByteLane } from "./byteLane";
import { type ClientBody, member, parsedBody, scanBody, withoutForeignReasoning } from "./clientBody";
import { EmbeddingsLane } from "./embeddingsLane";
import { firstValues, forwardQuery } from "./forwarded";
import type { Lane } from "./lane";
import { droppedHeader, headerSafe } from "./ownHeaders";
import { type RelayOptions, type RelayOutcome, ResponseRelay } from "./responseRelay";
import { StoredResponses } from "./storedResponses";
import { findTarget, type Target, treatmentOf } from "./target";
import { TranslatedLane } from "./translatedLane";
import type { UpstreamClient } from "./upstreamClient";

type OperationRoute = Extract<Route, { kind: "operation" }>;
type StoredRoute = Extract<Route, { kind: "storedResponse" }>;

/** Bodies up to here go out in one piece, larger ones as slices that are not copied. */
const COPY_BYTES = 64 * 1024;
/** By which a provider says that it cannot count tokens. */
const CANNOT_COUNT = [404, 405, 501];

/** A client's request and the answer to it, with the headers of our own that the answer gets. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: Record<string, string>;
}

/** What goes to a provider, besides its address. */
interface Outgoing {
  readonly method: "GET" | "DELETE" | "POST";
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Readable | Buffer | null;
}

/** Runs what goes to a provider: body in, target found, answer relayed, outcome counted. */
export class Operations {
  private readonly stored: StoredResponses;
  private count = 0;
  private maxRunning = Number.POSITIVE_INFINITY;

  constructor(
    private readonly registry: ProviderRegistry,
    private readonly upstream: UpstreamClient,
    private readonly usage: UsageCounter,
    private readonly log: Log,
    private readonly onChange: () => void,
    private readonly relayOptions: RelayOptions = {},
  ) {
    this.stored = new StoredResponses(registry);
  }

  setLimit(maxRunning: number): void {
    this.maxRunning = maxRunning;
  }

  /** Requests running now. */
  get running(): number {
    return this.count;
  }

  /** @throws PosternError, JsonSyntaxError while nothing has been sent to the client */
  async run(
    route: OperationRoute | StoredRoute,
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
    const exchange = { request, response, headers: { "x-request-id": requestId } };
    try {
      if (route.kind === "storedResponse") await this.runStored(route, exchange);
      else await this.runOperation(route, exchange);
    } catch (error) {
      if (!response.headersSent)
        for (const [name, value] of Object.entries(exchange.headers)) response.setHeader(name, value);
      throw error;
    } finally {
      this.count -= 1;
      this.onChange();
    }
  }

  private async runOperation(route: OperationRoute, exchange: Exchange): Promise<void> {
    const body = scanBody(await readRequestBody(exchange.request), route.deployment);
    const target = await findTarget(this.registry, body.model);
    exchange.headers["x-postern-provider"] = target.provider.config.id;
    exchange.headers["x-postern-model"] = headerSafe(target.model.id);
    const treatment = treatmentOf(target, route.operation, route.protocol);
    if (treatment === "estimated") return this.answerEstimate(body, exchange);
    if (route.operation === "countTokens") return this.countOrEstimate(route, body, target, exchange);
    const relay =
      treatment === "translated"
        ? this.dispatchTranslated(route, body, target, exchange)
        : this.dispatch(route, body, target, exchange);
    await this.settle(relay, target.provider, exchange, true);
  }

  /** Counting is no request to a model, and is not counted as one. */
  private async countOrEstimate(
    route: OperationRoute,
    body: ClientBody,
    target: Target,
    exchange: Exchange,
  ): Promise<void> {
    const relay = this.dispatch(route, body, target, exchange, { lacking: CANNOT_COUNT });
    try {
      await this.settle(relay, target.provider, exchange, false);
    } catch (error) {
      if (!(error instanceof PosternError) || error.code !== "not_found") throw error;
      await this.answerEstimate(body, exchange);
    }
  }

  private async answerEstimate(body: ClientBody, { response, headers }: Exchange): Promise<void> {
    const input_tokens = await estimateTokens(parsedBody(body));
    answerJson(response, 200, JSON.stringify({ input_tokens }), {
      ...headers,
      "x-postern-estimated": "input_tokens",
    });
  }

  /** A response that a provider keeps: fetched, deleted or cancelled there. */
  private async runStored(route: StoredRoute, exchange: Exchange): Promise<void> {
    const body = await readRequestBody(exchange.request);
    const provider = this.stored.keeper(route.id);
    exchange.headers["x-postern-provider"] = provider.config.id;
    const url = storedResponseUrl(
      provider.config,
      route.part === undefined ? [route.id] : [route.id, route.part],
    );
    forwardQuery(exchange.request.url ?? "", url);
    const lane = new ByteLane({
      protocol: "responses",
      providerId: provider.config.id,
      secrets: secretsOf(provider),
      streaming: false,
      dropUsageChunk: false,
      headers: exchange.headers,
    });
    const length = body.length > 0 || route.method === "POST" ? body.length : undefined;
    const relay = this.send(provider, url, exchange, lane, {
      method: route.method,
      headers: providerRequestHeaders(provider, exchange.request.rawHeaders, length),
      body: body.length > 0 ? body : null,
    });
    await this.settle(relay, provider, exchange, false);
  }

  private dispatch(
    route: OperationRoute,
    given: ClientBody,
    target: Target,
    exchange: Exchange,
    options: RelayOptions = {},
  ): ResponseRelay {
    const { provider } = target;
    const { config } = provider;
    const body = withoutForeignReasoning(given, route.protocol);
    if (body !== given)
      exchange.headers["x-postern-dropped"] = route.protocol === "messages" ? "thinking" : "reasoning";
    const previous =
      route.operation === "responses" ? nonEmpty(member(body, "previous_response_id")) : undefined;
    if (previous !== undefined) this.stored.assertKeptBy(provider, previous);
    const url = new URL(endpointUrl(config, route.operation, target.upstreamModel));
    forwardQuery(exchange.request.url ?? "", url);
    const edits = requestEdits(body.bytes, body.top, {
      model: target.upstreamModel,
      includeUsage: route.operation === "chat" && body.stream,
      renames: route.operation === "chat" ? renamesFor(target) : {},
      ...(config.extraBody ? { extraBody: config.extraBody } : {}),
    });
    const slices = spliced(body.bytes, edits.splices);
    const length = slices.reduce((sum, slice) => sum + slice.length, 0);
    const bytes = new ByteLane({
      protocol: route.protocol,
      providerId: config.id,
      secrets: secretsOf(provider),
      streaming: body.stream,
      dropUsageChunk: edits.usageInjected,
      headers: exchange.headers,
      ...(route.operation === "responses"
        ? {
            onResponse: (response) => this.noteResponse(config.id, previous, response),
            holdBody: previous !== undefined,
          }
        : {}),
    });
    const wanted = member(body, "encoding_format") === "base64" ? "base64" : "float";
    return this.send(
      provider,
      url,
      exchange,
      route.operation === "embeddings" ? new EmbeddingsLane(bytes, wanted, config.id) : bytes,
      {
        method: "POST",
        headers: providerRequestHeaders(provider, exchange.request.rawHeaders, length),
        body: length <= COPY_BYTES ? Buffer.concat(slices) : Readable.from(slices),
      },
      options,
    );
  }

  /**
   * A server that keeps nothing may leave `previous_response_id` aside and answer without the conversation's
   * beginning; it then says null where the response repeats the id.
   * @throws PosternError previous_response_not_found
   */
  private noteResponse(providerId: string, previous: string | undefined, response: JsonObject): void {
    if (previous !== undefined && response.previous_response_id === null && response.status !== "failed") {
      throw new PosternError(
        "previous_response_not_found",
        `previous_response_id: provider "${providerId}" left it aside, it keeps no responses. Send the whole conversation in input.`,
      );
    }
    const id = nonEmpty(response.id);
    if (id !== undefined) this.stored.remember(id, providerId);
  }

  /** Between two protocols the body is decoded, and what could not be carried is named in a header. */
  private dispatchTranslated(
    route: OperationRoute,
    body: ClientBody,
    target: Target,
    exchange: Exchange,
  ): ResponseRelay {
    const { config } = target.provider;
    const spoken = preferredProtocol(config);
    const translated = translateRequest({
      from: route.protocol,
      to: spoken,
      body: parsedBody(body),
      model: target.upstreamModel,
      modelId: target.model.id,
      headers: firstValues(exchange.request),
      provider: config,
      ...(config.extraBody ? { extraBody: config.extraBody } : {}),
    });
    if (translated.dropped.length > 0)
      exchange.headers["x-postern-dropped"] = droppedHeader(translated.dropped);
    const url = new URL(endpointUrl(config, spoken, target.upstreamModel));
    const bytes = Buffer.from(translated.body);
    const lane = new TranslatedLane({
      from: spoken,
      to: route.protocol,
      providerId: config.id,
      secrets: secretsOf(target.provider),
      streaming: translated.stream,
      context: { ...translated.context, model: body.model },
      headers: exchange.headers,
    });
    return this.send(target.provider, url, exchange, lane, {
      method: "POST",
      // The client's own headers speak of another protocol.
      headers: providerRequestHeaders(target.provider, ["content-type", "application/json"], bytes.length),
      body: bytes,
    });
  }

  private send(
    { config }: EngineProvider,
    url: URL,
    { response }: Exchange,
    lane: Lane,
    { method, headers, body }: Outgoing,
    options: RelayOptions = {},
  ): ResponseRelay {
    const relay = new ResponseRelay(response, config, lane, { ...this.relayOptions, ...options });
    this.upstream
      .dispatcherFor(url)
      .dispatch(
        { origin: url.origin, path: url.pathname + url.search, method, headers: [...headers], body },
        relay,
      );
    return relay;
  }

  /** @param counts whether it was a request to a model */
  private async settle(
    relay: ResponseRelay,
    { config: { id } }: EngineProvider,
    { headers }: Exchange,
    counts: boolean,
  ): Promise<void> {
    const requestId = headers["x-request-id"] ?? "";
    let outcome: RelayOutcome;
    try {
      outcome = await relay.settled;
    } catch (error) {
      if (counts) this.usage.add({ usage: undefined, answered: false });
      if (error instanceof PosternError && error.code !== "not_found")
        this.note(id, requestId, error.message);
      throw error;
    }
    const { usage, status, fault } = outcome;
    const good = status >= 200 && status < 300;
    if (counts) this.usage.add({ usage, answered: good && !fault });
    if (fault) this.note(id, requestId, fault.message);
    else if (status === 401 || status === 403) {
      this.note(id, requestId, `the provider refused the key or the model (HTTP ${status})`);
    } else if (good && outcome.end === "complete") this.registry.noteResult(id, undefined);
  }

  private note(providerId: string, requestId: string, failure: string): void {
    this.log.warn(`${requestId} provider "${providerId}": ${failure}`);
    this.registry.noteResult(providerId, failure);
  }
}

/** Clients send the older `max_tokens` to every model; those of OpenAI that reason refuse it. */
function renamesFor({ provider, model }: Target): Readonly<Record<string, string>> {
  if (!isOpenAiItself(provider.config)) return {};
  const { reasons, maxTokensField } = quirksOf(provider.config, "chat", model.id);
  return reasons && maxTokensField !== "max_tokens" ? { max_tokens: maxTokensField } : {};
}
