import * as z from "zod";

/** For which tools a workspace's terminals are given address and gateway key. */
export const TERMINAL_TOOLS = ["openai", "anthropic", "azure", "copilot", "postern"] as const;

export type TerminalTool = (typeof TERMINAL_TOOLS)[number];

export const terminalToolsSchema = z.array(z.enum(TERMINAL_TOOLS));

/** What each of them stands for, in the settings editor. */
export const TERMINAL_TOOL_TEXTS: Readonly<Record<TerminalTool, string>> = {
  openai: "OPENAI_BASE_URL and OPENAI_API_KEY: OpenAI's SDKs and most tools built on them.",
  anthropic: "ANTHROPIC_BASE_URL and ANTHROPIC_AUTH_TOKEN: Claude Code and Anthropic's SDKs.",
  azure: "AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_API_KEY: OpenAI's SDKs for Azure.",
  copilot:
    "COPILOT_PROVIDER_BASE_URL and COPILOT_PROVIDER_API_KEY: the Copilot CLI with a model of your own.",
  postern:
    "POSTERN_BASE_URL and POSTERN_API_KEY: for tools whose configuration names a variable, such as Codex (env_key) and opencode.",
};

/**
 * The environment variables for some tools, as each tool reads them (measured, see docs/limits.md).
 * @param url where the gateway listens, without a path
 */
export function toolVariables(
  tools: readonly TerminalTool[],
  url: string,
  key: string,
): readonly (readonly [name: string, value: string])[] {
  const variables: Readonly<Record<TerminalTool, readonly (readonly [string, string])[]>> = {
    openai: [
      ["OPENAI_BASE_URL", `${url}/v1`],
      ["OPENAI_API_KEY", key],
    ],
    // The token, not ANTHROPIC_API_KEY: Claude Code asks whether it may use a key that it finds there.
    anthropic: [
      ["ANTHROPIC_BASE_URL", url],
      ["ANTHROPIC_AUTH_TOKEN", key],
    ],
    azure: [
      ["AZURE_OPENAI_ENDPOINT", url],
      ["AZURE_OPENAI_API_KEY", key],
    ],
    copilot: [
      ["COPILOT_PROVIDER_BASE_URL", `${url}/v1`],
      ["COPILOT_PROVIDER_API_KEY", key],
    ],
    postern: [
      ["POSTERN_BASE_URL", `${url}/v1`],
      ["POSTERN_API_KEY", key],
    ],
  };
  return [...new Set(tools)].flatMap((tool) => variables[tool]);
}
