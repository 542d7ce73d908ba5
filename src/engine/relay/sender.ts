import { Readable } from "node:stream";
import type { EngineProvider } from "../../core/config/engineConfig";
import { copilotTurn, MAX_TOOL_NAME } from "../../core/copilot/turn";
import { PosternError } from "../../core/errors";
import type { Route } from "../../core/gateway/routes";
import { asObject, type JsonObject, nonEmpty, optional } from "../../core/json/access";
import { spliced } from "../../core/json/splice";
import { requestEdits } from "../../core/lane/requestEdits";
import { storedResponseUrl } from "../../core/providers/endpoint";
import { providerRequestHeaders } from "../../core/providers/requestHeaders";
import { preferredProtocol } from "../../core/providers/spoken";
import { neutralRequest, translateRequest } from "../../core/translation";
import type { CopilotService } from "../copilot/copilotService";
import { dispatchTurn } from "../copilot/dispatch";
import { ByteLane } from "./byteLane";
import {
  type ClientBody,
  member,
  parsedBody,
  RUNTIME_MARK,
  withoutForeignReasoning,
  withoutRuntimeMark,
  withoutSteering,
} from "./clientBody";
import { EmbeddingsLane } from "./embeddingsLane";
import { EndOfTurn } from "./endOfTurn";
import type { Exchange } from "./exchange";
import { firstValues, forwardQuery, steeringInQuery } from "./forwarded";
import type { Lane } from "./lane";
import { droppedHeader } from "./ownHeaders";
import { type Address, addressOf, PerProvider } from "./perProvider";
import type { RequestTrace } from "./requestTrace";
import { type RelayOptions, ResponseRelay } from "./responseRelay";
import type { StoredResponses } from "./storedResponses";
import type { Target } from "./target";
import { TranslatedLane } from "./translatedLane";
import { TIMEOUTS, type UpstreamClient } from "./upstreamClient";

type OperationRoute = Extract<Route, { kind: "operation" }>;
type StoredRoute = Extract<Route, { kind: "storedResponse" }>;

/** Bodies up to here go out in one piece, larger ones as slices that are not copied. */
const COPY_BYTES = 64 * 1024;

/** What goes to a provider, besides its address. */
interface Outgoing {
  readonly method: "GET" | "DELETE" | "POST";
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Readable | Buffer | null;
}

/** Sends a request to one target, and has its answer relayed to the client. */
export class Sender {
  private readonly known = new PerProvider();
  private readonly turn = new EndOfTurn();

  constructor(
    private readonly upstream: UpstreamClient,
    private readonly stored: StoredResponses,
    private readonly turns: Pick<CopilotService, "turn">,
    private readonly relayOptions: RelayOptions,
  ) {}

  /** A response that a provider keeps: fetched, deleted or cancelled there. */
  storedResponse(
    route: StoredRoute,
    provider: EngineProvider,
    body: Buffer,
    exchange: Exchange,
  ): ResponseRelay {
    const url = storedResponseUrl(
      provider.config,
      route.part === undefined ? [route.id] : [route.id, route.part],
    );
    forwardQuery(exchange.request.url ?? "", url);
    const length = body.length > 0 || route.method === "POST" ? body.length : undefined;
    const { headers, steering } = providerRequestHeaders(provider, exchange.request.rawHeaders, length);
    noteDropped(exchange, [...steering, ...steeringInQuery(exchange.request)]);
    const lane = new ByteLane({
      protocol: "responses",
      providerId: provider.config.id,
      quoted: this.known.quotedKeysOf(provider),
      streaming: false,
      dropUsageChunk: false,
      headers: exchange.headers,
    });
    return this.send(provider, addressOf(url), exchange, lane, {
      method: route.method,
      headers,
      body: body.length > 0 ? body : null,
    });
  }

