import type { DroppedReport } from "../../conversation/dropped";
import { invalid } from "../../conversation/invalid";
import type { Block, TextBlock, Tool, ToolResultBlock } from "../../conversation/request";
import { type Seal, unwrapSeal } from "../../conversation/seal";
import { namespacedName } from "../../conversation/toolNames";
import { TurnBuilder } from "../../conversation/turns";
import { asArray, asObject, asString, isObject, type JsonObject, lookup, nonEmpty } from "../../json/access";
import { decodeParts } from "./parts";

/** `instructions` and `input` as system text and turns. */
export function decodeInput(body: JsonObject, tools: readonly Tool[], dropped: DroppedReport) {
  const system: TextBlock[] = [];
  const instructions = nonEmpty(body.instructions);
  if (instructions) system.push({ kind: "text", text: instructions });
  // A result may stand anywhere behind its call.
  const turns = new TurnBuilder(true);
  let begun = false;
  const { input } = body;
  if (typeof input === "string") {
    if (input === "") throw invalid("input is empty.");
    turns.user([{ kind: "text", text: input }]);
  } else if (!Array.isArray(input)) throw invalid("input must be text or a list of items.");
  asArray(input).forEach((value, index) => {
    const where = `input[${index}]`;
    if (!isObject(value)) throw invalid(`${where} must be an object.`);
    const type = nonEmpty(value.type) ?? (value.role === undefined ? "" : "message");
    if (type === "message") {
      const blocks = decodeMessage(value, where, dropped);
      if (nonEmpty(value.phase)) dropped.add("input.phase");
      if (value.role === "assistant") turns.assistant(blocks);
      else if (value.role === "user") turns.user(blocks);
      else if (value.role === "system" || value.role === "developer") {
        if (begun) turns.system(blocks);
        else {
          for (const block of blocks) {
            if (block.kind === "text") system.push(block);
            else dropped.add(`content.${block.kind}`);
          }
        }
        return;
      } else throw invalid(`${where}.role must be user, assistant, system or developer.`);
      begun = true;
      return;
    }
    if (type === "additional_tools") return;
    begun = true;
    decodeItem(type, value, where, { turns, tools, dropped });
  });
  return { system, messages: turns.build() };
}

function decodeMessage(item: JsonObject, where: string, dropped: DroppedReport): Block[] {
  if (item.role !== "assistant") return decodeParts(item.content, `${where}.content`);
  if (typeof item.content === "string")
    return item.content === "" ? [] : [{ kind: "text", text: item.content }];
  return asArray(item.content).flatMap((part): Block[] => {
    const { type, text, refusal } = asObject(part);
    if (type === "refusal") return [{ kind: "refusal", text: asString(refusal) ?? "" }];
    if (typeof text !== "string") dropped.add(`content.${asString(type)?.slice(0, 60) ?? "unknown"}`);
    return nonEmpty(text) ? [{ kind: "text", text: asString(text) ?? "" }] : [];
  });
}

/** Items of the provider's own that have no meaning without it: nothing to translate, only to report. */
const REFUSED: Record<string, string> = {
  item_reference: "refers to an item that another provider keeps; send the item itself",
  compaction: "is a conversation that only its provider can read; send the conversation itself",
  compaction_trigger: "asks for a compaction that this provider cannot do",
};

function decodeItem(
  type: string,
  item: JsonObject,
  where: string,
  { turns, tools, dropped }: { turns: TurnBuilder; tools: readonly Tool[]; dropped: DroppedReport },
): void {
  switch (type) {
    case "function_call":
    case "custom_tool_call": {
      const custom = type === "custom_tool_call";
      const id = nonEmpty(item.call_id);
      const name = nonEmpty(item.name);
      if (!id) throw invalid(`${where}.call_id is missing.`);
      if (!name) throw invalid(`${where}.name is missing.`);
      const argumentsText = asString(custom ? item.input : item.arguments) ?? "";
      turns.assistant([
        {
          kind: "toolCall",
          id,
          name: flatName(name, nonEmpty(item.namespace), tools),
          argumentsText,
          custom,
        },
      ]);
      return;
    }
    case "function_call_output":
    case "custom_tool_call_output": {
      const id = nonEmpty(item.call_id);
      if (!id) throw invalid(`${where}.call_id is missing.`);
      const result: ToolResultBlock = {
        kind: "toolResult",
        id,
        blocks: decodeParts(item.output, `${where}.output`),
        isError: false,
      };
      turns.result(result);
      return;
    }
    case "reasoning": {
      const texts = (list: unknown): string =>
        asArray(list)
          .map((part) => asString(asObject(part).text) ?? "")
          .join("\n\n");
      const text = texts(item.summary) || texts(item.content);
      const seal = sealOf(item);
      const thinking = seal && asString(seal.value.thinking);
      const redacted = seal?.value.redacted === undefined ? {} : { redacted: true };
      turns.assistant([{ kind: "thinking", text: thinking ?? text, ...(seal ? { seal } : {}), ...redacted }]);
      return;
    }
    default: {
      // A reference to reasoning is no loss: reasoning of another provider is left out anyway.
      const reasoning = type === "item_reference" && asString(item.id)?.startsWith("rs_");
      const reason = reasoning ? undefined : lookup(REFUSED, type);
      if (reason) throw invalid(`${where} (${type}) ${reason}.`);
      dropped.add(`input.${type === "" ? "unknown" : type.slice(0, 60)}`);
    }
  }
}

function sealOf(item: JsonObject): Seal | undefined {
  const encrypted = nonEmpty(item.encrypted_content);
  if (!encrypted) return undefined;
  const ours = unwrapSeal(encrypted);
  if (ours) return ours;
  const id = nonEmpty(item.id);
  return { protocol: "responses", value: { encrypted_content: encrypted, ...(id ? { id } : {}) } };
}

/** A call of a namespace's tool under its flat name; clients may leave the namespace out. */
function flatName(name: string, namespace: string | undefined, tools: readonly Tool[]): string {
  if (namespace) return namespacedName(namespace, name);
  if (tools.some((tool) => tool.name === name)) return name;
  const found = tools.filter((tool) => tool.origin?.name === name);
  return found.length === 1 && found[0] ? found[0].name : name;
}
