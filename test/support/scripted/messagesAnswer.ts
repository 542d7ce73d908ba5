import { sealFor } from "./seals";
import { type FullTurn, pieces } from "./turn";

const stopReason = ({ calls, length }: FullTurn): string =>
  length ? "max_tokens" : calls.length > 0 ? "tool_use" : "end_turn";

const usageOf = ({ usage }: FullTurn, output = usage.output): object => ({
  input_tokens: usage.fresh,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: usage.cached,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
  output_tokens: output,
  service_tier: "standard",
});

interface Part {
  readonly whole: object;
  /** How it begins in a stream, and the deltas that fill it. */
  readonly empty: object;
  readonly deltas: readonly object[];
}

function partsOf(turn: FullTurn, omitThinking: boolean): Part[] {
  const parts: Part[] = [];
  if (turn.reasoning !== undefined) {
    const signature = sealFor("signature", turn.reasoning);
    const thinking = omitThinking ? "" : turn.reasoning;
    parts.push({
      whole: { type: "thinking", thinking, signature },
      empty: { type: "thinking", thinking: "", signature: "" },
      deltas: [
        ...pieces(thinking).map((piece) => ({ type: "thinking_delta", thinking: piece })),
        { type: "signature_delta", signature },
      ],
    });
  }
  if (turn.text !== undefined) {
    parts.push({
      whole: { type: "text", text: turn.text, citations: null },
      empty: { type: "text", text: "" },
      deltas: pieces(turn.text).map((piece) => ({ type: "text_delta", text: piece })),
    });
  }
  for (const { id, name, input } of turn.calls) {
    const call = { type: "tool_use", id, name };
    parts.push({
      whole: { ...call, input: JSON.parse(input) },
      empty: { ...call, input: {} },
      deltas: ["", ...pieces(input)].map((piece) => ({ type: "input_json_delta", partial_json: piece })),
    });
  }
  return parts;
}

const head = (turn: FullTurn) => ({
  id: "msg_scripted",
  type: "message",
  role: "assistant",
  model: turn.model,
});

/** A whole message. */
export function messagesAnswer(turn: FullTurn, omitThinking: boolean): object {
  return {
    ...head(turn),
    content: partsOf(turn, omitThinking).map((part) => part.whole),
    stop_reason: stopReason(turn),
    stop_sequence: null,
    usage: usageOf(turn),
  };
}

/** The events of a stream of it, each as it goes over the wire. */
export function messagesEvents(turn: FullTurn, omitThinking: boolean): string[] {
  const message = { ...head(turn), content: [], stop_reason: null, stop_sequence: null };
  const events: { type: string }[] = [
    { type: "message_start", ...{ message: { ...message, usage: usageOf(turn, 1) } } },
  ];
  const add = (type: string, more: object): void => {
    events.push({ type, ...more });
  };
  partsOf(turn, omitThinking).forEach((part, index) => {
    add("content_block_start", { index, content_block: part.empty });
    if (index === 0) add("ping", {});
    for (const delta of part.deltas) add("content_block_delta", { index, delta });
    add("content_block_stop", { index });
  });
  add("message_delta", {
    delta: { stop_reason: stopReason(turn), stop_sequence: null },
    usage: usageOf(turn),
  });
  add("message_stop", {});
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}
