import { asArray, asObject, isObject, type JsonObject, nonEmpty } from "../../json/access";

/**
 * The tools in effect at the end of a conversation: those of the request, with what its messages have added and
 * withdrawn on the way, a compaction's own list included. Elsewhere there is one list for a whole conversation.
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/mid-conversation-tool-changes
 */
export function toolsInEffect(tools: readonly unknown[], messages: readonly unknown[]): JsonObject[] {
  const declared = tools.map(asObject);
  const places = new Map(declared.map((tool, at) => [tool.name, at]));
  const withdrawn = new Set<string>();
  for (const message of messages) {
    for (const block of asArray(asObject(message).content).filter(isObject)) {
      for (const change of [block, ...asArray(block.tool_changes).filter(isObject)]) {
        const name = changedTool(change);
        if (name === undefined) continue;
        if (change.type === "tool_removal") withdrawn.add(name);
        else withdrawn.delete(name);
        const { definition } = asObject(change.tool);
        if (!isObject(definition)) continue;
        const at = places.get(name) ?? declared.length;
        places.set(name, at);
        declared[at] = definition;
      }
    }
  }
  return declared.filter((tool) => !withdrawn.has(nonEmpty(tool.name) ?? ""));
}

/** The name of the tool that a block adds or withdraws; undefined for every other block, and for tools of a server. */
export function changedTool({ type, tool }: JsonObject): string | undefined {
  if (type !== "tool_addition" && type !== "tool_removal") return undefined;
  const changed = asObject(tool);
  if (changed.type === "tool_reference") return nonEmpty(changed.name);
  return changed.type === "tool_definition" ? nonEmpty(asObject(changed.definition).name) : undefined;
}
