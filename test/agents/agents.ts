import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentRun, runAgent } from "./runAgent";

/** What an agent is to do, and at which gateway. */
export interface Task {
  /** The gateway's address, without `/v1`. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
  readonly prompt: string;
  readonly home: string;
  /** More of the environment. */
  readonly env: Record<string, string>;
}

function configFolder(home: string, name: string): string {
  const folder = join(home, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Claude Code, which speaks Messages. */
export function claudeCode({ url, key, model, prompt, home, env }: Task): Promise<AgentRun> {
  return runAgent({
    script: ["@anthropic-ai/claude-code", "cli-wrapper.cjs"],
    args: ["-p", prompt, "--model", model, "--allowedTools", "Bash"],
    home,
    env: {
      ...env,
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: key,
      CLAUDE_CONFIG_DIR: configFolder(home, "claude"),
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
      CLAUDE_CODE_MAX_RETRIES: "1",
    },
  });
}

/** Codex, which speaks Responses. */
export function codex({ url, key, model, prompt, home, env }: Task): Promise<AgentRun> {
  const folder = configFolder(home, "codex");
  const config = [
    `model = ${JSON.stringify(model)}`,
    'model_provider = "postern"',
    "check_for_update_on_startup = false",
    "[analytics]\nenabled = false",
    "[feedback]\nenabled = false",
    "[features]\nplugins = false\napps = false",
    "[model_providers.postern]",
    'name = "postern"',
    `base_url = ${JSON.stringify(`${url}/v1`)}`,
    'env_key = "POSTERN_KEY"',
    'wire_api = "responses"',
    "request_max_retries = 1",
    "stream_max_retries = 1",
  ];
  writeFileSync(join(folder, "config.toml"), `${config.join("\n")}\n`);
  return runAgent({
    script: ["@openai/codex", "bin", "codex.js"],
    args: ["exec", "--skip-git-repo-check", "--json", "--sandbox", "danger-full-access", prompt],
    home,
    env: { ...env, CODEX_HOME: folder, POSTERN_KEY: key },
  });
}

export type CopilotForm = "chat" | "responses" | "messages";

/** The Copilot CLI with a provider of one's own, in one of the forms it can speak. */
export function copilot(form: CopilotForm, { url, key, model, prompt, home, env }: Task): Promise<AgentRun> {
  const forms: Record<CopilotForm, Record<string, string>> = {
    chat: { COPILOT_PROVIDER_BASE_URL: `${url}/v1` },
    responses: { COPILOT_PROVIDER_BASE_URL: `${url}/v1`, COPILOT_PROVIDER_WIRE_API: "responses" },
    messages: { COPILOT_PROVIDER_BASE_URL: url, COPILOT_PROVIDER_TYPE: "anthropic" },
  };
  return runAgent({
    script: ["@github/copilot", "npm-loader.js"],
    args: ["-s", "-p", prompt, "--allow-all-tools", "--disable-builtin-mcps"],
    home,
    env: {
      ...env,
      ...forms[form],
      COPILOT_HOME: configFolder(home, "copilot"),
      COPILOT_OFFLINE: "true",
      COPILOT_AUTO_UPDATE: "false",
      CI: "1",
      COPILOT_PROVIDER_API_KEY: key,
      COPILOT_MODEL: model,
    },
  });
}
