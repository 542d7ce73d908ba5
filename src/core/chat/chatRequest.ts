import { DroppedReport } from "../conversation/dropped";
import type { Destination } from "../conversation/quirks";
import type { ConversationRequest } from "../conversation/request";
import { issuerOf } from "../conversation/seal";
import { fittingToolName } from "../conversation/toolNames";
import type { JsonObject } from "../json/access";
import type { WireProtocol } from "../protocols/wire";
import { quirksOf } from "../providers/quirks";
import type { ResponseContext } from "../translation/context";
import { encodeChatRequest, encodeMessagesRequest, encodeResponsesRequest } from "../translation/encoders";
import { conversationOf, withCacheMarks } from "./conversation";
import type { ChatAsk } from "./parts";

/** Which model is asked, and what is known of whoever serves it. */
export interface ChatTarget {
  /** As the gateway knows it: `provider/model`, or a route's name. */
  readonly id: string;
  /** The provider's own id of the model. */
  readonly modelId: string;
  /** The protocol the provider prefers: asked in it, its answer passes the engine byte for byte. */
  readonly protocol: WireProtocol;
  readonly provider: { readonly type: string; readonly baseUrl: string };
  /** The longest answer of the model in tokens, where that is known. */
  readonly maxOutput?: number;
}

/** A request to the engine. */
export interface ChatRequest {
  /** The gateway's path. */
  readonly path: string;
  readonly protocol: WireProtocol;
  readonly body: string;
  /** What could not be carried, by name; log-safe. */
  readonly notCarried: readonly string[];
  /** What is needed to read the answer. */
  readonly context: ResponseContext;
}

const PATH: Record<WireProtocol, string> = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  messages: "/v1/messages",
};

/**
 * VS Code's request in the protocol that the model's provider speaks, so that the engine passes it on as it is and
 * what the provider wants back with the next request (thinking signatures, encrypted reasoning) stays valid.
 * @param reasoningVisible whether a summary of the reasoning is asked for
 * @throws PosternError invalid_request
 */
export function chatRequest(ask: ChatAsk, target: ChatTarget, reasoningVisible = true): ChatRequest {
  const { protocol, provider } = target;
  const { request: read, notCarried } = conversationOf(ask);
  const issuer = issuerOf(provider);
  const quirks = quirksOf(provider, protocol, target.modelId);
  const marked = protocol === "messages" || quirks.cacheMarks ? withCacheMarks(read) : read;
  const request = fitted(marked, target, reasoningVisible);
  const dropped = new DroppedReport();
  const body = encode(protocol, request, { model: target.id, issuer, quirks }, dropped);
  const maxLength = protocol === "messages" ? 128 : 64;
  return {
    path: PATH[protocol],
    protocol,
    body: JSON.stringify(body),
    notCarried: [...new Set([...notCarried, ...dropped.list()])],
    context: {
      model: target.id,
      issuer,
      includeUsage: true,
      legacyFunctions: false,
      tools: new Map(
        request.tools.map(({ name }) => [fittingToolName(name, maxLength), { name, custom: false }]),
      ),
      echo: {},
    },
  };
}

/** Messages must be told a limit: the model's own, where it is known. */
function fitted(
  request: ConversationRequest,
  { protocol, maxOutput }: ChatTarget,
  visible: boolean,
): ConversationRequest {
  const { reasoning, maxTokens } = request;
  const limit = maxTokens ?? (protocol === "messages" ? maxOutput : undefined);
  return {
    ...request,
    ...(limit === undefined ? {} : { maxTokens: limit }),
    ...(reasoning?.visible && !visible ? { reasoning: { ...reasoning, visible: false } } : {}),
  };
}

function encode(
  protocol: WireProtocol,
  request: ConversationRequest,
  destination: Destination,
  dropped: DroppedReport,
): JsonObject {
  if (protocol === "chat") return encodeChatRequest(request, destination, dropped);
  return protocol === "responses"
    ? encodeResponsesRequest(request, destination, dropped)
    : encodeMessagesRequest(request, destination, dropped);
}
