import { describe, expect, it } from "vitest";
import type { FactValues } from "../../../src/core/models/facts";
import { detailsRequests, withDetails } from "../../../src/core/models/modelDetails";
import { parseModelList } from "../../../src/core/models/modelList";

/** Lists as the providers' documentation describes them, with values of our own. */
const LISTS: Readonly<
  Record<string, readonly [baseUrl: string, body: unknown, facts: Record<string, FactValues>]>
> = {
  OpenRouter: [
    "https://openrouter.ai/api/v1",
    {
      data: [
        {
          id: "maker/big",
          name: "Maker: Big",
          context_length: 400_000,
          architecture: { input_modalities: ["text", "image"], output_modalities: ["text"] },
          pricing: {
            prompt: "0.00000125",
            completion: "0.00001",
            input_cache_read: "0.000000125",
            input_cache_write: "0.0000016",
            request: "0",
          },
          top_provider: { context_length: 300_000, max_completion_tokens: 64_000 },
          supported_parameters: ["tools", "reasoning", "structured_outputs"],
        },
        {
          id: "router/auto",
          context_length: 2_000_000,
          pricing: { prompt: "-1", completion: "-1" },
          top_provider: { context_length: null, max_completion_tokens: null },
          supported_parameters: ["temperature"],
        },
        {
          id: "maker/small:free",
          pricing: { prompt: "0", completion: "0", request: "0.005" },
        },
      ],
    },
    {
      "maker/big": {
        contextWindow: 300_000,
        maxOutput: 64_000,
        tools: true,
        images: true,
        reasoning: true,
        structuredOutput: true,
        embeddings: false,
        price: { input: 1.25, cachedInput: 0.125, cacheWrite: 1.6, output: 10 },
      },
      "router/auto": { contextWindow: 2_000_000, tools: false, reasoning: false, structuredOutput: false },
      "maker/small:free": { price: { input: 0, output: 0, perRequest: 0.005 } },
    },
  ],
  "Vercel AI Gateway": [
    "https://ai-gateway.vercel.sh/v1",
    {
      object: "list",
      data: [
        {
          id: "maker/big",
          name: "Big",
          type: "language",
          context_window: 200_000,
          max_tokens: 32_000,
          tags: ["tool-use", "vision"],
          pricing: { input: "0.000003", output: "0.000015", input_cache_read: "0.0000003" },
        },
        { id: "maker/vectors", type: "embedding", max_tokens: 0, pricing: { input: "0.00000002" } },
      ],
    },
    {
      "maker/big": {
        contextWindow: 200_000,
        maxOutput: 32_000,
        tools: true,
        images: true,
        reasoning: false,
        embeddings: false,
        price: { input: 3, cachedInput: 0.3, output: 15 },
      },
      "maker/vectors": { embeddings: true, price: { input: 0.02 } },
    },
  ],
  Together: [
    "https://api.together.xyz/v1",
    [
      {
        id: "maker/Chat-70B",
        type: "chat",
        display_name: "Chat 70B",
        context_length: 131_072,
        pricing: { input: 0.88, output: 0.9, hourly: 0, base: 0, finetune: 0 },
      },
      {
        id: "mine/finetuned",
        type: "chat",
        context_length: 8192,
        pricing: { input: 0, output: 0, hourly: 2 },
      },
    ],
    {
      "maker/Chat-70B": { contextWindow: 131_072, embeddings: false, price: { input: 0.88, output: 0.9 } },
      "mine/finetuned": { contextWindow: 8192, embeddings: false },
    },
  ],
  "Hugging Face": [
    "https://router.huggingface.co/v1",
    {
      data: [
        {
          id: "maker/open",
          architecture: { input_modalities: ["text"] },
          providers: [
            {
              provider: "a",
              status: "live",
              context_length: 131_072,
              supports_tools: true,
              supports_structured_output: true,
            },
            {
              provider: "b",
              status: "live",
              context_length: 32_768,
              supports_tools: true,
              supports_structured_output: false,
            },
            { provider: "c", status: "error", context_length: 4096, supports_tools: false },
          ],
        },
      ],
    },
    { "maker/open": { contextWindow: 32_768, tools: true, images: false } },
  ],
  Anthropic: [
    "https://api.anthropic.com",
    {
      data: [
        {
          type: "model",
          id: "claude-x-20260101",
          display_name: "Claude X",
          max_input_tokens: 200_000,
          max_tokens: 64_000,
          capabilities: {
            image_input: { supported: true },
            thinking: { supported: true },
            structured_outputs: { supported: false },
            effort: {
              supported: true,
              low: { supported: true },
              medium: { supported: true },
              high: { supported: true },
              xhigh: null,
              max: { supported: false },
            },
          },
        },
        {
          type: "model",
          id: "claude-old",
          display_name: "Claude",
          max_input_tokens: null,
          capabilities: null,
        },
      ],
      has_more: false,
    },
    {
      "claude-x-20260101": {
        contextWindow: 200_000,
        maxOutput: 64_000,
        images: true,
        reasoning: true,
        efforts: ["low", "medium", "high"],
        structuredOutput: false,
      },
      "claude-old": {},
    },
  ],
  Mistral: [
    "https://api.mistral.ai/v1",
    {
      object: "list",
      data: [
        {
          id: "mistral-x",
          max_context_length: 131_072,
          capabilities: { completion_chat: true, function_calling: true, vision: false, reasoning: true },
        },
      ],
    },
    { "mistral-x": { contextWindow: 131_072, tools: true, images: false, reasoning: true } },
  ],
  "GitHub Models": [
    "https://models.github.ai/inference",
    [
      {
        id: "maker/m",
        name: "M",
        capabilities: ["streaming", "tool-calling"],
        limits: { max_input_tokens: 8000, max_output_tokens: 4000 },
        supported_input_modalities: ["text", "image"],
        supported_output_modalities: ["text"],
      },
    ],
    {
      "maker/m": { contextWindow: 8000, maxOutput: 4000, tools: true, images: true, embeddings: false },
    },
  ],
  Groq: [
    "https://api.groq.com/openai/v1",
    { data: [{ id: "llama-x", context_window: 131_072, max_completion_tokens: 32_768, active: true }] },
    { "llama-x": { contextWindow: 131_072, maxOutput: 32_768 } },
  ],
  Moonshot: [
    "https://api.moonshot.ai/v1",
    { data: [{ id: "kimi-x", context_length: 262_144, supports_image_in: true, supports_reasoning: false }] },
    { "kimi-x": { contextWindow: 262_144, images: true, reasoning: false } },
  ],
  vLLM: [
    "http://gpu.lan:8000/v1",
    { data: [{ id: "org/model", owned_by: "vllm", max_model_len: 40_960 }] },
    { "org/model": { contextWindow: 40_960 } },
  ],
  "llama.cpp": [
    "http://localhost:8080/v1",
    {
      models: [{ name: "file.gguf", capabilities: ["completion"] }],
      data: [{ id: "file.gguf", owned_by: "llamacpp", meta: { n_ctx_train: 131_072, n_ctx: 8192 } }],
    },
    { "file.gguf": { contextWindow: 8192 } },
  ],
  "an unknown server with prices in an unknown unit": [
    "https://api.example.com/v1",
    { data: [{ id: "m", pricing: { prompt: "0.15", completion: "0.6" }, context_length: 0 }] },
    { m: {} },
  ],
};

