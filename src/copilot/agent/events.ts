import { isAbsolute, relative } from "node:path";
import type { SessionEvent } from "@github/copilot-sdk";
import type { AgentEvent } from "../../core/agent/contract";
import { asString, isObject } from "../../core/json/access";

/**
 * What the person sees of a session's event; undefined for what is only of use within.
 * @param folder where the agent works
 */
export function agentEvent(
  event: SessionEvent,
  toolNames: Map<string, string>,
  folder: string,
): AgentEvent | undefined {
  switch (event.type) {
    case "assistant.message_delta":
      return event.data.deltaContent === "" ? undefined : { type: "text", text: event.data.deltaContent };
    case "assistant.reasoning_delta":
      return { type: "reasoning", text: event.data.deltaContent };
    case "assistant.message":
      // What comes behind it stands on a line of its own.
      return event.data.content === "" ? undefined : { type: "text", text: "\n\n" };
    case "tool.execution_start": {
      const { toolCallId, toolName, arguments: args } = event.data;
      toolNames.set(toolCallId, toolName);
      return { type: "tool", name: toolName, detail: detailOf(args, folder) };
    }
    case "tool.execution_complete":
      return {
        type: "toolEnd",
        name: toolNames.get(event.data.toolCallId) ?? "",
        ok: event.data.success,
        denied: event.data.error?.code === "denied",
      };
    case "model.call_failure":
      return {
        type: "retry",
        message: event.data.errorMessage ?? `HTTP ${event.data.statusCode ?? "error"}`,
      };
    default:
      return undefined;
  }
}

/** The one argument that says most. */
function detailOf(args: unknown, folder: string): string {
  if (!isObject(args)) return "";
  for (const name of ["command", "path", "pattern", "url", "query", "description"]) {
    const value = asString(args[name]);
    if (name === "path" && value !== undefined && isAbsolute(value)) {
      const within = relative(folder, value);
      if (!within.startsWith("..")) return within || ".";
    }
    if (value !== undefined) return (value.split("\n")[0] ?? "").slice(0, 200);
  }
  return "";
}
