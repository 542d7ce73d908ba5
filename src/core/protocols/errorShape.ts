import type { WireProtocol } from "./wire";

/** What a client is told about a failure, before it is put into the shape of its protocol. */
export interface WireError {
  /** HTTP status, also where the response has begun and only an event can be sent. */
  readonly status: number;
  readonly message: string;
  /** A program-readable code; OpenAI's `code` field. */
  readonly code?: string;
  readonly requestId?: string;
}

/** https://platform.openai.com/docs/guides/error-codes */
function openAiType(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 404) return "not_found_error";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

/** https://platform.claude.com/docs/en/api/errors */
function anthropicType(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 402) return "billing_error";
  if (status === 403) return "permission_error";
  if (status === 404) return "not_found_error";
  if (status === 413) return "request_too_large";
  if (status === 429) return "rate_limit_error";
  if (status === 503 || status === 529) return "overloaded_error";
  if (status === 504) return "timeout_error";
  return status >= 500 ? "api_error" : "invalid_request_error";
}

/** What Anthropic's SDK reads to go on without message threads. */
function threadDetails(code: string | undefined): object {
  if (code !== "thread_unsupported") return {};
  return { details: { error_code: "thread_unsupported_request", unsupported: ["thread"] } };
}

/** The JSON body of an error response in the client's protocol. */
export function errorBody(protocol: WireProtocol, error: WireError): string {
  if (protocol === "messages") {
    return JSON.stringify({
      type: "error",
      error: { type: anthropicType(error.status), message: error.message, ...threadDetails(error.code) },
      ...(error.requestId ? { request_id: error.requestId } : {}),
    });
  }
  return JSON.stringify({
    error: { message: error.message, type: openAiType(error.status), param: null, code: error.code ?? null },
  });
}

/**
 * The terminal error event of a stream that has begun, in the client's protocol.
 * @param sequenceNumber Responses only: the number after the last one that was sent
 */
export function errorEvent(protocol: WireProtocol, error: WireError, sequenceNumber = 0): string {
  switch (protocol) {
    case "messages":
      return `event: error\ndata: ${errorBody("messages", error)}\n\n`;
    case "chat":
      return `data: ${errorBody("chat", error)}\n\n`;
    case "responses":
      // Codex and the SDK end a turn on this event; see ResponseErrorEvent in the official types.
      return `event: error\ndata: ${JSON.stringify({
        type: "error",
        sequence_number: sequenceNumber,
        code: error.code ?? openAiType(error.status),
        message: error.message,
        param: null,
      })}\n\n`;
  }
}
