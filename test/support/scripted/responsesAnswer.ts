import { sealFor } from "./seals";
import { type FullTurn, pieces } from "./turn";

const usageOf = ({ usage }: FullTurn): object => ({
  input_tokens: usage.fresh + usage.cached,
  input_tokens_details: { cached_tokens: usage.cached },
  output_tokens: usage.output,
  output_tokens_details: { reasoning_tokens: usage.reasoning },
  total_tokens: usage.fresh + usage.cached + usage.output,
});

interface Item {
  readonly whole: Record<string, unknown>;
  /** How it begins in a stream. */
  readonly empty: Record<string, unknown>;
  /** What fills it: the type of each event and its fields. */
  readonly filling: readonly (readonly [type: string, fields: object])[];
}

function reasoningOf(text: string, encrypted: boolean): Item {
  const base = {
    id: "rs_scripted",
    type: "reasoning",
    ...(encrypted ? { encrypted_content: sealFor("encrypted", text) } : {}),
  };
  const part = { type: "summary_text", text };
  return {
    whole: { ...base, summary: [part] },
    empty: { ...base, summary: [] },
    filling: [
      ["response.reasoning_summary_part.added", { summary_index: 0, part: { ...part, text: "" } }],
      ...pieces(text).map(
        (delta) => ["response.reasoning_summary_text.delta", { summary_index: 0, delta }] as const,
      ),
      ["response.reasoning_summary_text.done", { summary_index: 0, text }],
      ["response.reasoning_summary_part.done", { summary_index: 0, part }],
    ],
  };
}

function messageOf(text: string): Item {
  const base = { id: "msg_scripted", type: "message", role: "assistant" };
  const part = { type: "output_text", text, annotations: [], logprobs: [] };
  return {
    whole: { ...base, status: "completed", content: [part] },
    empty: { ...base, status: "in_progress", content: [] },
    filling: [
      ["response.content_part.added", { content_index: 0, part: { ...part, text: "" } }],
      ...pieces(text).map(
        (delta) => ["response.output_text.delta", { content_index: 0, delta, logprobs: [] }] as const,
      ),
      ["response.output_text.done", { content_index: 0, text, logprobs: [] }],
      ["response.content_part.done", { content_index: 0, part }],
    ],
  };
}

function callOf({ id, name, input, custom }: FullTurn["calls"][number]): Item {
  const [type, field, prefix, event] = custom
    ? (["custom_tool_call", "input", "ctc_", "custom_tool_call_input"] as const)
    : (["function_call", "arguments", "fc_", "function_call_arguments"] as const);
  const base = { id: `${prefix}${id}`, type, call_id: id, name };
  return {
    whole: { ...base, [field]: input, status: "completed" },
    empty: { ...base, [field]: "", status: "in_progress" },
    filling: [
      ...pieces(input).map((delta) => [`response.${event}.delta`, { delta }] as const),
      [`response.${event}.done`, { [field]: input }],
    ],
  };
}

function itemsOf(turn: FullTurn, encrypted: boolean): Item[] {
  return [
    ...(turn.reasoning === undefined ? [] : [reasoningOf(turn.reasoning, encrypted)]),
    ...(turn.text === undefined ? [] : [messageOf(turn.text)]),
    ...turn.calls.map(callOf),
  ];
}

function responseOf(turn: FullTurn, status: string, output: readonly object[]): object {
  return {
    id: "resp_scripted",
    object: "response",
    created_at: 1_790_000_000,
    status,
    error: null,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
    instructions: null,
    metadata: {},
    model: turn.model,
    output,
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    store: false,
    usage: status === "in_progress" ? null : usageOf(turn),
  };
}

const ending = (turn: FullTurn): "completed" | "incomplete" => (turn.length ? "incomplete" : "completed");

/** A whole response. */
export function responsesAnswer(turn: FullTurn, encrypted: boolean): object {
  return responseOf(
    turn,
    ending(turn),
    itemsOf(turn, encrypted).map((item) => item.whole),
  );
}

/** The events of a stream of it, each as it goes over the wire. */
export function responsesEvents(turn: FullTurn, encrypted: boolean): string[] {
  const events: [string, object][] = [];
  const begun = responseOf(turn, "in_progress", []);
  events.push(["response.created", { response: begun }], ["response.in_progress", { response: begun }]);
  const items = itemsOf(turn, encrypted);
  items.forEach((item, output_index) => {
    events.push(["response.output_item.added", { output_index, item: item.empty }]);
    for (const [type, fields] of item.filling)
      events.push([type, { item_id: item.whole.id, output_index, ...fields }]);
    events.push(["response.output_item.done", { output_index, item: item.whole }]);
  });
  const whole = items.map((item) => item.whole);
  events.push([`response.${ending(turn)}`, { response: responseOf(turn, ending(turn), whole) }]);
  return events.map(
    ([type, fields], sequence_number) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...fields })}\n\n`,
  );
}
