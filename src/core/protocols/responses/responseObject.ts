import type { ResponseOutputItem } from "openai/resources/responses/responses";
import type { StopReason } from "../../conversation/answer";
import type { Usage } from "../../conversation/usage";
import type { JsonObject } from "../../json/access";
import { usageToResponses } from "./usage";

export interface ResponsesEncoderOptions {
  readonly model: string;
  readonly issuer: string;
  /** Seconds since the epoch. */
  readonly created: number;
  /** Fields of the request that the response object repeats. */
  readonly echo: JsonObject;
  readonly newId: (prefix: string) => string;
}

/** How the model's stopping looks here: only running out of something is `incomplete`. */
export function statusOf(reason: StopReason): {
  status: "completed" | "incomplete";
  incomplete_details: { reason: string } | null;
} {
  if (reason === "length" || reason === "contextWindow") {
    return { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
  }
  if (reason === "contentFilter" || reason === "refusal") {
    return { status: "incomplete", incomplete_details: { reason: "content_filter" } };
  }
  return { status: "completed", incomplete_details: null };
}

/** A response object with what every one of them has; the state of the answer is put over it. */
export function responseObject(
  id: string,
  options: ResponsesEncoderOptions,
  state: {
    readonly status: "in_progress" | "completed" | "incomplete" | "failed";
    readonly output?: readonly ResponseOutputItem[];
    readonly usage?: Usage | undefined;
    readonly incomplete_details?: { readonly reason: string } | null;
    readonly error?: { readonly code: string; readonly message: string };
  },
): JsonObject {
  const { echo } = options;
  const begun = state.status === "in_progress";
  return {
    id,
    object: "response",
    created_at: options.created,
    status: state.status,
    background: false,
    error: state.error ?? null,
    incomplete_details: state.incomplete_details ?? null,
    // Long, and of use to nobody before the end.
    instructions: begun ? null : (echo.instructions ?? null),
    max_output_tokens: echo.max_output_tokens ?? null,
    metadata: echo.metadata ?? {},
    model: options.model,
    output: state.output ?? [],
    parallel_tool_calls: echo.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: echo.reasoning ?? { effort: null, summary: null },
    service_tier: echo.service_tier ?? "default",
    store: false,
    temperature: echo.temperature ?? null,
    text: echo.text ?? { format: { type: "text" } },
    tool_choice: echo.tool_choice ?? "auto",
    tools: begun ? [] : (echo.tools ?? []),
    top_p: echo.top_p ?? null,
    truncation: "disabled",
    usage: state.usage ? usageToResponses(state.usage) : null,
    user: echo.user ?? null,
  };
}

/** Clients expect `resp_`; the provider's own id stays recognisable behind it. */
export function responseId(id: string | undefined, newId: (prefix: string) => string): string {
  if (!id) return newId("resp_");
  return id.startsWith("resp_") ? id : `resp_${id.replace(/[^a-zA-Z0-9_-]/g, "_")}`;
}
