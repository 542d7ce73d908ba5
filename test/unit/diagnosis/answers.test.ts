import { describe, expect, test } from "vitest";
import type { EngineProvider } from "../../../src/core/config/engineConfig";
import { findingOf, type RefusedRequest } from "../../../src/core/diagnosis/answerFinding";
import type { FindingCode } from "../../../src/core/diagnosis/finding";
import { KEY, provider } from "./providers";

const openai = provider({ baseUrl: "https://api.openai.com/v1" });
const azure = provider({
  type: "azure",
  baseUrl: "https://me.openai.azure.com",
  azure: { apiVersion: "2024-10-21" },
});
const anthropic = provider({ type: "anthropic", baseUrl: "https://api.anthropic.com" });
const gemini = provider({ baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai" });
const openrouter = provider({ baseUrl: "https://openrouter.ai/api/v1" });
const groq = provider({ baseUrl: "https://api.groq.com/openai/v1" });
const mistral = provider({ baseUrl: "https://api.mistral.ai/v1" });
const deepseek = provider({ baseUrl: "https://api.deepseek.com/v1" });
const xai = provider({ baseUrl: "https://api.x.ai/v1" });
const ollama = provider({ baseUrl: "http://localhost:11434/v1" }, { kind: "none" });
const vllm = provider({ baseUrl: "http://localhost:8000/v1" });
const litellm = provider({ baseUrl: "https://llm.company.example/v1" });

function ask(from: EngineProvider, status: number, body: unknown, more: Partial<RefusedRequest> = {}) {
  return findingOf({
    provider: from,
    operation: "chat",
    model: "some-model",
    status,
    headers: { "content-type": "application/json" },
    bodyText: typeof body === "string" ? body : JSON.stringify(body),
    ...more,
  });
}

const error = (message: string, more: object = {}) => ({ error: { message, ...more } });
const anthropicError = (type: string, message: string) => ({ type: "error", error: { type, message } });
const google = (code: number, message: string, status: string) => [{ error: { code, message, status } }];

/** Who says it, with which status, in which words, and what it is. */
const CASES: readonly [
  who: string,
  from: EngineProvider,
  status: number,
  body: unknown,
  code: FindingCode,
][] = [
  [
    "OpenAI",
    openai,
    401,
    error("Incorrect API key provided: sk-abc***xyz. You can find your API key at https://x", {
      type: "invalid_request_error",
      code: "invalid_api_key",
    }),
    "key_wrong",
  ],
  [
    "OpenAI",
    openai,
    429,
    error("You exceeded your current quota, please check your plan and billing details.", {
      type: "insufficient_quota",
      code: "insufficient_quota",
    }),
    "no_credit",
  ],
  [
    "OpenAI",
    openai,
    429,
    error("Rate limit reached for gpt-5 in organization org-abcdefgh on tokens per min", {
      code: "rate_limit_exceeded",
    }),
    "rate_limited",
  ],
  [
    "OpenAI",
    openai,
    404,
    error("The model `some-model` does not exist or you do not have access to it.", {
      code: "model_not_found",
    }),
    "model_unknown",
  ],
  [
    "OpenAI",
    openai,
    403,
    error("Project `proj_abcdefgh` does not have access to model `some-model`", { code: "model_not_found" }),
    "model_not_permitted",
  ],
  [
    "OpenAI",
    openai,
    401,
    error("You have insufficient permissions for this operation. Missing scopes: model.request."),
    "key_not_permitted",
  ],
  [
    "OpenAI",
    openai,
    400,
    error("Your organization must be verified to stream this model. Please go to: https://x", {
      param: "stream",
      code: "unsupported_value",
    }),
    "cannot_stream",
  ],
  ["OpenAI", openai, 400, error("you must provide a model parameter"), "model_missing"],
  [
    "OpenAI",
    openai,
    404,
    error("This model is only supported in v1/responses and not in v1/chat/completions.", {
      param: "model",
    }),
    "wrong_api",
  ],
  [
    "OpenAI",
    openai,
    403,
    error("Country, region, or territory not supported", { code: "unsupported_country_region_territory" }),
    "region_refused",
  ],
  [
    "OpenAI",
    openai,
    401,
    error("This account is deactivated", { code: "account_deactivated" }),
    "key_revoked",
  ],
  ["OpenAI, wrong path", openai, 404, error("Invalid URL (POST /v1/v1/chat/completions)"), "wrong_path"],
  [
    "Azure",
    azure,
    401,
    error(
      "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription",
      { code: "401" },
    ),
    "key_wrong",
  ],
  [
    "Azure",
    azure,
    404,
    error("The API deployment for this resource does not exist.", { code: "DeploymentNotFound" }),
    "deployment_unknown",
  ],
  ["Azure", azure, 404, error("Resource not found", { code: "404" }), "wrong_path"],
  ["Azure", azure, 400, error("API version not supported", { code: "BadRequest" }), "api_version_refused"],
  [
    "Azure",
    azure,
    404,
    error("The HTTP resource that matches the request URI with API version '1' is not supported", {
      code: "UnsupportedApiVersion",
    }),
    "api_version_refused",
  ],
  [
    "Azure",
    azure,
    403,
    error("Key based authentication is disabled for this resource.", { code: "AuthenticationTypeDisabled" }),
    "key_kind_refused",
  ],
  [
    "Azure",
    azure,
    403,
    error("Access denied due to Virtual Network/Firewall rules.", { code: "403" }),
    "network_not_admitted",
  ],
  [
    "Azure",
    azure,
    401,
    error(
      "The principal `abc` lacks the required data action `Microsoft.CognitiveServices/x` to perform `POST y` operation.",
      { code: "PermissionDenied" },
    ),
    "key_not_permitted",
  ],
  [
    "Azure",
    azure,
    400,
    error("The chatCompletion operation does not work with the specified model, text-embedding-3-small.", {
      code: "OperationNotSupported",
    }),
    "wrong_api",
  ],
  ["Anthropic", anthropic, 401, anthropicError("authentication_error", "invalid x-api-key"), "key_wrong"],
  [
    "Anthropic",
    anthropic,
    401,
    anthropicError("authentication_error", "OAuth token has expired. Please obtain a new token"),
    "key_expired",
  ],
  [
    "Anthropic",
    anthropic,
    400,
    anthropicError(
      "invalid_request_error",
      "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing",
    ),
    "no_credit",
  ],
  [
    "Anthropic",
    anthropic,
    403,
    anthropicError(
      "permission_error",
      "Your API key does not have permission to use the specified resource.",
    ),
    "key_not_permitted",
  ],
  ["Anthropic", anthropic, 404, anthropicError("not_found_error", "model: claude-nope"), "model_unknown"],
  ["Anthropic", anthropic, 529, anthropicError("overloaded_error", "Overloaded"), "overloaded"],
  [
    "Gemini",
    gemini,
    400,
    google(400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT"),
    "key_wrong",
  ],
  [
    "Gemini",
    gemini,
    400,
    google(400, "API key expired. Please renew the API key.", "INVALID_ARGUMENT"),
    "key_expired",
  ],
  [
    "Gemini",
    gemini,
    403,
    google(403, "Your API key was reported as leaked. Please use another API key.", "PERMISSION_DENIED"),
    "key_revoked",
  ],
  [
    "Gemini",
    gemini,
    404,
    google(
      404,
      "models/nope is not found for API version v1main, or is not supported for generateContent. Call ListModels",
      "NOT_FOUND",
    ),
    "model_unknown",
  ],
  [
    "Gemini",
    gemini,
    429,
    google(
      429,
      "You exceeded your current quota, please check your plan and billing details.",
      "RESOURCE_EXHAUSTED",
    ),
    "rate_limited",
  ],
  [
    "Gemini",
    gemini,
    400,
    google(400, "User location is not supported for the API use.", "FAILED_PRECONDITION"),
    "region_refused",
  ],
  ["OpenRouter", openrouter, 401, error("No auth credentials found", { code: 401 }), "key_wrong"],
  ["OpenRouter", openrouter, 401, error("User not found.", { code: 401 }), "key_wrong"],
  [
    "OpenRouter",
    openrouter,
    402,
    error("Insufficient credits. Add more using https://x", { code: 402 }),
    "no_credit",
  ],
  [
    "OpenRouter",
    openrouter,
    402,
    error("This request requires more credits, or fewer max_tokens.", { code: 402 }),
    "no_credit",
  ],
  [
    "OpenRouter",
    openrouter,
    403,
    error("Key limit exceeded (total limit). Manage it using https://x", { code: 403 }),
    "no_credit",
  ],
  ["OpenRouter", openrouter, 400, error("foo/bar is not a valid model ID", { code: 400 }), "model_unknown"],
  [
    "OpenRouter",
    openrouter,
    404,
    error(
      "No endpoints found that support tool use. To learn more about provider routing, visit: https://x",
      {
        code: 404,
      },
    ),
    "cannot_call_tools",
  ],
  ["OpenRouter", openrouter, 404, error("No endpoints found for foo/bar.", { code: 404 }), "model_unknown"],
  ["Groq", groq, 401, error("Invalid API Key", { code: "invalid_api_key" }), "key_wrong"],
  [
    "Groq",
    groq,
    400,
    error("The model `llama3` has been decommissioned and is no longer supported.", {
      code: "model_decommissioned",
    }),
    "model_unknown",
  ],
  [
    "Groq",
    groq,
    400,
    error("`tool calling` is not supported with this model", { type: "invalid_request_error" }),
    "cannot_call_tools",
  ],
  [
    "Groq, wrong path",
    groq,
    404,
    error("Unknown request URL: POST /v1/x", { code: "unknown_url" }),
    "wrong_path",
  ],
  ["Mistral", mistral, 401, { message: "Unauthorized", request_id: "r" }, "key_wrong"],
  ["Mistral", mistral, 401, { detail: "Unauthorized" }, "key_wrong"],
  [
    "Mistral",
    mistral,
    400,
    { object: "error", message: "Invalid model: nope", type: "invalid_model", code: "1500" },
    "model_unknown",
  ],
  [
    "Mistral",
    mistral,
    400,
    { object: "error", message: "Function calling is not enabled for this model", code: "3051" },
    "cannot_call_tools",
  ],
  [
    "DeepSeek",
    deepseek,
    401,
    error("Authentication Fails, Your api key: ****abcd is invalid", { type: "authentication_error" }),
    "key_wrong",
  ],
  ["DeepSeek", deepseek, 402, error("Insufficient Balance", { type: "unknown_error" }), "no_credit"],
  ["DeepSeek", deepseek, 400, error("Model Not Exist", { code: "invalid_request_error" }), "model_unknown"],
  [
    "xAI",
    xai,
    400,
    {
      code: "Client specified an invalid argument",
      error: "Incorrect API key provided: na***ys. You can obtain an API key from https://console.x.ai.",
    },
    "key_wrong",
  ],
  [
    "xAI",
    xai,
    404,
    {
      code: "Some requested entity was not found",
      error: "The model nope does not exist or your team does not have access to it.",
    },
    "model_unknown",
  ],
  [
    "xAI",
    xai,
    403,
    {
      code: "The caller does not have permission to execute the specified operation",
      error: "Your newly created teams doesn't have any credits yet.",
    },
    "no_credit",
  ],
  [
    "xAI",
    xai,
    403,
    { code: "x", error: "You have run out of credits or need a Grok subscription." },
    "no_credit",
  ],
  [
    "Ollama",
    ollama,
    404,
    error('model "nope" not found, try pulling it first', { type: "api_error" }),
    "model_unknown",
  ],
  [
    "Ollama",
    ollama,
    400,
    error("registry.ollama.ai/library/gemma:latest does not support tools", { type: "api_error" }),
    "cannot_call_tools",
  ],
  [
    "Ollama",
    ollama,
    403,
    error("this model requires a subscription, upgrade for access: https://x"),
    "model_not_permitted",
  ],
  ["Ollama, wrong path", ollama, 404, "404 page not found", "wrong_path"],
  [
    "vLLM",
    vllm,
    404,
    { object: "error", message: "The model `nope` does not exist.", type: "NotFoundError", code: 404 },
    "model_unknown",
  ],
  ["vLLM", vllm, 401, { error: "Unauthorized" }, "key_wrong"],
  [
    "vLLM",
    vllm,
    400,
    {
      object: "error",
      message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
      type: "BadRequestError",
      code: 400,
    },
    "cannot_call_tools",
  ],
  ["vLLM, wrong path", vllm, 404, { detail: "Not Found" }, "wrong_path"],
  ["llama.cpp", vllm, 404, error("File Not Found", { code: 404, type: "not_found_error" }), "wrong_path"],
  [
    "llama.cpp",
    vllm,
    500,
    error("tools param requires --jinja flag", { code: 500, type: "server_error" }),
    "cannot_call_tools",
  ],
  ["llama.cpp", vllm, 503, error("Loading model", { code: 503, type: "unavailable_error" }), "overloaded"],
  [
    "LM Studio",
    vllm,
    404,
    error("No models loaded. Please load a model in the developer page", { code: "model_not_found" }),
    "model_missing",
  ],
  [
    "LiteLLM",
    litellm,
    401,
    error("Authentication Error, Invalid proxy server token passed. Received API Key = sk-...abcd", {
      type: "token_not_found_in_db",
      code: "401",
    }),
    "key_wrong",
  ],
  [
    "LiteLLM",
    litellm,
    401,
    error("Authentication Error - Expired Key. Key Expiry time 2025-01-01", {
      type: "expired_key",
      code: "401",
    }),
    "key_expired",
  ],
  [
    "LiteLLM",
    litellm,
    400,
    error("Budget has been exceeded! Current cost: 26.0, Max budget: 0.25", {
      type: "budget_exceeded",
      code: "400",
    }),
    "no_credit",
  ],
  [
    "LiteLLM",
    litellm,
    401,
    error("key not allowed to access model. This key can only access models=['a']. Tried to access b", {
      type: "key_model_access_denied",
    }),
    "model_not_permitted",
  ],
  [
    "LiteLLM",
    litellm,
    400,
    error("/chat/completions: Invalid model name passed in model=nope. Call `/v1/models` to view available"),
    "model_unknown",
  ],
  [
    "Vertex",
    gemini,
    401,
    google(
      401,
      "Request had invalid authentication credentials. Expected OAuth 2 access token",
      "UNAUTHENTICATED",
    ),
    "key_wrong",
  ],
  [
    "Bedrock",
    litellm,
    403,
    { message: "You don't have access to the model with the specified model ID." },
    "model_not_permitted",
  ],
  [
    "Bedrock",
    litellm,
    403,
    { message: "The security token included in the request is expired" },
    "key_expired",
  ],
  ["Hugging Face", litellm, 401, { error: "Invalid username or password." }, "key_wrong"],
  [
    "Hugging Face",
    litellm,
    402,
    { error: "You have exceeded your monthly included credits for Inference Providers." },
    "no_credit",
  ],
  ["GitHub Models", litellm, 401, error("Bad credentials", { code: "unauthorized" }), "key_wrong"],
  ["GitHub Models", litellm, 400, error("Unknown model: nope", { code: "unknown_model" }), "model_unknown"],
  [
    "Moonshot",
    litellm,
    404,
    error("Not found the model nope or Permission denied", { type: "resource_not_found_error" }),
    "model_unknown",
  ],
  [
    "Z.ai",
    litellm,
    429,
    error("Insufficient balance or no resource package. Please recharge.", { code: "1113" }),
    "no_credit",
  ],
  ["Fireworks", litellm, 404, error("Model not found, inaccessible, and/or not deployed"), "model_unknown"],
  ["nobody's words", openai, 401, "", "key_wrong"],
  ["nobody's words", openai, 402, "", "no_credit"],
  ["nobody's words", openai, 403, "{}", "key_not_permitted"],
  ["nobody's words", openai, 418, "{}", "request_refused"],
  ["nobody's words", openai, 429, "", "rate_limited"],
  ["nobody's words", openai, 500, "oops", "provider_failed"],
  ["nobody's words", openai, 503, "", "overloaded"],
  ["nobody's words", openai, 504, "", "timed_out"],
  [
    "nobody's words, of a context that is too long",
    openai,
    400,
    error("maximum context length is 8192 tokens"),
    "request_refused",
  ],
];

describe("what a provider's refusal means", () => {
  test.each(CASES)("%s (case %#)", (_who, from, status, body, code) => {
    const found = ask(from, status, body);
    expect(found?.code, found?.sentence).toBe(code);
    expect(found?.sentence).toContain(`HTTP ${status}`);
    expect(found?.remedies.length).toBeGreaterThan(0);
  });

  test("an answer that is fine is none", () => {
    expect(ask(openai, 200, { data: [] })).toBeUndefined();
  });

  test("a key of another company is named by its owner, and not shown", () => {
    const foreign = provider(
      { baseUrl: "https://api.openai.com/v1" },
      { kind: "apiKey", value: "sk-ant-abc123def" },
    );
    const found = ask(foreign, 401, error("Incorrect API key provided: sk-ant-abc123def."));
    expect(found).toMatchObject({
      code: "key_of_other_provider",
      remedies: [{ kind: "setKey" }, { kind: "openPage" }],
    });
    expect(found?.sentence).toContain("Anthropic");
    expect(JSON.stringify(found)).not.toContain("abc123def");
  });

  test("without a key, a key is needed", () => {
    expect(ask(ollama, 401, { error: "unauthorized" })?.code).toBe("key_needed");
    expect(ask(ollama, 403, "{}")?.code).toBe("key_needed");
  });

  test("a token that was refused may have expired", () => {
    const entra = provider(
      { type: "azure", baseUrl: "https://me.openai.azure.com" },
      { kind: "bearerToken", value: "eyJ0eXAiOiJKV1QiLCJhbGciOi" },
    );
    const body = {
      statusCode: 401,
      message:
        "Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), or have expired.",
    };
    expect(ask(entra, 401, body)).toMatchObject({
      code: "key_wrong",
      sentence: expect.stringContaining("may have expired"),
    });
  });

  describe("a token that a program or an account gives is no key to be set", () => {
    const credential = { kind: "bearerToken", value: "eyJ0eXAiOiJKV1QiLCJhbGciOi" } as const;
    const fetched: EngineProvider = {
      ...provider({ baseUrl: "https://llm.company.example/v1" }, credential),
      pool: [
        { label: "mine", credential: { kind: "apiKey", value: "sk-other" } },
        { label: "az", credential, renewable: true },
      ],
    };
    test.each<[string, number, unknown, FindingCode]>([
      ["refused", 401, error("Unauthorized"), "key_wrong"],
      ["expired", 401, error("The token has expired"), "key_expired"],
      ["not permitted", 403, error("Forbidden"), "key_not_permitted"],
    ])("%s", (_what, status, body, code) => {
      const found = ask(fetched, status, body);
      expect(found?.code).toBe(code);
      expect(found?.remedies).toContainEqual({ kind: "refreshCredential" });
      expect(found?.remedies).not.toContainEqual({ kind: "setKey" });
      expect(found?.sentence).not.toMatch(/set (it|a new one|another key|the right key)/i);
    });

    test("but one beside it is", () => {
      const other = { ...fetched, credential: { kind: "apiKey", value: "sk-other" } as const };
      expect(ask(other, 401, error("Unauthorized"))?.remedies[0]).toEqual({ kind: "setKey" });
    });
  });

  test("the waiting time that a provider names is told", () => {
    const found = ask(openai, 429, error("slow"), { headers: { "retry-after": "12.2" } });
    expect(found?.sentence).toContain("in 13 s");
  });
});

describe("buttons", () => {
  test.each<[string, EngineProvider, number, unknown, object]>([
    ["the key", openai, 401, "", { kind: "setKey" }],
    ["the billing page", openai, 402, "", { kind: "openPage", url: expect.stringContaining("billing") }],
    [
      "the models",
      openai,
      404,
      error("The model `x` does not exist", { code: "model_not_found" }),
      { kind: "nameModels" },
    ],
    ["the api-version", azure, 400, error("API version not supported"), { kind: "changeApiVersion" }],
    [
      "the API",
      openai,
      404,
      error("only supported in v1/responses"),
      { kind: "changeApi", wireApi: "responses" },
    ],
    ["nothing but patience", openai, 500, "", { kind: "tryAgain" }],
  ])("first: %s", (_what, from, status, body, remedy) => {
    expect(ask(from, status, body)?.remedies[0]).toMatchObject(remedy);
  });
});

describe("an address that is wrong", () => {
  const listing = { operation: "models" } as const;
  const nothing = error("Resource not found", { code: "404" });

  test("of which the service is known: its own is offered", () => {
    const wrong = provider({ baseUrl: "https://openrouter.ai/v1" });
    expect(ask(wrong, 404, "{}")).toMatchObject({
      code: "wrong_path",
      remedies: [{ kind: "changeAddress", baseUrl: "https://openrouter.ai/api/v1" }],
    });
  });

  test("with its version twice", () => {
    const doubled = provider({ baseUrl: "https://llm.example/v1/v1/" });
    expect(ask(doubled, 404, "{}")).toMatchObject({
      code: "wrong_path",
      sentence: expect.stringContaining("twice"),
      remedies: [{ kind: "changeAddress", baseUrl: "https://llm.example/v1" }],
    });
  });

  test("of Azure behind a company's host, spoken to as OpenAI", () => {
    const hidden = provider({ baseUrl: "https://ai.company.example/v1" });
    const headers = { "content-type": "application/json", "apim-request-id": "1" };
    expect(ask(hidden, 404, nothing, { headers })).toMatchObject({
      code: "wrong_type",
      remedies: [{ kind: "changeType", type: "azure", baseUrl: "https://ai.company.example" }, {}],
    });
  });

  test("of a service that speaks another type", () => {
    const confused = provider({ type: "anthropic", baseUrl: "https://api.openai.com" });
    expect(ask(confused, 404, "{}")).toMatchObject({
      code: "wrong_type",
      remedies: [{ kind: "changeType", type: "openai" }, {}],
    });
  });

  test("a list that is not there may only be missing", () => {
    expect(ask(provider(), 404, "{}", listing)?.code).toBe("no_model_list");
  });

  test("an API that is not there", () => {
    const responses = provider({ wireApi: "responses" });
    expect(ask(responses, 404, { detail: "Not Found" }, { operation: "responses" })).toMatchObject({
      code: "wrong_api",
      remedies: [{ kind: "changeApi", wireApi: "completions" }, {}],
    });
  });

  test.each([200, 403, 404, 511, 502])("that is a web page (HTTP %i)", (status) => {
    const found = ask(openai, status, "<html>log in</html>", { headers: { "content-type": "text/html" } });
    expect(found).toMatchObject({ code: "web_page", sentence: expect.stringContaining("web page") });
    expect(JSON.stringify(found)).not.toContain("log in<");
  });

  test.each([
    ["https://api.example.com", true],
    ["https://api.example.com/v1", false],
    ["https://api.example.com/api/v3/", false],
  ])("that is a web page may lack /v1 only where it has none: %s", (baseUrl, lacking) => {
    const headers = { "content-type": "text/html" };
    const { sentence } = ask(provider({ baseUrl }), 404, "<html></html>", { headers }) ?? { sentence: "" };
    expect(sentence).toContain("A web page, not an API, answers at https://api.example.com");
    expect(sentence.includes("may lack /v1")).toBe(lacking);
  });

  test("that redirects: to which host, and nothing of the query", () => {
    const headers = { location: "https://login.example/auth?token=secret" };
    const found = ask(openai, 302, "", { headers });
    expect(found).toMatchObject({
      code: "redirects",
      sentence: expect.stringContaining("to login.example "),
    });
    expect(JSON.stringify(found)).not.toContain("secret");
  });
});

describe("what a provider said", () => {
  const said = (message: string) => ask(openai, 400, error(message))?.said ?? "";

  test("is shown on one line, and short", () => {
    expect(said("one\n\ttwo\u001b[31m\u202ethree")).toBe("one two [31m three");
    expect(said("x ".repeat(1000)).length).toBeLessThanOrEqual(300);
  });

  test.each([
    `the key ${KEY} is bad`,
    "Incorrect API key provided: sk-proj-abcDEF123456.",
    "Incorrect API key provided: sk-pro**********xyz1.",
    "key AIzaSyA1234567890abcdefghij is wrong",
    "token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.x",
    "for me@company.example in org-abcdefgh12345",
    "hash 0123456789abcdef0123456789abcdef",
  ])("without a credential or an account: %s", (message) => {
    expect(said(message)).toMatch(/\[redacted\]/);
    expect(said(message)).not.toMatch(/secret|abcDEF|xyz1|SyA123|eyJhb|me@|org-abc|0123456789abcdef/);
  });

  test("does not get into the sentence, which may be logged", () => {
    const found = ask(openai, 400, error("the prompt about project Bluebird is refused"));
    expect(found?.said).toContain("Bluebird");
    expect(found?.sentence).not.toContain("Bluebird");
  });
});
