import { describe, expect, it } from "vitest";
import type { EngineProvider } from "../../../src/core/config/engineConfig";
import { parseModelList } from "../../../src/core/models/modelList";
import { baseUrlFault, isLocalAddress } from "../../../src/core/providers/baseUrl";
import { endpointUrl } from "../../../src/core/providers/endpoint";
import { networkFault } from "../../../src/core/providers/networkFault";
import { providerRequestHeaders } from "../../../src/core/providers/requestHeaders";
import { clientResponseHeaders } from "../../../src/core/providers/responseHeaders";

describe("endpointUrl", () => {
  it.each([
    ["https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"],
    ["https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"],
    ["https://api.openai.com", "https://api.openai.com/v1/chat/completions"],
    ["http://localhost:11434", "http://localhost:11434/v1/chat/completions"],
    ["https://openrouter.ai/api", "https://openrouter.ai/api/v1/chat/completions"],
    ["https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1/chat/completions"],
    [
      "https://generativelanguage.googleapis.com/v1beta/openai/",
      "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    ],
    ["https://api.z.ai/api/paas/v4", "https://api.z.ai/api/paas/v4/chat/completions"],
    [
      "https://models.github.ai/inference/chat/completions",
      "https://models.github.ai/inference/chat/completions",
    ],
    ["https://my.openai.azure.com/openai/v1", "https://my.openai.azure.com/openai/v1/chat/completions"],
  ])("openai at %s", (baseUrl, url) => {
    expect(endpointUrl({ type: "openai", baseUrl }, "chat")).toBe(url);
  });

  it.each([
    ["https://api.anthropic.com", "https://api.anthropic.com/v1/messages"],
    ["https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages"],
    ["https://my.services.ai.azure.com/anthropic", "https://my.services.ai.azure.com/anthropic/v1/messages"],
  ])("anthropic at %s", (baseUrl, url) => {
    expect(endpointUrl({ type: "anthropic", baseUrl }, "messages")).toBe(url);
  });

  it("uses Azure's deployments routes with an api-version and the versionless ones without", () => {
    const baseUrl = "https://my.openai.azure.com/";
    const dated = { type: "azure" as const, baseUrl, azure: { apiVersion: "2024-10-21" } };
    expect(endpointUrl(dated, "chat", "my gpt")).toBe(
      "https://my.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21",
    );
    expect(endpointUrl(dated, "embeddings", "e")).toBe(
      "https://my.openai.azure.com/openai/deployments/e/embeddings?api-version=2024-10-21",
    );
    expect(endpointUrl(dated, "responses", "x")).toBe(
      "https://my.openai.azure.com/openai/responses?api-version=2024-10-21",
    );
    expect(endpointUrl({ type: "azure", baseUrl }, "chat", "x")).toBe(
      "https://my.openai.azure.com/openai/v1/chat/completions",
    );
  });
});

describe("baseUrlFault", () => {
  it.each([
    ["openai", "https://api.openai.com/v1", null],
    ["openai", "nonsense", "is not an address"],
    ["openai", "ftp://x.example", "https://"],
    ["openai", "https://user:secret@x.example/v1", "user name or password"],
    ["openai", "https://x.example/v1?api-version=1", "query"],
    ["openai", "https://my.openai.azure.com", 'type "azure"'],
    ["openai", "https://my.openai.azure.com/openai/v1", null],
    ["azure", "https://my.openai.azure.com", null],
    ["azure", "https://my.openai.azure.com/openai/v1/", 'type "openai"'],
    ["azure", "https://my.services.ai.azure.com/models", "leave only https://HOST"],
    ["azure", "https://my.openai.azure.com/openai/deployments/x/chat/completions", "deployment"],
    ["azure", "https://my.services.ai.azure.com/anthropic", 'type "anthropic"'],
    ["anthropic", "https://my.services.ai.azure.com/anthropic", null],
    ["anthropic", "https://my.services.ai.azure.com", "/anthropic"],
  ] as const)("%s at %s", (type, baseUrl, says) => {
    const fault = baseUrlFault({ type, baseUrl });
    if (says === null) expect(fault).toBeNull();
    else expect(fault).toContain(says);
    expect(fault ?? "").not.toContain("secret");
  });

  it("knows which addresses are local", () => {
    expect(
      [
        "http://localhost:1",
        "http://127.0.0.1",
        "http://[::1]:3",
        "http://192.168.1.2",
        "http://box.local",
        "http://ollama:11434",
      ].every(isLocalAddress),
    ).toBe(true);
    expect(
      ["https://api.openai.com", "https://11.0.0.1", "https://192.169.1.1", "https://[2001:db8::1]"].some(
        isLocalAddress,
      ),
    ).toBe(false);
  });
});

const engineProvider = (
  type: "openai" | "azure" | "anthropic",
  credential: EngineProvider["credential"],
  headers?: Record<string, string>,
): EngineProvider => ({
  config: {
    id: "p",
    type,
    wireApi: "completions",
    baseUrl: "https://x.example",
    enabled: true,
    ...(headers ? { headers } : {}),
  },
  credential,
});

describe("providerRequestHeaders", () => {
  const client = [
    ["Host", "127.0.0.1:4141"],
    ["Authorization", "Bearer gateway-key"],
    ["x-api-key", "gateway-key"],
    ["api-key", "gateway-key"],
    ["x-goog-api-key", "gateway-key"],
    ["Cookie", "a=b"],
    ["Connection", "keep-alive, X-Hop"],
    ["X-Hop", "1"],
    ["X-Postern-Task", "t"],
    ["X-Forwarded-For", "1.2.3.4"],
    ["X-GitHub-Token-Id", "gho_oneone...1111"],
    ["Sec-Fetch-Mode", "cors"],
    ["Accept-Encoding", "gzip, br"],
    ["Content-Length", "3"],
    ["anthropic-beta", "a,b"],
    ["User-Agent", "tool/1"],
  ].flat();
  const sent = (provider: EngineProvider) => {
    const { headers: list } = providerRequestHeaders(provider, client, 42);
    return list.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), list[index + 1]]] : []));
  };

  it.each([
    ["openai", ["authorization", "Bearer provider-key"]],
    ["azure", ["api-key", "provider-key"]],
    ["anthropic", ["x-api-key", "provider-key"]],
  ] as const)(
    "authenticates %s its own way, with the provider's key and never the gateway's",
    (type, header) => {
      const headers = sent(engineProvider(type, { kind: "apiKey", value: "provider-key" }));
      expect(headers).toContainEqual(header);
      expect(JSON.stringify(headers)).not.toContain("gateway-key");
    },
  );

  it("sends the key in the header that the configuration names, and what the client sent in it nowhere", () => {
    const provider = engineProvider("openai", { kind: "apiKey", value: "provider-key" });
    const named = (authHeader: string) =>
      sent({ ...provider, config: { ...provider.config, authHeader } }).filter(([, value]) =>
        value?.includes("key"),
      );
    expect(named("Ocp-Apim-Subscription-Key")).toEqual([["ocp-apim-subscription-key", "provider-key"]]);
    expect(named("User-Agent")).toEqual([["user-agent", "provider-key"]]);
    expect(named("Authorization")).toEqual([["authorization", "Bearer provider-key"]]);
  });

  it("sends a bearer token in Authorization everywhere", () => {
    for (const type of ["openai", "azure", "anthropic"] as const) {
      expect(sent(engineProvider(type, { kind: "bearerToken", value: "t" }))).toContainEqual([
        "authorization",
        "Bearer t",
      ]);
    }
  });

  it("passes on what is meant for the provider and nothing that is not", () => {
    const headers = sent(engineProvider("openai", { kind: "none" }));
    expect(headers).toEqual([
      ["anthropic-beta", "a,b"],
      ["user-agent", "tool/1"],
      ["accept-encoding", "identity"],
      ["content-length", "42"],
    ]);
  });

  it("lets the provider's configured headers win, and fills in anthropic-version only where it is missing", () => {
    const own = sent(
      engineProvider(
        "anthropic",
        { kind: "apiKey", value: "k" },
        { "X-Api-Key": "own", "User-Agent": "mine" },
      ),
    );
    expect(own.filter(([name]) => name === "x-api-key")).toEqual([["x-api-key", "own"]]);
    expect(own.filter(([name]) => name === "user-agent")).toEqual([["user-agent", "mine"]]);
    expect(own).toContainEqual(["anthropic-version", "2023-06-01"]);
  });
});

