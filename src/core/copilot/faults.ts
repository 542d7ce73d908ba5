import { asNumber, asObject, asString, isObject, type JsonObject, nonEmpty, parseJson } from "../json/access";
import { CopilotFault } from "./contract";

/** The HTTP status that a session's error stands for, by its type: `session.error` of @github/copilot-sdk 1.0.14. */
const STATUS: Record<string, number> = {
  authentication: 401,
  authorization: 403,
  quota: 402,
  rate_limit: 429,
  context_limit: 400,
  query: 502,
};

/** The runtime could not get an answer out of GitHub. */
export function sessionFault(data: JsonObject): CopilotFault {
  const type = asString(data.errorType) ?? "query";
  const status = statusIn(data.statusCode) ?? STATUS[type] ?? 502;
  return faultOf(status, type, asString(data.message), nonEmpty(data.errorCode));
}

/** One call of the runtime's to a model has failed. It would try again by itself; whether that is done is ours to say. */
export function callFault(data: JsonObject): CopilotFault {
  const status = statusIn(data.statusCode) ?? 502;
  return faultOf(
    status,
    asString(data.errorType) ?? "",
    asString(data.errorMessage),
    nonEmpty(data.errorCode),
  );
}

function faultOf(
  status: number,
  type: string,
  message: string | undefined,
  errorCode: string | undefined,
): CopilotFault {
  const tooLong = type === "context_limit" || errorCode === "model_max_prompt_tokens_exceeded";
  const code = tooLong ? "context_length_exceeded" : errorCode;
  // GitHub says 402 where premium requests have run out; for the pool that account has none left.
  const text = wordsFor(status, message);
  return new CopilotFault({
    status: tooLong ? 400 : status,
    message: text,
    ...(code === undefined ? {} : { code }),
  });
}

/** The runtime hands on GitHub's JSON as it came. */
function plain(message: string | undefined): string | undefined {
  const body = message === undefined ? undefined : parseJson(message);
  if (!isObject(body)) return message;
  return nonEmpty(asObject(body.error).message) ?? nonEmpty(body.message) ?? message;
}

function wordsFor(status: number, given: string | undefined): string {
  const message = plain(given);
  const said = message === undefined || message === "" ? "" : ` GitHub says: ${message.slice(0, 500)}`;
  if (status === 401)
    return `GitHub does not take the account's token (any more). Sign in again, or enter another token.${said}`;
  if (status === 402)
    return `The account has no premium requests left. A model with multiplier 0, or another account, answers.${said}`;
  if (status === 403)
    return `GitHub does not let the account use Copilot in this way. Check its subscription, and that a fine-grained token has the permission Copilot Requests.${said}`;
  return message === undefined || message === ""
    ? `Copilot failed (HTTP ${status}).`
    : message.slice(0, 2000);
}

function statusIn(value: unknown): number | undefined {
  const status = asNumber(value);
  return status !== undefined && status >= 400 && status < 600 ? status : undefined;
}

/** The turn is over, and there is no answer or not the rest of it. */
export function brokenOff(): CopilotFault {
  return new CopilotFault({
    status: 502,
    message: "Copilot ended the turn without a whole answer.",
    code: "provider_incomplete",
  });
}

/** The runtime has left out the beginning of what was said, and would have the rest answered. */
export function tooLong(): CopilotFault {
  return new CopilotFault({
    status: 400,
    message: "The conversation is longer than the model takes; nothing of it is left out silently.",
    code: "context_length_exceeded",
  });
}

/** Another model was about to answer than the one that was asked for. */
export function otherModel(asked: string, answered: string): CopilotFault {
  return new CopilotFault({
    status: 404,
    message: `Copilot would have answered with ${answered.slice(0, 100)} in place of ${asked.slice(0, 100)}; Postern does not let a model be replaced. Refresh the provider's models.`,
    code: "model_not_found",
  });
}

/** The answers of an RPC that failed, by its words: the SDK has no classes for them. */
export function rpcFault(thrown: unknown): CopilotFault {
  if (thrown instanceof CopilotFault) return thrown;
  const message = thrown instanceof Error ? thrown.message : "";
  if (/not authenticated|authenticat|bad credentials|\b401\b/i.test(message)) {
    return new CopilotFault({ status: 401, message: wordsFor(401, undefined) });
  }
  if (/\b403\b|forbidden|not (have|enabled).*copilot/i.test(message))
    return new CopilotFault({ status: 403, message: wordsFor(403, undefined) });
  if (/connection is closed|connection got disposed|exited|closed before|EPIPE|ECONNRESET/i.test(message))
    return runtimeGone();
  return new CopilotFault({
    status: 502,
    message:
      'The Copilot runtime failed on this request. Try again; if it stays so, fetch the runtime anew (in VS Code "Postern: Download Copilot Runtime").',
    code: "provider_unreachable",
  });
}

/** The runtime's process has ended. */
export function runtimeGone(): CopilotFault {
  return new CopilotFault({
    status: 502,
    message: "The Copilot runtime has ended unexpectedly. It is started again with the next request.",
    code: "provider_incomplete",
  });
}

/** The runtime does not answer. */
export function runtimeHangs(): CopilotFault {
  return new CopilotFault({
    status: 504,
    message: "The Copilot runtime does not answer. It is started anew with the next request.",
    code: "provider_timeout",
  });
}
