/** A model id, or a pattern of ids, that a tool sends whatever it is told. */
export interface ToolModelName {
  readonly tool: string;
  readonly match: string;
  /** What the tool uses it for. */
  readonly hint: string;
}

/**
 * Names that tools bring along. Claude Code names a model of each size, by aliases that change with its versions
 * (https://code.claude.com/docs/en/model-config); Codex and the Copilot CLI have a catalogue of their own; older
 * programs have OpenAI's names of their time written into them.
 */
export const TOOL_MODEL_NAMES: readonly ToolModelName[] = [
  { tool: "Claude Code", match: "claude-*", hint: "every model it names; Copilot CLI's Claude models too" },
  { tool: "Claude Code", match: "claude-opus-*", hint: "its largest model, for plans" },
  { tool: "Claude Code", match: "claude-sonnet-*", hint: "its everyday model; Copilot CLI's too" },
  { tool: "Claude Code", match: "claude-haiku-*", hint: "its small model, for work in the background" },
  { tool: "Codex", match: "gpt-*", hint: "every model of its catalogue; Copilot CLI's GPT models too" },
  { tool: "Codex", match: "gpt-*-codex*", hint: "its models for code" },
  { tool: "Older programs", match: "gpt-4", hint: "written into many scripts" },
  { tool: "Older programs", match: "gpt-4o*", hint: "written into many scripts" },
  { tool: "Older programs", match: "gpt-3.5-turbo*", hint: "written into many scripts" },
  { tool: "Any", match: "*", hint: "everything that no provider's address and no other route is meant by" },
];