describe.each(Object.entries(LISTS))("the list of %s", (_, [baseUrl, body, facts]) => {
  it("says what is read from it, and nothing else", () => {
    const listed = parseModelList(body, baseUrl) ?? [];
    expect(Object.fromEntries(listed.map(({ id, facts }) => [id, facts]))).toEqual(facts);
  });
});

describe("a models list", () => {
  it("keeps Google's ids as clients write them", () => {
    const body = { object: "list", data: [{ id: "models/gemini-x", display_name: "Gemini X" }] };
    expect(parseModelList(body, "https://generativelanguage.googleapis.com/v1beta/openai")).toEqual([
      { id: "gemini-x", name: "Gemini X", facts: {} },
    ]);
    expect(parseModelList({ data: [{ id: "models/x" }] }, "http://localhost:1/v1")?.[0]?.id).toBe("models/x");
  });

  it("may be empty, which Ollama writes as null before a model has been pulled", () => {
    expect(parseModelList({ object: "list", data: null }, "http://localhost:11434/v1")).toEqual([]);
    // Nobody says here that it is a list.
    expect(parseModelList({ data: null }, "https://api.example.com/v1")).toBeUndefined();
  });

  it("takes hostile values for unknown ones", () => {
    const data = [
      { id: "a", context_length: "many", supports_tools: "yes", meta: 7 },
      { id: "b", context_length: -5, max_model_len: 1.5 },
      { id: "__proto__", context_length: 10 },
      { id: "x".repeat(301) },
      { id: { toString: "c" } },
    ];
    expect(parseModelList({ data }, "https://api.example.com/v1")).toEqual([
      { id: "a", facts: {} },
      { id: "b", facts: {} },
      { id: "__proto__", facts: { contextWindow: 10 } },
    ]);
  });

  it("may be of bare ids, as some servers send it", () => {
    for (const body of [{ data: ["a", " ", "b", "a"] }, ["a", "b"], { models: ["a", "b"] }])
      expect(parseModelList(body, "http://localhost:8000/v1")).toEqual([
        { id: "a", facts: {} },
        { id: "b", facts: {} },
      ]);
  });

  it("of which no entry names a model is none, and not one without models", () => {
    expect(parseModelList({ data: [{ object: "model" }, 7] }, "http://localhost:8000/v1")).toBeUndefined();
    expect(parseModelList({ data: [] }, "http://localhost:8000/v1")).toEqual([]);
  });
});

