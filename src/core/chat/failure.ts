import type { WireError } from "../protocols/errorShape";
import { isContextOverflow } from "../protocols/providerError";

/** Which of VS Code's `LanguageModelError`s a failure is; `Unknown` is any other. */
export type FailureKind = "NoPermissions" | "NotFound" | "Blocked" | "Unknown";

/** A request that failed, for a person. */
export interface ChatFailure {
  readonly kind: FailureKind;
  /** What is wrong and what to do. */
  readonly message: string;
}

/**
 * What a failure of the engine or a provider means for whoever asked in Chat.
 * @param from the provider's name where it was asked; undefined where Postern itself refused, whose texts say what to
 *   do already
 * @param retryAfterSeconds by the answer's header
 */
export function chatFailure(
  error: WireError,
  from: string | undefined,
  retryAfterSeconds?: number,
): ChatFailure {
  const { status, code } = error;
  const kind = kindOf(error);
  if (from === undefined) return { kind, message: error.message };
  const advice = adviceFor(error, retryAfterSeconds);
  const said = sentence(error.message);
  const where = status === 502 && code !== undefined ? "" : `${from}: `;
  return { kind, message: [`${where}${said}`, ...(advice ? [advice] : [])].join(" ") };
}

/** The provider's content filter ended the answer before there was one. */
export function filtered(from: string): ChatFailure {
  return {
    kind: "Blocked",
    message: `The content filter of ${from} stopped this answer. Put the request in other words, or choose another model.`,
  };
}

/** The answer reached its length limit with nothing in it but thinking: to the person it would look like silence. */
export function cutBeforeAnswer(from: string): ChatFailure {
  return {
    kind: "Unknown",
    message: `The answer of ${from} reached its length limit before it had said anything. Choose a lower thinking effort, attach less, or choose a model with a larger output limit.`,
  };
}

function kindOf({ status, code }: WireError): FailureKind {
  if (status === 401 || status === 403) return "NoPermissions";
  if (status === 404) return "NotFound";
  return code === "content_filter" || code === "content_policy_violation" ? "Blocked" : "Unknown";
}

function adviceFor(error: WireError, retryAfterSeconds: number | undefined): string | undefined {
  const { status, code } = error;
  if (isContextOverflow(error)) {
    return "The conversation is longer than this model can read: start a new chat, attach less, or choose a model with a larger context.";
  }
  if (status === 402 || code === "insufficient_quota") {
    return "The account has no credit left: top it up at the provider, or choose another model.";
  }
  if (status === 401) return 'Check its key with "Postern: Test Connection", or run "Postern: Replace Key".';
  if (status === 403)
    return "The key may not use this model: allow it at the provider, or choose another model.";
  if (status === 404)
    return 'The provider does not have this model: run "Postern: Refresh Models", or choose another.';
  if (status === 429) {
    const when =
      retryAfterSeconds === undefined ? "in a while" : `in ${Math.max(1, Math.ceil(retryAfterSeconds))} s`;
    return `The provider's limit is reached: try again ${when}, or choose another model.`;
  }
  return status >= 500 && status !== 502 ? "Try again in a moment, or choose another model." : undefined;
}

function sentence(text: string): string {
  const trimmed = text.trim().slice(0, 1000);
  return /[.!?…)]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
