import type { ProviderConfig } from "../config/schema";

/** A kind of provider as a person knows it, with what is needed to set one up. */
export interface ProviderKind {
  /** Also the wanted id of a new provider. */
  readonly id: string;
  readonly label: string;
  /** One line beside the label. */
  readonly hint: string;
  readonly type: ProviderConfig["type"];
  readonly wireApi: ProviderConfig["wireApi"];
  /** Empty: the person has to enter it. */
  readonly baseUrl: string;
  readonly addressExample: string;
  readonly key: "required" | "optional" | "none";
  /** Where a key is made. */
  readonly keyPage?: string;
  /** Asked for deployments, because the provider's own list does not name them. */
  readonly asksDeployments?: true;
  /** The id says what the address says, since the kind says nothing. */
  readonly idFromAddress?: true;
}

const OPENAI_LIKE = { type: "openai", wireApi: "completions" } as const;

/** The kinds that the guided setup offers, in its order. */
export const PROVIDER_KINDS: readonly ProviderKind[] = [
  {
    ...OPENAI_LIKE,
    id: "openai",
    label: "OpenAI",
    hint: "api.openai.com",
    baseUrl: "https://api.openai.com/v1",
    addressExample: "https://api.openai.com/v1",
    key: "required",
    keyPage: "https://platform.openai.com/api-keys",
  },
  {
    id: "azure",
    label: "Azure OpenAI / Foundry",
    hint: "a resource of your own in Azure",
    type: "azure",
    wireApi: "completions",
    baseUrl: "",
    addressExample: "https://my-resource.openai.azure.com",
    key: "required",
    keyPage: "https://ai.azure.com",
    asksDeployments: true,
  },
  {
    id: "anthropic",
    label: "Anthropic",
    hint: "api.anthropic.com, or Claude on Foundry",
    type: "anthropic",
    wireApi: "completions",
    baseUrl: "https://api.anthropic.com",
    addressExample: "https://api.anthropic.com",
    key: "required",
    keyPage: "https://console.anthropic.com/settings/keys",
  },
  {
    ...OPENAI_LIKE,
    id: "ollama",
    label: "Ollama",
    hint: "on this machine",
    baseUrl: "http://localhost:11434/v1",
    addressExample: "http://localhost:11434/v1",
    key: "none",
  },
  {
    ...OPENAI_LIKE,
    id: "lmstudio",
    label: "LM Studio",
    hint: "on this machine",
    baseUrl: "http://localhost:1234/v1",
    addressExample: "http://localhost:1234/v1",
    key: "none",
  },
  {
    ...OPENAI_LIKE,
    id: "foundry-local",
    label: "Foundry Local",
    hint: "on this machine; its port is shown by: foundry service status",
    baseUrl: "http://localhost:5273/v1",
    addressExample: "http://localhost:5273/v1",
    key: "none",
  },
  {
    ...OPENAI_LIKE,
    id: "openrouter",
    label: "OpenRouter",
    hint: "openrouter.ai",
    baseUrl: "https://openrouter.ai/api/v1",
    addressExample: "https://openrouter.ai/api/v1",
    key: "required",
    keyPage: "https://openrouter.ai/settings/keys",
  },
  {
    ...OPENAI_LIKE,
    id: "vllm",
    label: "vLLM",
    hint: "a server of your own",
    baseUrl: "http://localhost:8000/v1",
    addressExample: "http://localhost:8000/v1",
    key: "optional",
  },
  {
    ...OPENAI_LIKE,
    id: "litellm",
    label: "LiteLLM",
    hint: "a gateway of your own or of your company",
    baseUrl: "http://localhost:4000/v1",
    addressExample: "https://litellm.example.com/v1",
    key: "optional",
  },
  {
    ...OPENAI_LIKE,
    id: "compatible",
    label: "Other, OpenAI-compatible",
    hint: "any endpoint that speaks Chat Completions",
    baseUrl: "",
    addressExample: "https://api.example.com/v1",
    key: "optional",
    idFromAddress: true,
  },
];