/** Asks all that would be asked, of a provider that answers by path and body. */
function detailsOf(baseUrl: string, list: unknown, answers: Readonly<Record<string, unknown>>) {
  const listed = parseModelList(list, baseUrl) ?? [];
  const found = new Map<string, FactValues>();
  const asked: string[] = [];
  for (const group of detailsRequests(baseUrl, list, listed)) {
    for (const { path, body = "", read } of group) {
      asked.push(path + body);
      const answer = answers[path + body];
      if (answer === undefined) continue;
      for (const [id, facts] of read(answer)) found.set(id, facts);
      break;
    }
  }
  const facts = Object.fromEntries(withDetails(listed, found).map(({ id, facts }) => [id, facts]));
  return { asked, facts };
}

describe("what a provider tells beside its list", () => {
  it("is asked of Ollama for each model", () => {
    const list = {
      data: [
        { id: "qwen3:8b", owned_by: "library" },
        { id: "nomic-embed-text", owned_by: "library" },
      ],
    };
    const { facts } = detailsOf("http://box.lan/v1", list, {
      '/api/show{"model":"qwen3:8b"}': {
        parameters: "temperature 0.6\nnum_ctx                        16384\n",
        model_info: { "general.architecture": "qwen3", "qwen3.context_length": 40_960 },
        capabilities: ["completion", "tools", "thinking"],
      },
      '/api/show{"model":"nomic-embed-text"}': {
        model_info: { "general.architecture": "bert", "bert.context_length": 2048 },
        capabilities: ["embedding"],
      },
    });
    expect(facts).toEqual({
      "qwen3:8b": { contextWindow: 16_384, tools: true, images: false, reasoning: true, embeddings: false },
      "nomic-embed-text": {
        contextWindow: 2048,
        tools: false,
        images: false,
        reasoning: false,
        embeddings: true,
      },
    });
  });

  const LM_LIST = {
    data: ["org/vision", "org/plain", "vectors"].map((id) => ({ id, owned_by: "organization_owner" })),
  };

  it("is asked of LM Studio in its present API", () => {
    const { facts } = detailsOf("http://localhost:1234/v1", LM_LIST, {
      "/api/v1/models": {
        models: [
          {
            type: "llm",
            key: "org/vision",
            max_context_length: 131_072,
            loaded_instances: [{ id: "org/vision", config: { context_length: 4096 } }],
            capabilities: { vision: true, trained_for_tool_use: true },
          },
          {
            type: "llm",
            key: "org/plain",
            max_context_length: 32_768,
            loaded_instances: [],
            capabilities: {
              vision: false,
              trained_for_tool_use: false,
              reasoning: { allowed_options: ["on"] },
            },
          },
          { type: "embedding", key: "vectors", max_context_length: 2048 },
        ],
      },
    });
    expect(facts).toEqual({
      "org/vision": { contextWindow: 4096, tools: true, images: true, embeddings: false },
      "org/plain": { contextWindow: 32_768, tools: false, images: false, reasoning: true, embeddings: false },
      vectors: { contextWindow: 2048, embeddings: true },
    });
  });

  it("is asked of an older LM Studio in its former API", () => {
    const { asked, facts } = detailsOf("http://localhost:1234/v1", LM_LIST, {
      "/api/v0/models": {
        data: [
          {
            id: "org/vision",
            type: "vlm",
            max_context_length: 131_072,
            loaded_context_length: 8192,
            capabilities: ["tool_use"],
          },
          { id: "org/plain", type: "llm", max_context_length: 32_768, capabilities: [] },
          { id: "vectors", type: "embeddings", max_context_length: 2048 },
        ],
      },
    });
    expect(asked).toEqual(["/api/v1/models", "/api/v0/models"]);
    expect(facts).toEqual({
      "org/vision": { contextWindow: 8192, tools: true, images: true, embeddings: false },
      "org/plain": { contextWindow: 32_768, tools: false, images: false, embeddings: false },
      vectors: { contextWindow: 2048, embeddings: true },
    });
  });

  it("is asked of LiteLLM, and counts where all deployments of a name agree", () => {
    const list = {
      data: ["fast", "twofold", "free"].map((id) => ({ id, created: 1_677_610_602, owned_by: "openai" })),
    };
    const info = {
      mode: "chat",
      max_input_tokens: 200_000,
      max_output_tokens: 64_000,
      input_cost_per_token: 3e-6,
      output_cost_per_token: 1.5e-5,
      cache_read_input_token_cost: 3e-7,
      cache_creation_input_token_cost: null,
      input_cost_per_token_above_200k_tokens: 6e-6,
      output_cost_per_token_above_200k_tokens: 2.25e-5,
      supports_function_calling: true,
      supports_vision: true,
      supports_reasoning: null,
      supports_response_schema: true,
    };
    const { facts } = detailsOf("https://llm.example.com/proxy/v1", list, {
      "/proxy/model/info": {
        data: [
          { model_name: "fast", model_info: info },
          { model_name: "twofold", model_info: info },
          { model_name: "twofold", model_info: { ...info, max_input_tokens: 128_000 } },
          { model_name: "free", model_info: { input_cost_per_token: 0, output_cost_per_token: 0 } },
        ],
      },
    });
    const agreed = {
      maxOutput: 64_000,
      tools: true,
      images: true,
      structuredOutput: true,
      embeddings: false,
      price: {
        input: 3,
        cachedInput: 0.3,
        output: 15,
        tiers: [{ aboveInput: 200_000, input: 6, output: 22.5 }],
      },
    };
    expect(facts).toEqual({ fast: { contextWindow: 200_000, ...agreed }, twofold: agreed, free: {} });
  });

  it("says at LiteLLM what a long context costs, from wherever it begins", () => {
    const list = { data: [{ id: "a", created: 1_677_610_602 }] };
    const info = {
      input_cost_per_token: 2.5e-6,
      output_cost_per_token: 1.5e-5,
      input_cost_per_token_above_272k_tokens: 5e-6,
      output_cost_per_token_above_272k_tokens: 2.25e-5,
      input_cost_per_token_above_128k_tokens: 3e-6,
      output_cost_per_token_above_128k_tokens: 1.6e-5,
      input_cost_per_token_above_200k_tokens: null,
    };
    const { facts } = detailsOf("https://llm.example.com/v1", list, {
      "/model/info": { data: [{ model_name: "a", model_info: info }] },
    });
    expect(facts.a?.price?.tiers).toEqual([
      { aboveInput: 128_000, input: 3, output: 16 },
      { aboveInput: 272_000, input: 5, output: 22.5 },
    ]);
  });

  it("is asked of Gemini in Google's own list", () => {
    const list = { data: [{ id: "models/gemini-x" }, { id: "models/vectors" }] };
    const { facts } = detailsOf("https://generativelanguage.googleapis.com/v1beta/openai/", list, {
      "/v1beta/models?pageSize=1000": {
        models: [
          {
            name: "models/gemini-x",
            inputTokenLimit: 1_048_576,
            outputTokenLimit: 65_536,
            supportedGenerationMethods: ["generateContent"],
            thinking: true,
          },
          { name: "models/vectors", inputTokenLimit: 2048, supportedGenerationMethods: ["embedContent"] },
        ],
      },
    });
    expect(facts).toEqual({
      "gemini-x": { contextWindow: 1_048_576, maxOutput: 65_536, reasoning: true },
      vectors: { contextWindow: 2048, embeddings: true },
    });
  });

  it("is not asked of anybody else", () => {
    expect(
      detailsRequests("https://api.openai.com/v1", { data: [{ id: "a", owned_by: "openai" }] }, []),
    ).toEqual([]);
    expect(detailsRequests("https://api.example.com/v1", { data: [] }, [])).toEqual([]);
  });
});
