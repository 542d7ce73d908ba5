import { DroppedReport } from "../conversation/dropped";
import { invalid } from "../conversation/invalid";
import type { Destination } from "../conversation/quirks";
import type { ConversationRequest } from "../conversation/request";
import { issuerOf } from "../conversation/seal";
import { fittingToolName, type ToolOrigin } from "../conversation/toolNames";
import { isObject, type JsonObject, nonEmpty, parseJson } from "../json/access";
import { decodeChatRequest } from "../protocols/chat/decodeRequest";
import { decodeMessagesRequest } from "../protocols/messages/decodeRequest";
import { structuredToolName } from "../protocols/messages/encodeTools";
import { decodeResponsesRequest } from "../protocols/responses/decodeRequest";
import type { WireProtocol } from "../protocols/wire";
import { type KnownModel, quirksOf } from "../providers/quirks";
import { shortHash } from "../text/encode";
import type { ResponseContext } from "./context";
import { encodeChatRequest, encodeMessagesRequest, encodeResponsesRequest } from "./encoders";

export interface TranslatedRequest {
  /** JSON for the provider, under its own name of the model. */
  readonly body: string;
  /** Whether the client wants a stream; the provider is asked for the same. */
  readonly stream: boolean;
  /** What could not be carried over, by field name: for `x-postern-dropped`. */
  readonly dropped: readonly string[];
  /** Needed to translate the answer. */
  readonly context: ResponseContext;
}

export interface RequestTranslation {
  /** The client's protocol. */
  readonly from: WireProtocol;
  /** The provider's. */
  readonly to: WireProtocol;
  /** The client's JSON, parsed. */
  readonly body: unknown;
  /** The model's name at the provider. */
  readonly model: string;
  /** Which model that is, where its name is one that the provider's user chose: Azure's deployments. */
  readonly modelId?: string;
  /** What is known of it. */
  readonly known?: KnownModel;
  /** The client's request headers, lower-case; those that name a session are read. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly provider: { readonly type: string; readonly baseUrl: string };
  /** Fields from the provider's configuration, added where the request has none of that name. */
  readonly extraBody?: JsonObject;
}

/**
 * A client's request as the provider takes it.
 * @throws PosternError with a status below 500 for a body that is malformed, or that only its own provider could
 * serve
 */
export function translateRequest(options: RequestTranslation): TranslatedRequest {
  try {
    return translate(options);
  } catch (thrown) {
    // What is nested without end overflows the stack.
    if (thrown instanceof RangeError) throw invalid("The request is nested too deeply.");
    throw thrown;
  }
}

/** A client's request in the neutral form, for a provider that is spoken to in no protocol at all. */
export interface NeutralRequest {
  readonly request: ConversationRequest;
  readonly dropped: DroppedReport;
  /** Needed to translate the answer. */
  readonly context: ResponseContext;
}

/**
 * A client's request, decoded only.
 * @param maxToolName how long a tool's name may be
 * @throws PosternError with a status below 500 for a body that is malformed
 */
export function neutralRequest(
  options: Pick<RequestTranslation, "from" | "body" | "model" | "provider">,
  maxToolName: number,
): NeutralRequest {
  const { from, body, model, provider } = options;
  try {
    const dropped = new DroppedReport();
    const { request, object } = decoded(from, body, dropped);
    return {
      request,
      dropped,
      context: contextOf(from, object, request, maxToolName, model, issuerOf(provider)),
    };
  } catch (thrown) {
    if (thrown instanceof RangeError) throw invalid("The request is nested too deeply.");
    throw thrown;
  }
}

function decoded(
  from: WireProtocol,
  body: unknown,
  dropped: DroppedReport,
): { readonly request: ConversationRequest; readonly object: JsonObject } {
  if (!isObject(body)) throw invalid("The request body must be a JSON object.");
  const request = decode(from, body, dropped);
  for (const name of Object.keys(request.native.fields)) dropped.add(name);
  return { request, object: body };
}

function contextOf(
  from: WireProtocol,
  body: JsonObject,
  request: ConversationRequest,
  maxToolName: number,
  model: string,
  issuer: string,
): ResponseContext {
  return {
    model: nonEmpty(body.model) ?? model,
    issuer,
    includeUsage: request.includeUsage,
    legacyFunctions: from === "chat" && Array.isArray(body.functions) && !Array.isArray(body.tools),
    tools: toolOrigins(request, maxToolName),
    echo: from === "responses" ? echoOf(body) : {},
  };
}

