import { type FullTurn, pieces } from "./turn";

const finishReason = ({ calls, length }: FullTurn): string =>
  length ? "length" : calls.length > 0 ? "tool_calls" : "stop";

const usageOf = ({ usage }: FullTurn): object => ({
  prompt_tokens: usage.fresh + usage.cached,
  completion_tokens: usage.output,
  total_tokens: usage.fresh + usage.cached + usage.output,
  prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: 0 },
});

const callOf = ({ id, name, input, custom }: FullTurn["calls"][number]): object =>
  custom
    ? { id, type: "custom", custom: { name, input } }
    : { id, type: "function", function: { name, arguments: input } };

/** A whole Chat completion. */
export function chatAnswer(turn: FullTurn): object {
  const message = {
    role: "assistant",
    content: turn.text ?? null,
    refusal: null,
    annotations: [],
    ...(turn.reasoning === undefined ? {} : { reasoning_content: turn.reasoning }),
    ...(turn.calls.length > 0 ? { tool_calls: turn.calls.map(callOf) } : {}),
  };
  return {
    id: "chatcmpl-scripted",
    object: "chat.completion",
    created: 1_790_000_000,
    model: turn.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(turn) }],
    usage: usageOf(turn),
    service_tier: "default",
  };
}

/** The events of a stream of it, each as it goes over the wire. */
export function chatEvents(turn: FullTurn, includeUsage: boolean): string[] {
  const head = {
    id: "chatcmpl-scripted",
    object: "chat.completion.chunk",
    created: 1_790_000_000,
    model: turn.model,
  };
  const chunk = (delta: object, finish: string | null = null): object => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...(includeUsage ? { usage: null } : {}),
  });
  const chunks: object[] = [chunk({ role: "assistant", content: turn.calls.length > 0 ? null : "" })];
  for (const piece of pieces(turn.reasoning ?? "")) chunks.push(chunk({ reasoning_content: piece }));
  for (const piece of pieces(turn.text ?? "")) chunks.push(chunk({ content: piece }));
  turn.calls.forEach((call, index) => {
    const { id, name, input, custom } = call;
    const begun = custom
      ? { type: "custom", custom: { name, input: "" } }
      : { type: "function", function: { name, arguments: "" } };
    chunks.push(chunk({ tool_calls: [{ index, id, ...begun }] }));
    for (const piece of pieces(input)) {
      const more = custom ? { custom: { input: piece } } : { function: { arguments: piece } };
      chunks.push(chunk({ tool_calls: [{ index, ...more }] }));
    }
  });
  chunks.push(chunk({}, finishReason(turn)));
  if (includeUsage) chunks.push({ ...head, choices: [], usage: usageOf(turn) });
  return [...chunks.map((data) => `data: ${JSON.stringify(data)}\n\n`), "data: [DONE]\n\n"];
}
