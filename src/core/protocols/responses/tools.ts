import { CUSTOM_PARAMETERS, customDescription } from "../../conversation/arguments";
import type { DroppedReport } from "../../conversation/dropped";
import { invalid } from "../../conversation/invalid";
import type { Quirks } from "../../conversation/quirks";
import type { ConversationRequest, Tool, ToolChoice } from "../../conversation/request";
import { forGemini, isStrictSchema } from "../../conversation/schema";
import { allowedTools } from "../../conversation/toolChoice";
import { fittingToolName, namespacedName } from "../../conversation/toolNames";
import { isWebSearch } from "../../conversation/webSearch";
import {
  asArray,
  asBoolean,
  asObject,
  asString,
  isObject,
  type JsonObject,
  nonEmpty,
  optional,
} from "../../json/access";

/** Tools, those of namespaces under a flat name; the provider's own ones are reported. */
export function decodeResponsesTools(list: readonly unknown[], dropped: DroppedReport): Tool[] {
  const tools = list.flatMap((entry, index): Tool[] => {
    const tool = asObject(entry);
    const where = `tools[${index}]`;
    if (tool.type !== "namespace") return decodeTool(tool, where, undefined, dropped);
    const namespace = nonEmpty(tool.name);
    if (!namespace) throw invalid(`${where}.name is missing.`);
    const inner = asArray(tool.tools).flatMap((entry) =>
      decodeTool(asObject(entry), where, namespace, dropped),
    );
    return introduced(inner, namespace, nonEmpty(tool.description));
  });
  // The same tool may be declared at the top and in an `additional_tools` item.
  return [...new Map(tools.map((tool) => [tool.name, tool])).values()];
}

/** What a namespace says of all its tools is for the model to read; flattened, the first of them says it. */
function introduced(tools: readonly Tool[], namespace: string, about: string | undefined): Tool[] {
  const [first, ...others] = tools;
  if (!first || about === undefined) return [...tools];
  const description = [`${namespace}: ${about}`, first.description].filter(Boolean).join("\n\n");
  return [{ ...first, description }, ...others];
}

function decodeTool(
  tool: JsonObject,
  where: string,
  namespace: string | undefined,
  dropped: DroppedReport,
): Tool[] {
  if (isWebSearch(tool.type)) return [];
  if (tool.type !== "function" && tool.type !== "custom") {
    dropped.add(`tools.${asString(tool.type)?.slice(0, 60) ?? "unknown"}`);
    return [];
  }
  const own = nonEmpty(tool.name);
  if (!own) throw invalid(`${where}.name is missing.`);
  for (const name of ["output_schema", "async"])
    if (tool[name] !== undefined && tool[name] !== null && tool[name] !== false) dropped.add(`tools.${name}`);
  if (asArray(tool.allowed_callers).some((caller) => caller !== "direct"))
    dropped.add("tools.allowed_callers");
  const base = {
    name: namespace === undefined ? own : namespacedName(namespace, own),
    ...optional("description", asString(tool.description)),
    ...(namespace === undefined ? {} : { origin: { namespace, name: own } }),
  };
  if (tool.type === "custom") {
    return [{ kind: "custom", ...base, ...(isObject(tool.format) ? { format: tool.format } : {}) }];
  }
  return [
    {
      kind: "function",
      ...base,
      ...(isObject(tool.parameters) ? { schema: tool.parameters } : {}),
      ...optional("strict", asBoolean(tool.strict)),
    },
  ];
}

export function decodeResponsesToolChoice(
  choice: unknown,
  tools: readonly Tool[],
  dropped: DroppedReport,
): ToolChoice | undefined {
  if (choice === "auto" || choice === "none" || choice === "required") return { mode: choice };
  if (typeof choice === "string") dropped.add("tool_choice");
  if (!isObject(choice)) return undefined;
  if (isWebSearch(choice.type)) return { mode: "webSearch" };
  // Hosted tools have no name here, or, as with `mcp`, one of another server's.
  const find = (entry: JsonObject): string | undefined => {
    const own = entry.type === undefined || entry.type === "function" || entry.type === "custom";
    const name = own ? nonEmpty(entry.name) : undefined;
    if (name === undefined) return undefined;
    return tools.find((tool) => tool.name === name || tool.origin?.name === name)?.name;
  };
  if (choice.type === "allowed_tools") {
    const entries = asArray(choice.tools).map(asObject);
    const allowed = entries.flatMap((entry) => find(entry) ?? []);
    const required = choice.mode === "required";
    if (required && allowed.length === 0 && entries.some((entry) => isWebSearch(entry.type)))
      return { mode: "webSearch" };
    return allowedTools(required, allowed, entries.length, dropped);
  }
  const name = find(choice);
  if (name !== undefined) return { mode: "tool", name };
  dropped.add("tool_choice");
  return undefined;
}

export function encodeResponsesTools(
  tools: readonly Tool[],
  quirks: Quirks,
  dropped: DroppedReport,
): JsonObject[] {
  return tools.map((tool): JsonObject => {
    const name = fittingToolName(tool.name, 64);
    if (tool.kind === "custom" && quirks.customTools) {
      return {
        type: "custom",
        name,
        ...optional("description", tool.description),
        ...optional("format", tool.format),
      };
    }
    if (tool.kind === "custom") {
      const description = customDescription(tool.description, tool.format);
      return { type: "function", name, description, parameters: CUSTOM_PARAMETERS, strict: false };
    }
    // Absent, `strict` is true here: a schema that was not written for it would be refused.
    const strict = tool.strict === true && isStrictSchema(tool.schema);
    if (tool.strict === true && !strict) dropped.add("tools.strict");
    const schema = tool.schema ?? { type: "object", properties: {} };
    return {
      type: "function",
      name,
      ...optional("description", tool.description),
      parameters:
        quirks.schema === "full" ? schema : forGemini(schema, (keyword) => dropped.add(`schema.${keyword}`)),
      strict,
    };
  });
}

/** https://platform.openai.com/docs/guides/tools-web-search */
export function encodeWebSearch(
  { webSearch }: ConversationRequest,
  quirks: Quirks,
  dropped: DroppedReport,
): JsonObject[] {
  if (!webSearch) return [];
  if (!quirks.webSearch) {
    dropped.add(`tools.${webSearch.type}`);
    return [];
  }
  if (webSearch.blockedDomains) dropped.add(`tools.${webSearch.type}.blocked_domains`);
  return [
    {
      type: "web_search",
      ...(webSearch.allowedDomains ? { filters: { allowed_domains: webSearch.allowedDomains } } : {}),
      ...optional("user_location", webSearch.location),
    },
  ];
}

export function encodeResponsesToolChoice(
  choice: ToolChoice | undefined,
  tools: readonly Tool[],
  quirks: Quirks,
): unknown {
  if (!choice) return undefined;
  if (choice.mode === "webSearch") return quirks.webSearch ? { type: "web_search" } : undefined;
  if (tools.length === 0) return choice.mode === "required" && quirks.webSearch ? "required" : undefined;
  const entry = (name: string): JsonObject => {
    const custom = quirks.customTools && tools.find((tool) => tool.name === name)?.kind === "custom";
    return { type: custom ? "custom" : "function", name: fittingToolName(name, 64) };
  };
  if (choice.mode === "tool") return entry(choice.name);
  if (choice.allowed && choice.mode !== "none") {
    return { type: "allowed_tools", mode: choice.mode, tools: choice.allowed.map(entry) };
  }
  return choice.mode;
}
