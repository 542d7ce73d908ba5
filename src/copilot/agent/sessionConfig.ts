import type { ModelInfo, ProviderConfig } from "@github/copilot-sdk";
import type { AgentModel, AgentRun } from "../../core/agent/contract";

/** Where nothing is known the runtime wants a number all the same; it is told what it takes for unknown models itself. */
const UNKNOWN_WINDOW = 128_000;

/** The gateway as the SDK's own-model provider. An OpenAI address ends in /v1, an Anthropic one does not. */
export function providerOf({ gateway, protocol, task, models, model }: AgentRun): ProviderConfig {
  const known = models.find(({ id }) => id === model);
  const output = known?.maxOutput;
  const input =
    known?.contextWindow === undefined ? undefined : Math.max(1, known.contextWindow - (output ?? 0));
  const common = {
    apiKey: gateway.key,
    // The model may name another one for an agent of its own: what was chosen is what is asked, and paid for.
    wireModel: model,
    headers: { "x-postern-task": task },
    ...(input === undefined ? {} : { maxPromptTokens: input }),
    ...(output === undefined ? {} : { maxOutputTokens: output }),
  };
  if (protocol === "messages") return { ...common, type: "anthropic", baseUrl: gateway.url };
  const wireApi = protocol === "responses" ? "responses" : "completions";
  return { ...common, type: "openai", wireApi, baseUrl: `${gateway.url}/v1` };
}

/** Postern's models for `onListModels`. */
export function modelInfos(models: readonly AgentModel[]): ModelInfo[] {
  return models.map(({ id, name = id, contextWindow = UNKNOWN_WINDOW, maxOutput, images, reasoning }) => ({
    id,
    name,
    capabilities: {
      supports: { vision: images === true, reasoningEffort: reasoning === true },
      limits: {
        max_context_window_tokens: contextWindow,
        ...(maxOutput === undefined ? {} : { max_output_tokens: maxOutput }),
      },
    },
  }));
}
