import type { ProviderConfig } from "../config/schema";

/** What of a preset is needed to recognise a provider in another program's configuration. */
export interface KnownProvider {
  readonly id: string;
  readonly label: string;
  readonly type: ProviderConfig["type"];
  readonly wireApi: ProviderConfig["wireApi"];
  /** With `{name}` where only the person knows a part; empty where only the person knows it all. */
  readonly address: string;
  readonly authHeader?: string;
  readonly environment: {
    readonly key: readonly string[];
    readonly token?: readonly string[];
    readonly address?: readonly string[];
  };
}

/** What other programs call the providers, where it is not what they are called here. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  azure_openai: "azure",
  "azure-openai": "azure",
  azure_ai: "foundry",
  google: "gemini",
  "google-ai-studio": "gemini",
  together_ai: "together",
  togetherai: "together",
  fireworks_ai: "fireworks",
  "fireworks-ai": "fireworks",
  moonshotai: "moonshot",
  lm_studio: "lmstudio",
  "lm-studio": "lmstudio",
  hosted_vllm: "vllm",
  ollama_chat: "ollama",
  "llama.cpp": "llamacpp",
  "llama-cpp": "llamacpp",
  huggingface: "huggingface",
  "huggingface-tgi": "huggingface",
  github: "github-models",
  vercel_ai_gateway: "vercel",
  "ai-gateway": "vercel",
  zhipuai: "zai",
  zhipu: "zai",
  "zai-coding-plan": "zai-coding",
  "mistral-ai": "mistral",
  litellm_proxy: "litellm",
};

/** Finds providers by what others call them. */
export class KnownProviders {
  constructor(private readonly all: readonly KnownProvider[]) {}

  named(name: string): KnownProvider | undefined {
    const wanted = name.toLowerCase();
    const own = Object.hasOwn(OTHER_NAMES, wanted) ? OTHER_NAMES[wanted] : wanted;
    return this.all.find(({ id }) => id === own);
  }

  [Symbol.iterator](): Iterator<KnownProvider> {
    return this.all[Symbol.iterator]();
  }
}

/** Whether an address needs something that only the person knows. */
export function isWhole(address: string): boolean {
  return address !== "" && !/[{}]/.test(address);
}