function translate(options: RequestTranslation): TranslatedRequest {
  const { from, to, body, model, provider } = options;
  const dropped = new DroppedReport();
  const { request: plain, object } = decoded(from, body, dropped);
  const request = withSession(plain, options);
  const quirks = quirksOf(provider, to, options.modelId ?? model, options.known);
  const issuer = issuerOf(provider);
  const destination: Destination = { model, issuer, quirks };
  const encoded = encode(to, request, destination, dropped);
  const structured =
    to === "messages" && request.responseFormat?.kind === "jsonSchema" && quirks.structuredOutput === "tool";
  return {
    body: JSON.stringify({ ...options.extraBody, ...encoded }),
    stream: request.stream,
    dropped: dropped.list(),
    context: {
      ...contextOf(from, object, request, to === "messages" ? 128 : 64, model, issuer),
      ...(structured ? { structuredTool: structuredToolName(request.tools) } : {}),
    },
  };
}

/**
 * What a response object repeats of its request; not the input, which may be large. What is nested without end could
 * not be written into the answer.
 */
function echoOf(body: JsonObject): JsonObject {
  const repeated = [
    "instructions",
    "max_output_tokens",
    "metadata",
    "parallel_tool_calls",
    "reasoning",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "user",
  ];
  const echo = Object.fromEntries(repeated.map((key) => [key, body[key]]));
  try {
    JSON.stringify(echo);
  } catch {
    throw invalid("The request is nested too deeply.");
  }
  return echo;
}

function decode(from: WireProtocol, body: JsonObject, dropped: DroppedReport): ConversationRequest {
  if (from === "chat") return decodeChatRequest(body, dropped);
  return from === "responses" ? decodeResponsesRequest(body, dropped) : decodeMessagesRequest(body, dropped);
}

function encode(
  to: WireProtocol,
  request: ConversationRequest,
  destination: Destination,
  dropped: DroppedReport,
): JsonObject {
  if (to === "chat") return encodeChatRequest(request, destination, dropped);
  return to === "responses"
    ? encodeResponsesRequest(request, destination, dropped)
    : encodeMessagesRequest(request, destination, dropped);
}

/** The client's names of the tools, by the names the provider is given. */
function toolOrigins(request: ConversationRequest, maxLength: number): Map<string, ToolOrigin> {
  return new Map(
    request.tools.map((tool) => [
      fittingToolName(tool.name, maxLength),
      {
        name: tool.origin?.name ?? tool.name,
        ...(tool.origin ? { namespace: tool.origin.namespace } : {}),
        custom: tool.kind === "custom",
      },
    ]),
  );
}

/** Headers in which clients name their session: Claude Code, Codex (two spellings), opencode. */
const SESSION_HEADERS = [
  "x-claude-code-session-id",
  "session_id",
  "session-id",
  "x-session-id",
  "x-session-affinity",
];

/**
 * A name of the session, so that its requests meet the same prompt cache; and the user in the length that OpenAI
 * takes.
 */
function withSession(
  request: ConversationRequest,
  { from, headers }: RequestTranslation,
): ConversationRequest {
  const header = SESSION_HEADERS.map((name) => headers[name]).find((value) => value);
  const session = header ?? (from === "messages" && request.user ? sessionInUser(request.user) : undefined);
  const cacheKey = request.cacheKey ?? (session === undefined ? undefined : shorten(session, "session_"));
  const user = request.user === undefined ? undefined : shorten(request.user, "user_");
  return {
    ...request,
    ...(cacheKey === undefined ? {} : { cacheKey }),
    ...(user === undefined ? {} : { user }),
  };
}

/** Claude Code's `metadata.user_id`: JSON with a `session_id`, formerly `user_…_session_<uuid>`. */
function sessionInUser(user: string): string | undefined {
  const json = parseJson(user);
  if (isObject(json)) return nonEmpty(json.session_id);
  return /_session_([0-9a-f-]{16,})$/i.exec(user)?.[1];
}

/** https://platform.openai.com/docs/api-reference/responses/create: 64 characters at most. */
function shorten(value: string, prefix: string): string {
  return value.length <= 64 ? value : prefix + shortHash(value);
}