  /** Byte for byte, where client and provider speak the same protocol. */
  asItIs(
    route: OperationRoute,
    given: ClientBody,
    target: Target,
    exchange: Exchange,
    options: RelayOptions = {},
  ): ResponseRelay {
    const { provider } = target;
    const { config } = provider;
    const unmarked = route.operation === "chat" ? withoutRuntimeMark(given) : given;
    const steered = withoutSteering(unmarked);
    const body = withoutForeignReasoning(steered.body, route.protocol);
    const { headers, steering } = providerRequestHeaders(provider, exchange.request.rawHeaders);
    noteDropped(exchange, [
      ...(unmarked === given ? [] : [RUNTIME_MARK]),
      ...(body === steered.body ? [] : [route.protocol === "messages" ? "thinking" : "reasoning"]),
      ...steered.dropped,
      ...steering,
      ...steeringInQuery(exchange.request),
    ]);
    const previous =
      route.operation === "responses" ? nonEmpty(member(body, "previous_response_id")) : undefined;
    if (previous !== undefined) this.stored.assertKeptBy(provider, previous, exchange.trace.caller);
    const { url: asked = "" } = exchange.request;
    const address = this.known.addressOf(config, route.operation, target.upstreamModel, asked);
    const chat = route.operation === "chat" ? this.known.chatEditsOf(target) : undefined;
    const edits = requestEdits(body.bytes, body.top, {
      model: target.upstreamModel,
      includeUsage: chat !== undefined && body.stream && (chat.usageOption || "refused"),
      renames: chat?.renames ?? {},
      ...(config.extraBody ? { extraBody: config.extraBody } : {}),
    });
    const slices = spliced(body.bytes, edits.splices);
    const length = slices.reduce((sum, slice) => sum + slice.length, 0);
    const bytes = new ByteLane({
      protocol: route.protocol,
      providerId: config.id,
      quoted: this.known.quotedKeysOf(provider),
      streaming: body.stream,
      dropUsageChunk: edits.usageInjected,
      headers: exchange.headers,
      ...(route.operation === "responses"
        ? {
            onResponse: (response) => this.noteResponse(target, exchange.trace, previous, response),
            holdBody: previous !== undefined,
          }
        : {}),
    });
    const wanted = member(body, "encoding_format") === "base64" ? "base64" : "float";
    return this.send(
      provider,
      address,
      exchange,
      route.operation === "embeddings" ? new EmbeddingsLane(bytes, wanted, config.id) : bytes,
      {
        method: "POST",
        headers: [...headers, "content-length", String(length)],
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
  private noteResponse(
    { provider, model }: Target,
    trace: RequestTrace,
    previous: string | undefined,
    response: JsonObject,
  ): void {
    const providerId = provider.config.id;
    if (previous !== undefined && response.previous_response_id === null && response.status !== "failed") {
      throw new PosternError(
        "previous_response_not_found",
        `previous_response_id: provider "${providerId}" left it aside, it keeps no responses. Send the whole conversation in input.`,
      );
    }
    const id = nonEmpty(response.id);
    if (id === undefined) return;
    const { caller, route } = trace;
    trace.keptAs = [id, nonEmpty(asObject(response.conversation).id)].filter((one) => one !== undefined);
    this.stored.remember(id, caller, { provider: providerId, model: model.id, ...optional("route", route) });
  }

  /** Between two protocols the body is decoded, and what could not be carried is named in a header. */
  translated(
    route: OperationRoute,
    body: ClientBody,
    target: Target,
    exchange: Exchange,
    options: RelayOptions = {},
  ): ResponseRelay {
    const { config } = target.provider;
    const spoken = preferredProtocol(config);
    const translated = translateRequest({
      from: route.protocol,
      to: spoken,
      body: parsedBody(body),
      model: target.upstreamModel,
      modelId: target.model.id,
      known: target.model,
      headers: firstValues(exchange.request),
      provider: config,
      ...(config.extraBody ? { extraBody: config.extraBody } : {}),
    });
    noteDropped(exchange, translated.dropped);
    const address = this.known.addressOf(config, spoken, target.upstreamModel, "");
    const bytes = Buffer.from(translated.body);
    const lane = new TranslatedLane({
      from: spoken,
      to: route.protocol,
      providerId: config.id,
      quoted: this.known.quotedKeysOf(target.provider),
      streaming: translated.stream,
      context: { ...translated.context, model: body.model },
      headers: exchange.headers,
    });
    return this.send(
      target.provider,
      address,
      exchange,
      lane,
      {
        method: "POST",
        // The client's own headers speak of another protocol.
        headers: providerRequestHeaders(target.provider, ["content-type", "application/json"], bytes.length)
          .headers,
        body: bytes,
      },
      options,
    );
  }

  /** Through Copilot's SDK, which has no wire: the body is decoded, and the answer comes as neutral events. */
  copilot(
    route: OperationRoute,
    body: ClientBody,
    target: Target,
    exchange: Exchange,
    options: RelayOptions = {},
  ): ResponseRelay {
    const { provider, upstreamModel } = target;
    const { config } = provider;
    const { request, dropped, context } = neutralRequest(
      { from: route.protocol, body: parsedBody(body), model: upstreamModel, provider: config },
      MAX_TOOL_NAME,
    );
    const turn = copilotTurn(upstreamModel, request, target.model.facts, dropped);
    noteDropped(exchange, dropped.list());
    const lane = new TranslatedLane({
      from: "neutral",
      to: route.protocol,
      providerId: config.id,
      quoted: this.known.quotedKeysOf(provider),
      streaming: request.stream,
      context: { ...context, model: body.model },
      headers: exchange.headers,
    });
    const { betweenBytesSeconds } = config.timeouts ?? {};
    const betweenMs = betweenBytesSeconds === undefined ? TIMEOUTS.bodyTimeout : betweenBytesSeconds * 1000;
    // No connection of ours watches over this one.
    const patient = { firstByteMs: TIMEOUTS.headersTimeout, ...this.relayOptionsFor(provider, options) };
    const relay = new ResponseRelay(exchange.response, config, lane, patient);
    dispatchTurn(relay, this.turns.turn(provider, turn), betweenMs);
    return relay;
  }

  private relayOptionsFor(provider: EngineProvider, options: RelayOptions): RelayOptions {
    const { firstByteSeconds, totalSeconds } = provider.config.timeouts ?? {};
    return {
      turn: this.turn,
      ...this.relayOptions,
      ...options,
      secrets: this.known.quotedKeysOf(provider).mask,
      ...(firstByteSeconds === undefined ? {} : { firstByteMs: firstByteSeconds * 1000 }),
      ...(totalSeconds === undefined ? {} : { totalMs: totalSeconds * 1000 }),
    };
  }

  private send(
    provider: EngineProvider,
    { protocol, origin, path }: Address,
    { response }: Exchange,
    lane: Lane,
    { method, headers, body }: Outgoing,
    options: RelayOptions = {},
  ): ResponseRelay {
    const { config } = provider;
    const { firstByteSeconds, betweenBytesSeconds, connectSeconds } = config.timeouts ?? {};
    const relay = new ResponseRelay(response, config, lane, this.relayOptionsFor(provider, options));
    this.upstream
      .dispatcherFor({ protocol }, { connectSeconds, allowMetadataAddress: config.allowMetadataAddress })
      .dispatch(
        {
          origin,
          path,
          method,
          headers,
          body,
          ...(firstByteSeconds === undefined ? {} : { headersTimeout: firstByteSeconds * 1000 }),
          ...(betweenBytesSeconds === undefined ? {} : { bodyTimeout: betweenBytesSeconds * 1000 }),
        },
        relay,
      );
    return relay;
  }
}

/** What of a request did not go along, in the header and for the ledger. */
function noteDropped(exchange: Exchange, dropped: readonly string[]): void {
  exchange.trace.dropped = dropped;
  if (dropped.length > 0) exchange.headers["x-postern-dropped"] = droppedHeader(dropped);
  else delete exchange.headers["x-postern-dropped"];
}
