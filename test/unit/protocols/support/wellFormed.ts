import type { WireProtocol } from "../../../../src/core/protocols/wire";
import { type SeenEvent, seenEvents } from "./sse";

/** How a stream ended for its client. */
export type Ending = "success" | "error" | "none";

/**
 * Walks a client's stream through its protocol's state machine.
 * @returns what is against the protocol, and how it ended
 */
export function inspectStream(protocol: WireProtocol, text: string): { faults: string[]; ending: Ending } {
  const faults: string[] = [];
  if (text !== "" && !text.endsWith("\n\n")) faults.push("the last event is torn");
  const events = seenEvents(text);
  const expect = (holds: unknown, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  const inspect = { messages: inspectMessages, chat: inspectChat, responses: inspectResponses }[protocol];
  return { ending: inspect(events, expect), faults };
}

type Expect = (holds: unknown, fault: string) => void;
const isCount = (value: unknown) => Number.isInteger(value) && Number(value) >= 0;

function inspectMessages(events: SeenEvent[], expect: Expect): Ending {
  let ending: Ending = "none";
  let started = false;
  let next = 0;
  let open: { index: number; type: string } | undefined;
  let deltas = 0;
  const types: Record<string, string> = {
    text_delta: "text",
    thinking_delta: "thinking",
    signature_delta: "thinking",
    input_json_delta: "tool_use",
  };
  for (const { name, json } of events) {
    expect(name === json.type, `event ${name} holds ${json.type}`);
    expect(ending === "none", `${json.type} after the end`);
    if (json.type === "ping") continue;
    if (json.type === "error") {
      expect(json.error?.type && json.error?.message, "an error without type or message");
      ending = "error";
      continue;
    }
    if (json.type === "message_start") {
      expect(!started, "two message_start");
      started = true;
      expect(json.message.id && Array.isArray(json.message.content), "message_start is not whole");
      expect(
        isCount(json.message.usage?.input_tokens) && isCount(json.message.usage?.output_tokens),
        "usage in message_start",
      );
      continue;
    }
    expect(started, `${json.type} before message_start`);
    switch (json.type) {
      case "content_block_start":
        expect(!open, "two blocks at a time");
        expect(json.index === next, `index ${json.index} instead of ${next}`);
        expect(deltas === 0, "a block after message_delta");
        next = json.index + 1;
        open = { index: json.index, type: json.content_block.type };
        break;
      case "content_block_delta":
        expect(open?.index === json.index, "a delta for a block that is not open");
        expect(types[json.delta.type] === open?.type, `${json.delta.type} in ${open?.type}`);
        break;
      case "content_block_stop":
        expect(open?.index === json.index, "a stop for a block that is not open");
        open = undefined;
        break;
      case "message_delta":
        expect(!open, "message_delta within a block");
        expect(isCount(json.usage?.output_tokens), "usage in message_delta");
        deltas++;
        break;
      case "message_stop":
        expect(deltas === 1 && !open, "message_stop without one message_delta");
        ending = "success";
        break;
      default:
        expect(false, `unknown event ${json.type}`);
    }
  }
  return ending;
}

function inspectChat(events: SeenEvent[], expect: Expect): Ending {
  let ending: Ending = "none";
  let id: string | undefined;
  let finished = false;
  const tools = new Map<number, string>();
  for (const { data, json } of events) {
    expect(ending === "none", "an event after the end");
    if (data === "[DONE]") {
      expect(finished, "[DONE] without finish_reason");
      ending = "success";
      continue;
    }
    if (json.error) {
      expect(typeof json.error.message === "string", "an error without message");
      ending = "error";
      continue;
    }
    id ??= json.id;
    expect(json.id && json.id === id, "the id changes");
    expect(json.object === "chat.completion.chunk", "object");
    if (json.usage) expect(isCount(json.usage.prompt_tokens) && isCount(json.usage.total_tokens), "usage");
    else expect(json.choices.length === 1, "no choice and no usage");
    for (const choice of json.choices) {
      expect(!finished, "a choice after finish_reason");
      for (const piece of choice.delta.tool_calls ?? []) {
        if (!tools.has(piece.index)) {
          expect(piece.index === tools.size, "tool index with a gap");
          expect(piece.id && (piece.function?.name || piece.custom?.name), "a call without id or name");
          expect(![...tools.values()].includes(piece.id), "tool id twice");
          tools.set(piece.index, piece.id);
        }
      }
      if (choice.finish_reason) finished = true;
    }
  }
  return ending;
}

function inspectResponses(events: SeenEvent[], expect: Expect): Ending {
  let ending: Ending = "none";
  const items: { id: string; type: string; done?: unknown; text: string }[] = [];
  events.forEach(({ name, json }, number) => {
    expect(name === json.type, `event ${name} holds ${json.type}`);
    expect(json.sequence_number === number, `sequence_number ${json.sequence_number} instead of ${number}`);
    expect(ending === "none", `${json.type} after the end`);
    if (number === 0) expect(json.type === "response.created", `begins with ${json.type}`);
    if (json.type === "response.created" || json.type === "response.in_progress") return;
    if (json.type === "response.failed") {
      expect(json.response.error?.code && json.response.error?.message, "failed without a reason");
      ending = "error";
      return;
    }
    if (json.type === "response.completed" || json.type === "response.incomplete") {
      ending = "success";
      expect(json.response.status === json.type.slice(9), "status");
      const usage = json.response.usage;
      if (usage)
        expect([usage.input_tokens, usage.output_tokens, usage.total_tokens].every(isCount), "usage");
      expect(
        items.every((item) => item.done),
        "an item that is not done",
      );
      expect(
        JSON.stringify(json.response.output) === JSON.stringify(items.map((item) => item.done)),
        "the output differs from the items that were done",
      );
      return;
    }
    if (json.type === "response.output_item.added") {
      expect(json.output_index === items.length, "output_index with a gap");
      expect(!items.some((item) => item.id === json.item.id), "item id twice");
      items.push({ id: json.item.id, type: json.item.type, text: "" });
      return;
    }
    const item = items[json.output_index];
    expect(item && !item.done, `${json.type} for an item that is not open`);
    if (!item) return;
    if (json.type === "response.output_item.done") {
      expect(json.item.id === item.id, "another item is done");
      const whole = json.item.arguments ?? json.item.input;
      if (whole !== undefined) expect(whole === item.text, "the arguments differ from their deltas");
      item.done = json.item;
      return;
    }
    expect(json.item_id === item.id, `${json.type} with another item's id`);
    if (json.type.endsWith(".delta")) item.text += json.delta;
  });
  return ending;
}
