/** Configurations of other programs, as their documentation shows them; the keys are nobody's. */
export const DOTENV = `# my keys
export OPENAI_API_KEY="sk-proj-of-openai-0123456789"
ANTHROPIC_API_KEY=sk-ant-of-anthropic-0123456789 # work
AZURE_OPENAI_API_KEY='azure-key-0123456789'
AZURE_OPENAI_ENDPOINT=https://my-resource.openai.azure.com/
AZURE_OPENAI_DEPLOYMENT=my-gpt
OPENAI_API_VERSION=2024-10-21
GEMINI_API_KEY=
STRIPE_SECRET_KEY=sk_live_canary
DATABASE_URL=postgres://canary
`;

export const VSCODE = `[
  // Entered in VS Code
  { "name": "OpenAI", "vendor": "openai", "apiKey": "\${input:chat.lm.secret.-1f2e3d}" },
  {
    "name": "Company Gateway",
    "vendor": "customendpoint",
    "apiKey": "company-key-0123456789",
    "apiType": "chat-completions",
    "models": [
      { "id": "big", "name": "Big", "url": "https://gw.example.com/v1/chat/completions", "toolCalling": true, "vision": false, "maxInputTokens": 100000, "maxOutputTokens": 20000 },
      { "id": "small", "name": "Small", "url": "https://gw.example.com/v1/chat/completions", "toolCalling": false, "vision": false, "maxInputTokens": 8000, "maxOutputTokens": 2000 },
      { "id": "claude", "name": "Claude", "url": "https://gw.example.com/anthropic/v1/messages", "apiType": "messages", "toolCalling": true, "vision": true, "maxInputTokens": 200000, "maxOutputTokens": 8000, "requestHeaders": { "x-team": "web", "authorization": "Bearer header-canary" } },
    ],
  },
  {
    "name": "Azure", "vendor": "azure", "apiKey": "azure-key-0123456789",
    "models": [{ "id": "gpt-4o", "name": "GPT-4o", "url": "https://res.openai.azure.com/openai/deployments/my-gpt4o/chat/completions?api-version=2025-01-01-preview", "toolCalling": true, "vision": true, "maxInputTokens": 100000, "maxOutputTokens": 16000 }],
  },
  { "name": "Copilot", "vendor": "copilot" },
  { "name": "Else", "vendor": "somebody-elses" },
]`;

export const LITELLM = `
x-defaults: &defaults
  api_base: https://gw.example.com/v1
  api_key: gateway-key-0123456789
model_list:
  - model_name: gpt-5
    litellm_params:
      model: openai/gpt-5
      api_key: os.environ/OPENAI_API_KEY
  - model_name: gpt-5-mini
    litellm_params: { model: gpt-5-mini, api_key: os.environ/OPENAI_API_KEY_2 }
  - model_name: gpt-4o
    litellm_params:
      model: azure/my-gpt4o
      api_base: https://res.openai.azure.com/
      api_version: "2024-10-21"
      api_key: azure-key-0123456789
    model_info: { max_input_tokens: 128000, max_output_tokens: 16384, supports_vision: true }
  - model_name: sonnet
    litellm_params: { model: anthropic/claude-sonnet-4-6, api_key: sk-ant-of-anthropic-0123456789 }
  - model_name: own/*
    litellm_params: { <<: *defaults, model: "openai/*" }
  - model_name: nova
    litellm_params: { model: bedrock/amazon.nova-pro-v1:0, aws_region_name: us-east-1 }
  - model_name: given
    litellm_params: { model: groq/llama, api_key: os.environ/IN_FILE, api_base: os.environ/NOT_IN_FILE }
environment_variables:
  IN_FILE: groq-key-0123456789
general_settings:
  master_key: sk-master-canary
litellm_settings:
  drop_params: true
`;

export const CONTINUE_YAML = `
name: mine
version: 0.0.1
schema: v1
models:
  - name: GPT
    provider: openai
    model: gpt-5
    apiKey: \${{ secrets.OPENAI_API_KEY }}
    roles: [chat, edit]
    defaultCompletionOptions: { contextLength: 400000, maxTokens: 32000 }
    capabilities: [tool_use, image_input]
  - name: Azure GPT
    provider: azure
    model: gpt-4o
    apiBase: https://res.openai.azure.com
    apiKey: azure-key-0123456789
    env: { apiVersion: "2024-10-21", deployment: my-gpt4o, apiType: azure-openai }
  - name: Local
    provider: ollama
    model: AUTODETECT
  - uses: anthropic/claude-4-sonnet
    with: { ANTHROPIC_API_KEY: "\${{ secrets.ANTHROPIC_API_KEY }}" }
  - name: Odd
    provider: watsonx
    model: granite
    apiKey: odd-canary-0123456789
`;

export const CONTINUE_JSON = `{
  "models": [
    { "title": "Claude", "provider": "anthropic", "model": "claude-sonnet-4-6", "apiKey": "sk-ant-of-anthropic-0123456789", "contextLength": 200000, "completionOptions": { "maxTokens": 8192 } },
    { "title": "Gateway", "provider": "openai", "model": "big", "apiBase": "https://gw.example.com/v1/", "apiKey": "gateway-key-0123456789", "requestOptions": { "headers": { "X-Team": "web" }, "verifySsl": false } }
  ],
  "tabAutocompleteModel": { "title": "Tab", "provider": "mistral", "model": "codestral-latest", "apiKey": "mistral-key-0123456789" },
}`;

export const OPENCODE = `{
  "$schema": "https://opencode.ai/config.json",
  "model": "gateway/big",
  "provider": {
    "gateway": {
      "npm": "@ai-sdk/openai-compatible",
      "name": "Company Gateway",
      "options": { "baseURL": "https://gw.example.com/v1", "apiKey": "{env:GATEWAY_KEY}", "headers": { "X-Team": "web" } },
      "models": { "big": { "name": "Big", "limit": { "context": 200000, "output": 65536 } }, "small": {} },
    },
    "claude-proxy": {
      "npm": "@ai-sdk/anthropic",
      "options": { "baseURL": "https://claude.example.com/v1", "apiKey": "{file:~/.secrets/claude}" },
    },
    "mystery": { "npm": "@somebody/provider" },
  },
  "mcp": {},
}`;

export const OPENCODE_AUTH = `{
  "anthropic": { "type": "oauth", "refresh": "refresh-canary", "access": "access-canary", "expires": 1 },
  "openai": { "type": "api", "key": "sk-proj-of-openai-0123456789" },
  "togetherai": { "type": "api", "key": "together-key-0123456789" },
  "https://corp.example": { "type": "wellknown", "key": "X", "token": "wellknown-canary" }
}`;
