import {
  asArray,
  asNumber,
  asObject,
  asString,
  isObject,
  type JsonObject,
  lookup,
  nonEmpty,
  parseJson,
} from "../json/access";
import type { WireError } from "./errorShape";

/** https://platform.claude.com/docs/en/api/errors */
const ANTHROPIC_STATUS: Record<string, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** https://platform.openai.com/docs/guides/error-codes, and the codes of `response.failed`. */
const OPENAI_STATUS: Record<string, number> = {
  invalid_api_key: 401,
  model_not_found: 404,
  context_length_exceeded: 400,
  exceed_context_size_error: 400,
  invalid_prompt: 400,
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  usage_not_included: 429,
  server_error: 500,
  server_is_overloaded: 503,
  slow_down: 503,
  content_filter: 400,
};

/** llama.cpp's name for a conversation that is too long. */
const LLAMA_OVERFLOW = "exceed_context_size_error";

/** The HTTP status that an error's own words stand for, where it came without one. */
function statusOf(type: string | undefined, code: string | undefined): number | undefined {
  return lookup(OPENAI_STATUS, code) ?? lookup(ANTHROPIC_STATUS, type) ?? lookup(OPENAI_STATUS, type);
}

/** The words of an error, whatever its shape. */
function messageOf(outer: JsonObject): string | undefined {
  const inner = isObject(outer.error) ? outer.error : outer;
  const detail = Array.isArray(outer.detail) ? asObject(outer.detail[0]).msg : outer.detail;
  return (
    nonEmpty(inner.message) ??
    nonEmpty(outer.error) ??
    nonEmpty(outer.message) ??
    nonEmpty(detail) ??
    nonEmpty(inner.msg) ??
    nonEmpty(asObject(asArray(outer.errors)[0]).message)
  );
}

/** OpenRouter says "Provider returned error", and keeps in `metadata.raw` what the provider behind it has said. */
function withRaw(message: string, { metadata }: JsonObject): string {
  const { raw } = asObject(metadata);
  const body = typeof raw === "string" ? parseJson(raw) : raw;
  const behind = isObject(body) ? messageOf(body) : nonEmpty(raw);
  return behind === undefined || message.includes(behind) ? message : `${message}: ${behind.slice(0, 2000)}`;
}

/**
 * What a provider says went wrong, out of any of the shapes in use: OpenAI's and Anthropic's `error` object, a bare
 * string, FastAPI's `detail`, a plain `message`, Cloudflare's list of `errors`.
 * @param status of the response; undefined for an event in a stream, or for an error inside a 200
 */
export function readProviderError(body: unknown, status?: number): WireError {
  const outer = isObject(body) ? body : {};
  const inner = isObject(outer.error) ? outer.error : outer;
  const said = messageOf(outer) ?? "The provider reported an error without saying which.";
  const message = withRaw(said, inner);
  const type = nonEmpty(inner.type);
  // OpenRouter and others put the HTTP status into `code`.
  const numeric = asNumber(inner.code) ?? asNumber(inner.status) ?? asNumber(inner.http_code);
  const telling = type === "insufficient_quota" || type === LLAMA_OVERFLOW;
  const code = nonEmpty(inner.code) ?? (telling ? type : undefined);
  const plausible = numeric !== undefined && numeric >= 400 && numeric < 600 ? numeric : undefined;
  const requestId = asString(outer.request_id);
  return {
    status: status ?? plausible ?? statusOf(type, code) ?? 502,
    message,
    ...(code === undefined ? {} : { code }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** The same for the text of a response, which may be no JSON at all (a proxy's page, nothing). */
export function readErrorBody(text: string, status: number): WireError {
  const body = parseJson(text);
  if (isObject(body)) return readProviderError(body, status);
  if (Array.isArray(body) && isObject(body[0])) return readProviderError(body[0], status);
  const plain = text.trim();
  const isPage = plain === "" || plain.startsWith("<");
  return {
    status,
    message: isPage
      ? `The provider answered with HTTP ${status} and no readable error.`
      : plain.slice(0, 2000),
  };
}

/** What is looked through of a message: its numbers and words are at its beginning. */
const LOOKED_AT = 4096;

/** The words of OpenAI, Anthropic, vLLM, llama.cpp, Gemini, xAI, Moonshot, GLM, Copilot, Groq and Cerebras. */
const OVERFLOW = [
  "prompt is too long",
  "maximum context length",
  "context[ _](?:length|window|size)",
  "exceeds? the (?:model's )?context",
  "input is too long",
  "too many input tokens",
  "input token count .{0,40}exceeds the maximum",
  "maximum prompt length",
  "exceeded model token limit",
  "prompt token count of .{0,40}exceeds the limit",
  "prompt exceeds max length",
  "reduce the length of the (?:input )?(?:messages|prompt)",
];
const OVERFLOWS = new RegExp(OVERFLOW.join("|"), "i");

/** The answer asked for is too long, not the conversation: nothing that a compaction could mend (vLLM). */
const ANSWER_TOO_LONG = /max_(?:completion_|output_|new_)?tokens.{0,80}too (?:large|high)/i;

/** Whether an error says that the conversation is longer than the model's context window. */
export function isContextOverflow(error: WireError): boolean {
  if (error.status !== 400 && error.status !== 413 && error.status !== 422) return false;
  if (error.code === "context_length_exceeded" || error.code === LLAMA_OVERFLOW) return true;
  const message = error.message.slice(0, LOOKED_AT);
  return OVERFLOWS.test(message) && !ANSWER_TOO_LONG.test(message);
}

/** The numbers in the words of those above: what was sent and what fits. */
export function overflowNumbers(text: string): { used: number; limit: number } | undefined {
  const message = text.slice(0, LOOKED_AT);
  const digits = (text: string | undefined): number => Number((text ?? "").replace(/[,_]/g, ""));
  const anthropic = /([\d,_]{1,20}) tokens > ([\d,_]{1,20})/.exec(message);
  if (anthropic) return { used: digits(anthropic[1]), limit: digits(anthropic[2]) };
  const limit =
    /(?:(?:context|prompt) length (?:is|of)|maximum of|limit of|token limit:|context size \(?|tokens allowed \(?)\s*([\d,_]+)/i.exec(
      message,
    );
  const used =
    /(?:resulted in|requested(?: about|:)?|contains(?: at least)?|request \(|token count (?:of|\()|prompt has|has)\s*([\d,_]+)/i.exec(
      message,
    );
  return limit && used ? { used: digits(used[1]), limit: digits(limit[1]) } : undefined;
}

/** The error of a stream or an answer that does not keep to its protocol. */
export function malformed(what: string): WireError {
  return {
    status: 502,
    message: `The provider's answer could not be read: ${what}.`,
    code: "provider_malformed",
  };
}

/** The error of a stream that ended before it said so. */
export function incomplete(): WireError {
  return {
    status: 502,
    message: "The provider ended the answer before it was complete.",
    code: "provider_incomplete",
  };
}
