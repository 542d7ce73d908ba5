import { CUSTOM_PARAMETERS, customDescription } from "../../conversation/arguments";
import type { DroppedReport } from "../../conversation/dropped";
import type { Destination } from "../../conversation/quirks";
import type { ConversationRequest, ResponseFormat, Tool } from "../../conversation/request";
import { forAnthropicTool } from "../../conversation/schema";
import { fittingToolName } from "../../conversation/toolNames";
import { type JsonObject, optional } from "../../json/access";

const WEB_SEARCH = "web_search";

/** The tool that stands for a schema of the answer, where the model has no such thing: none of the client's. */
export function structuredToolName(tools: readonly Tool[]): string {
  const taken = new Set(tools.map((tool) => fittingToolName(tool.name, 128)));
  let name = "structured_output";
  for (let count = 2; taken.has(name); count++) name = `structured_output_${count}`;
  return name;
}

/**
 * The tools and which of them is to be called.
 * @param structured a schema of the answer that has to be asked for as a call
 */
export function encodeTooling(
  request: ConversationRequest,
  destination: Destination,
  structured: Extract<ResponseFormat, { kind: "jsonSchema" }> | undefined,
  dropped: DroppedReport,
): {
  readonly tools: readonly JsonObject[];
  readonly choice: JsonObject | undefined;
  readonly forced: boolean;
} {
  const search = encodeWebSearch(request, destination, dropped);
  const declared = [...encodeTools(request.tools, dropped), ...(search ? [search] : [])];
  // No other tool may be called: they are left out where one has to be.
  const tools = structured && request.toolChoice?.mode === "none" ? [] : declared;
  const single = request.parallelToolCalls === false ? { disable_parallel_tool_use: true } : {};
  let choice: JsonObject | undefined;
  if (structured) {
    const name = structuredToolName(request.tools);
    const input_schema = forAnthropicTool(structured.schema, (keyword) => dropped.add(`schema.${keyword}`));
    const description = structured.description ?? "Gives the final answer in the form that was asked for.";
    choice = { ...(tools.length === 0 ? { type: "tool", name } : { type: "any" }), ...single };
    tools.push({ name, description, input_schema });
    // The answer's form comes first, and is a call that a choice among the client's tools does not have.
    const { toolChoice } = request;
    if (toolChoice && toolChoice.mode !== "none" && (toolChoice.mode !== "auto" || toolChoice.allowed))
      dropped.add("tool_choice");
  } else if (request.toolChoice?.mode === "webSearch" && !search) dropped.add("tool_choice");
  else if (tools.length > 0) choice = encodeToolChoice(request, dropped);
  else if (request.toolChoice?.mode === "required") dropped.add("tool_choice");
  const forced = choice?.type === "any" || choice?.type === "tool";
  if (!forced || destination.quirks.forcedTools) return { tools, choice, forced };
  dropped.add("tool_choice");
  return { tools, choice: { type: "auto", ...single }, forced: false };
}

function encodeTools(tools: readonly Tool[], dropped: DroppedReport): JsonObject[] {
  return tools.map((tool): JsonObject => {
    const name = fittingToolName(tool.name, 128);
    if (tool.kind === "custom") {
      return {
        name,
        description: customDescription(tool.description, tool.format),
        input_schema: CUSTOM_PARAMETERS,
      };
    }
    // Claude's limits on what is strict are other ones than those the client has kept to.
    if (tool.strict === true) dropped.add("tools.strict");
    return {
      name,
      ...optional("description", tool.description),
      input_schema: forAnthropicTool(tool.schema, (keyword) => dropped.add(`schema.${keyword}`)),
      ...(tool.cache ? { cache_control: tool.cache } : {}),
    };
  });
}

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool */
function encodeWebSearch(
  { webSearch, tools }: ConversationRequest,
  { quirks }: Destination,
  dropped: DroppedReport,
): JsonObject | undefined {
  if (!webSearch) return undefined;
  // A tool of the client's own with this name is the one that is meant.
  if (!quirks.webSearch || tools.some((tool) => tool.name === WEB_SEARCH)) {
    dropped.add(`tools.${webSearch.type}`);
    return undefined;
  }
  return {
    type: "web_search_20250305",
    name: WEB_SEARCH,
    ...optional("allowed_domains", webSearch.allowedDomains),
    ...optional("blocked_domains", webSearch.blockedDomains),
    ...optional("user_location", webSearch.location),
  };
}

function encodeToolChoice(request: ConversationRequest, dropped: DroppedReport): JsonObject | undefined {
  const { toolChoice: choice, parallelToolCalls: parallel } = request;
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (!choice) return parallel === false ? { type: "auto", ...single } : undefined;
  if (choice.mode === "webSearch") return { type: "tool", name: WEB_SEARCH };
  if (choice.mode === "tool") return { type: "tool", name: fittingToolName(choice.name, 128), ...single };
  if (choice.mode === "none") return { type: "none" };
  if (choice.allowed) {
    const [only, ...others] = choice.allowed;
    if (choice.mode === "required" && only !== undefined && others.length === 0) {
      return { type: "tool", name: fittingToolName(only, 128), ...single };
    }
    dropped.add("tool_choice.allowed_tools");
  }
  return { type: choice.mode === "required" ? "any" : "auto", ...single };
}