describe("clientResponseHeaders", () => {
  it("keeps what tells of the request and drops what opens the gateway or belongs to the connection", () => {
    expect(
      clientResponseHeaders({
        "content-type": "application/json",
        "retry-after": "7",
        "x-request-id": "r",
        "x-ratelimit-remaining-requests": "5",
        "anthropic-ratelimit-tokens-remaining": "9",
        "set-cookie": ["a=b"],
        "access-control-allow-origin": "*",
        "transfer-encoding": "chunked",
        "x-postern-provider": "spoofed",
      }),
    ).toEqual({
      "content-type": "application/json",
      "retry-after": "7",
      "x-request-id": "r",
      "x-ratelimit-remaining-requests": "5",
      "anthropic-ratelimit-tokens-remaining": "9",
    });
  });
});

describe("networkFault", () => {
  it("names host and port, and the command that starts a local runtime", () => {
    const ollama = networkFault({ id: "ollama", baseUrl: "http://localhost:11434/v1" }, "ECONNREFUSED");
    expect(ollama.message).toContain("localhost:11434");
    expect(ollama.message).toContain("ollama serve");
    const foundry = networkFault(
      { id: "foundry-local", baseUrl: "http://127.0.0.1:5273/v1" },
      "ECONNREFUSED",
    );
    expect(foundry.message).toContain("foundry service start");
    expect(networkFault({ id: "x", baseUrl: "https://x.example" }, "ENOTFOUND").message).toContain(
      "x.example was not found",
    );
    expect(networkFault({ id: "x", baseUrl: "https://x.example" }, "DEPTH_ZERO_SELF_SIGNED_CERT").code).toBe(
      "provider_tls",
    );
  });
});

describe("parseModelList", () => {
  it.each([
    [
      { data: [{ id: "a", context_length: 5 }, { id: "a" }, { id: "" }, 7] },
      [{ id: "a", facts: { contextWindow: 5 } }],
    ],
    [{ data: [{ id: "a", display_name: "A", type: "model" }] }, [{ id: "a", name: "A", facts: {} }]],
    [{ models: [{ name: "qwen3" }] }, [{ id: "qwen3", facts: {} }]],
    [[{ id: "x" }], [{ id: "x", facts: {} }]],
    [{ data: [] }, []],
    [{ error: "x" }, undefined],
    ["text", undefined],
    [null, undefined],
  ])("%j", (body, models) => {
    expect(parseModelList(body, "http://localhost:8000/v1")).toEqual(models);
  });
});
