import type { WireProtocol } from "../../../../src/core/protocols/wire";
import {
  createStreamTranslator,
  type ResponseContext,
  translateRequest,
} from "../../../../src/core/translation";

/** Clock and identifiers that are the same in every run. */
export function fixedSurroundings() {
  let count = 0;
  return {
    now: () => 1_700_000_000_000,
    newId: (prefix: string) => `${prefix}t${(count++).toString().padStart(6, "0")}`,
  };
}

export const PLAIN_CONTEXT: ResponseContext = {
  model: "p/model",
  issuer: "issuer",
  includeUsage: true,
  legacyFunctions: false,
  tools: new Map(),
  echo: {},
};

/** Runs a provider's bytes through a translator; how they are cut and how they end is up to the caller. */
export function translateStream(
  from: WireProtocol,
  to: WireProtocol,
  pieces: Iterable<Uint8Array | string>,
  options: { context?: Partial<ResponseContext>; broken?: boolean } = {},
) {
  const context = { ...PLAIN_CONTEXT, ...options.context };
  const translator = createStreamTranslator({ from, to, context, ...fixedSurroundings() });
  let text = "";
  for (const piece of pieces) {
    text += translator.push(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  }
  text += options.broken
    ? translator.fail({ status: 502, message: "the connection broke" })
    : translator.end();
  return { text, translator };
}

/** Providers as they are configured, one for each protocol. */
export const PROVIDERS = {
  chat: { type: "openai", baseUrl: "https://llm.example.com/v1" },
  responses: { type: "openai", baseUrl: "https://api.openai.com/v1" },
  messages: { type: "anthropic", baseUrl: "https://api.anthropic.com" },
} as const;

export const MODELS = { chat: "some-model", responses: "gpt-5.4", messages: "claude-sonnet-4-5" } as const;

/** A client's request as the provider gets it, parsed again. */
export function translated(
  from: WireProtocol,
  to: WireProtocol,
  body: object,
  options: {
    model?: string;
    provider?: { type: string; baseUrl: string };
    headers?: Record<string, string>;
  } = {},
) {
  const result = translateRequest({
    from,
    to,
    body,
    model: options.model ?? MODELS[to],
    headers: options.headers ?? {},
    provider: options.provider ?? PROVIDERS[to],
  });
  return { ...result, json: JSON.parse(result.body) };
}

/** Chat chunks as a provider streams them. */
export function chatStream(...chunks: object[]): string {
  const base = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m" };
  return chunks.map((chunk) => `data: ${JSON.stringify({ ...base, ...chunk })}\n\n`).join("");
}
export const delta = (content: object, finish: string | null = null) => ({
  choices: [{ index: 0, delta: content, finish_reason: finish }],
});
export const call = (piece: object) => delta({ tool_calls: [piece] });
export const DONE = "data: [DONE]\n\n";

/** Named events, as Messages and Responses stream them. */
export function namedStream(...events: ({ type: string } & Record<string, unknown>)[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}
