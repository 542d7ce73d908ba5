import type { Effort } from "../../conversation/request";
import type { FactValues } from "../facts";
import { at, type Entry, flag, has, present, tokens } from "./read";

const EFFORTS: readonly Effort[] = ["low", "medium", "high", "xhigh", "max"];

/** Anthropic: https://platform.claude.com/docs/en/api/models/list */
export function anthropic(entry: Entry): FactValues {
  const able = (name: string) => flag(at(entry, "capabilities", name, "supported"));
  const effort = able("effort");
  return present({
    contextWindow: tokens(entry.max_input_tokens),
    maxOutput: tokens(entry.max_tokens),
    images: able("image_input"),
    reasoning: able("thinking"),
    efforts:
      effort === undefined
        ? undefined
        : EFFORTS.filter(
            (level) => effort && at(entry, "capabilities", "effort", level, "supported") === true,
          ),
    structuredOutput: able("structured_outputs"),
  });
}

/** Mistral: https://docs.mistral.ai/api/endpoint/models */
export function mistral(entry: Entry): FactValues {
  const able = (name: string) => flag(at(entry, "capabilities", name));
  return present({
    contextWindow: tokens(entry.max_context_length),
    tools: able("function_calling"),
    images: able("vision"),
    reasoning: able("reasoning"),
  });
}

/** Google's own list, not the one for OpenAI's clients: https://ai.google.dev/api/models */
export function gemini(entry: Entry): FactValues {
  const methods = entry.supportedGenerationMethods;
  return present({
    contextWindow: tokens(entry.inputTokenLimit),
    maxOutput: tokens(entry.outputTokenLimit),
    reasoning: flag(entry.thinking),
    embeddings: has(methods, "embedContent") && !has(methods, "generateContent") ? true : undefined,
  });
}

/** GitHub Models: https://docs.github.com/rest/models/catalog */
export function gitHub(entry: Entry): FactValues {
  return present({
    contextWindow: tokens(at(entry, "limits", "max_input_tokens")),
    maxOutput: tokens(at(entry, "limits", "max_output_tokens")),
    tools: has(entry.capabilities, "tool-calling"),
    images: has(entry.supported_input_modalities, "image"),
    embeddings: has(entry.supported_output_modalities, "embeddings"),
  });
}
