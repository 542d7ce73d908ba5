import type { KnownProvider } from "./known";

const OPENAI = { type: "openai", wireApi: "completions" } as const;

function company(id: string, label: string, address: string, ...key: string[]): KnownProvider {
  return { ...OPENAI, id, label, address, environment: { key } };
}

/** The providers that other programs' configurations name. */
export const KNOWN_PROVIDERS: readonly KnownProvider[] = [
  {
    ...company("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    environment: { key: ["OPENAI_API_KEY"], address: ["OPENAI_BASE_URL"] },
  },
  {
    id: "azure",
    label: "Azure OpenAI",
    type: "azure",
    wireApi: "completions",
    address: "https://{resource}.openai.azure.com",
    environment: { key: ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"], address: ["AZURE_OPENAI_ENDPOINT"] },
  },
  {
    id: "anthropic",
    label: "Anthropic",
    type: "anthropic",
    wireApi: "completions",
    address: "https://api.anthropic.com",
    environment: { key: ["ANTHROPIC_API_KEY"], address: ["ANTHROPIC_BASE_URL"] },
  },
  company(
    "gemini",
    "Google Gemini",
    "https://generativelanguage.googleapis.com/v1beta/openai",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
  ),
  company("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
  company("groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
  company("mistral", "Mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
  company("deepseek", "DeepSeek", "https://api.deepseek.com", "DEEPSEEK_API_KEY"),
  company("xai", "xAI", "https://api.x.ai/v1", "XAI_API_KEY"),
  company("together", "Together", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
  company("ollama", "Ollama", "http://localhost:11434/v1"),
  company("lmstudio", "LM Studio", "http://localhost:1234/v1"),
];
