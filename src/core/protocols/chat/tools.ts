import { CUSTOM_PARAMETERS, customDescription } from "../../conversation/arguments";
import type { DroppedReport } from "../../conversation/dropped";
import { invalid } from "../../conversation/invalid";
import type { Quirks } from "../../conversation/quirks";
import type { Tool, ToolChoice } from "../../conversation/request";
import { forGemini, isStrictSchema } from "../../conversation/schema";
import { allowedTools } from "../../conversation/toolChoice";
import { fittingToolName } from "../../conversation/toolNames";
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

/** `tools`, and `functions` of the time before them. */
export function decodeChatTools(body: JsonObject, dropped: DroppedReport): Tool[] {
  const functions = asArray(body.functions).map((entry) => ({ type: "function", function: entry }));
  const tools = [...asArray(body.tools), ...functions].flatMap((entry, index): Tool[] => {
    const tool = asObject(entry);
    if (isObject(tool.function)) {
      const { name, description, parameters, strict } = tool.function;
      return [
        {
          kind: "function",
          name: named(name, index),
          ...optional("description", asString(description)),
          ...(isObject(parameters) ? { schema: parameters } : {}),
          ...optional("strict", asBoolean(strict)),
          ...(isObject(tool.cache_control) ? { cache: tool.cache_control } : {}),
        },
      ];
    }
    if (isObject(tool.custom)) {
      const { name, description, format } = tool.custom;
      // Chat Completions has the grammar one level deeper than Responses.
      const grammar = asObject(asObject(format).grammar);
      const flat = isObject(format) ? { ...grammar, type: format.type } : undefined;
      const described = optional("description", asString(description));
      return [{ kind: "custom", name: named(name, index), ...described, ...optional("format", flat) }];
    }
    dropped.add(`tools.${asString(tool.type) ?? "unknown"}`);
    return [];
  });
  return tools;
}

function named(name: unknown, index: number): string {
  const found = nonEmpty(name);
  if (!found) throw invalid(`tools[${index}] has no name.`);
  return found;
}

export function decodeChatToolChoice(
  body: JsonObject,
  tools: readonly Tool[],
  dropped: DroppedReport,
): ToolChoice | undefined {
  const choice = body.tool_choice ?? body.function_call;
  if (choice === "auto" || choice === "none" || choice === "required") return { mode: choice };
  if (choice === "any") return { mode: "required" };
  if (typeof choice === "string") dropped.add("tool_choice");
  if (!isObject(choice)) return undefined;
  const has = (name: string): boolean => tools.some((tool) => tool.name === name);
  if (choice.type === "allowed_tools") {
    const { mode, tools } = asObject(choice.allowed_tools);
    const list = asArray(tools);
    const allowed = list.flatMap((entry) => {
      const { function: fn, custom } = asObject(entry);
      const name = asString(asObject(fn ?? custom).name) ?? "";
      return has(name) ? [name] : [];
    });
    return allowedTools(mode === "required", allowed, list.length, dropped);
  }
  const name = asString(asObject(choice.function ?? choice.custom ?? choice).name);
  if (name !== undefined && has(name)) return { mode: "tool", name };
  dropped.add("tool_choice");
  return undefined;
}

export function encodeChatTools(
  tools: readonly Tool[],
  quirks: Quirks,
  dropped: DroppedReport,
): JsonObject[] {
  return tools.map((tool): JsonObject => {
    const name = fittingToolName(tool.name, 64);
    // OpenAI's may be without; vLLM, llama.cpp and Mistral want them all the same, and Gemini none that are empty.
    const none = quirks.schema === "full" ? { type: "object", properties: {} } : undefined;
    if (tool.kind === "custom") {
      if (quirks.customTools) {
        const { type, ...grammar } = tool.format ?? {};
        const format = tool.format && { type, ...(type === "grammar" ? { grammar } : {}) };
        return {
          type: "custom",
          custom: { name, ...optional("description", tool.description), ...optional("format", format) },
        };
      }
      const description = customDescription(tool.description, tool.format);
      return {
        type: "function",
        function: {
          name,
          ...optional("description", description || undefined),
          parameters: CUSTOM_PARAMETERS,
        },
      };
    }
    return {
      type: "function",
      function: {
        name,
        ...optional("description", tool.description),
        ...optional("parameters", tool.schema ? adapted(tool.schema, quirks, dropped) : none),
        ...strictness(tool.strict, tool.schema, quirks, dropped),
      },
      ...(quirks.cacheMarks && tool.cache ? { cache_control: tool.cache } : {}),
    };
  });
}

/** OpenAI refuses `strict` with a schema that is not. */
function strictness(
  strict: boolean | undefined,
  schema: JsonObject | undefined,
  quirks: Quirks,
  dropped: DroppedReport,
): JsonObject {
  if (strict !== true) return {};
  if (quirks.openAiExtras && quirks.schema === "full" && isStrictSchema(schema)) return { strict: true };
  dropped.add("tools.strict");
  return {};
}

export function adapted(schema: JsonObject, quirks: Quirks, dropped: DroppedReport): JsonObject {
  if (quirks.schema === "full") return schema;
  return forGemini(schema, (keyword) => dropped.add(`schema.${keyword}`));
}

export function encodeChatToolChoice(
  choice: ToolChoice | undefined,
  tools: readonly Tool[],
  quirks: Quirks,
): unknown {
  if (!choice || choice.mode === "webSearch" || tools.length === 0) return undefined;
  const entry = (name: string): JsonObject => {
    const custom = quirks.customTools && tools.find((tool) => tool.name === name)?.kind === "custom";
    const fitted = { name: fittingToolName(name, 64) };
    return custom ? { type: "custom", custom: fitted } : { type: "function", function: fitted };
  };
  if (choice.mode === "tool") return entry(choice.name);
  if (choice.allowed && choice.mode !== "none") {
    return { type: "allowed_tools", allowed_tools: { mode: choice.mode, tools: choice.allowed.map(entry) } };
  }
  return choice.mode;
}
