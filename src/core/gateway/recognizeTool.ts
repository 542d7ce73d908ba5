/** Which program sent a request, by what it says of itself. A guess at best, so it decides nothing but patience. */
const TOOLS: readonly (readonly [RegExp, string])[] = [
  [/^claude-(?:cli|code)\b/i, "claude-code"],
  [/^postern-mcp\b/, "mcp"],
  [/^codex/i, "codex"],
  [/copilot/i, "copilot-cli"],
  [/opencode/i, "opencode"],
  [/\baider\b/i, "aider"],
  [/\bcontinue\b/i, "continue"],
  [/\bcline\b/i, "cline"],
  [/^litellm/i, "litellm"],
  [/langchain/i, "langchain"],
  [/^ai(?:-sdk)?\//i, "ai-sdk"],
  [/^openai\/python|^asyncopenai\/python/i, "openai-python"],
  [/^openai\/js|^azureopenai\/js/i, "openai-node"],
  [/^anthropic\/python|^asyncanthropic\/python/i, "anthropic-python"],
  [/^anthropic\/js/i, "anthropic-node"],
  [/^curl\//i, "curl"],
  [/^python-requests|^python-httpx|^aiohttp/i, "python"],
  [/^(?:node|undici)\b/i, "node"],
];

/**
 * A short name for the program behind a request: `claude-code`, `codex`, `openai-python`…
 * @param header looks a request header up by its lower-case name
 * @returns undefined where nothing known is said
 */
export function recognizeTool(header: (name: string) => string | undefined): string | undefined {
  for (const said of [header("originator"), header("user-agent")]) {
    const found = said && TOOLS.find(([pattern]) => pattern.test(said));
    if (found) return found[1];
  }
  return undefined;
}

/** Whether a program gives up at the first 429 instead of waiting for its turn. */
export function neverRetries(tool: string | undefined): boolean {
  return tool === "codex";
}
