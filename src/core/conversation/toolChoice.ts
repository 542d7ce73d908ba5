import type { DroppedReport } from "./dropped";
import type { ToolChoice } from "./request";

/**
 * A choice among some of the tools. Tools that were left out are reported; where none of those allowed is there,
 * none of the others may be called in their place.
 * @param listed how many the client allows
 */
export function allowedTools(
  required: boolean,
  allowed: readonly string[],
  listed: number,
  dropped: DroppedReport,
): ToolChoice {
  if (allowed.length < listed) dropped.add("tool_choice.allowed_tools");
  if (allowed.length === 0) return { mode: "none" };
  return { mode: required ? "required" : "auto", allowed };
}
