import { argumentsObject, customAsFunction } from "../../conversation/arguments";
import type { DroppedReport } from "../../conversation/dropped";
import { invalid } from "../../conversation/invalid";
import { type Destination, sealFits } from "../../conversation/quirks";
import type { Block, ConversationRequest, Message } from "../../conversation/request";
import { fittingToolId } from "../../conversation/toolIds";
import { fittingToolName } from "../../conversation/toolNames";
import { asReminder, GO_ON, textOf } from "../../conversation/turns";
import { asString, type JsonObject } from "../../json/access";
import { encodeUserBlock, isUserBlock } from "./blocks";

/** The turns: each role once in a row, the user first, nothing empty. */
export function encodeTurns(
  request: ConversationRequest,
  destination: Destination,
  dropped: DroppedReport,
): JsonObject[] {
  const ids = new CallIds(destination);
  const out: { role: "user" | "assistant"; content: JsonObject[] }[] = [];
  for (const message of request.messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = message.blocks.flatMap((block) => encodeBlock(block, message, destination, ids, dropped));
    if (content.length === 0) continue;
    const last = out.at(-1);
    // One by one: an argument for each of very many blocks would overflow the stack.
    if (last?.role === role) for (const block of content) last.content.push(block);
    else out.push({ role, content });
  }
  // The protocol begins with the user.
  if (out[0]?.role !== "user") out.unshift(goOn());
  if (out.length === 1 && request.messages.length === 0 && request.system.length === 0) {
    throw invalid("messages: at least one message with content is needed.");
  }
  trimPrefill(out.at(-1));
  if (out.at(-1)?.role === "assistant" && !destination.quirks.prefill) out.push(goOn());
  return out;
}

const goOn = () => ({ role: "user" as const, content: [{ type: "text", text: GO_ON }] });

/** An answer that was begun may not end in white space. */
function trimPrefill(last: { role: string; content: JsonObject[] } | undefined): void {
  const block = last?.content.at(-1);
  if (last?.role !== "assistant" || block?.type !== "text") return;
  last.content[last.content.length - 1] = { ...block, text: asString(block.text)?.trimEnd() };
}

function encodeBlock(
  block: Block,
  message: Message,
  destination: Destination,
  ids: CallIds,
  dropped: DroppedReport,
): JsonObject[] {
  switch (block.kind) {
    case "text":
    case "image":
    case "document":
      if (message.role === "assistant" && block.kind !== "text") {
        dropped.add(`content.${block.kind}`);
        return [];
      }
      // Instructions in the middle have no role here that every model knows; they keep their place as marked text.
      if (message.role === "system" && block.kind === "text") {
        return [{ type: "text", text: asReminder(block.text) }];
      }
      return encodeUserBlock(block);
    case "refusal":
      return block.text.trim() === "" ? [] : [{ type: "text", text: block.text }];
    case "thinking": {
      const value = sealFits(block.seal, destination, "messages") ? block.seal?.value : undefined;
      const redacted = asString(value?.redacted);
      if (redacted) return [{ type: "redacted_thinking", data: redacted }];
      const signature = asString(value?.signature);
      if (signature)
        return [{ type: "thinking", thinking: asString(value?.thinking) ?? block.text, signature }];
      dropped.add("thinking");
      return [];
    }
    case "toolCall": {
      const input = argumentsObject(
        block.custom ? customAsFunction(block.argumentsText) : block.argumentsText,
      );
      const name = fittingToolName(block.name, 128);
      return [{ type: "tool_use", id: ids.ofCall(block.id), name, input, ...mark(block.cache) }];
    }
    case "toolResult": {
      const content = block.blocks.filter(isUserBlock).flatMap(encodeUserBlock);
      const [only, ...others] = content;
      const plain = only?.type === "text" && others.length === 0 && only.cache_control === undefined;
      return [
        {
          type: "tool_result",
          tool_use_id: ids.ofResult(block.id),
          ...(content.length === 0 ? {} : { content: plain ? textOf(block.blocks, "") : content }),
          ...(block.isError ? { is_error: true } : {}),
          ...mark(block.cache),
        },
      ];
    }
  }
}

const mark = (cache: JsonObject | undefined): JsonObject => (cache ? { cache_control: cache } : {});

/** Ids of calls as Messages takes them: within its characters, and each once in a conversation. */
class CallIds {
  readonly #uses = new Map<string, number>();

  constructor(private readonly destination: Destination) {}

  #fit(id: string): string {
    return fittingToolId(id, this.destination.quirks.toolId);
  }

  ofCall(id: string): string {
    const uses = (this.#uses.get(id) ?? 0) + 1;
    this.#uses.set(id, uses);
    return this.#named(id, uses);
  }

  /** The result of the latest call with this id. */
  ofResult(id: string): string {
    return this.#named(id, this.#uses.get(id) ?? 1);
  }

  #named(id: string, uses: number): string {
    return uses === 1 ? this.#fit(id) : this.#fit(`${id}_${uses}`);
  }
}
