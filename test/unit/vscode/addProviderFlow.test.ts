import { beforeEach, describe, expect, test, vi } from "vitest";
import type { EngineProvider } from "../../../src/core/config/engineConfig";
import { type Finding, finding } from "../../../src/core/diagnosis/finding";
import { networkFinding } from "../../../src/core/diagnosis/networkFinding";
import { addProviderFlow } from "../../../src/vscode/commands/addProvider";
import type { NewProvider } from "../../../src/vscode/providers/registry";
import type { LocalServer } from "../../../src/vscode/runtimes/localRuntimes";
import type { Answer, InputStep, PickStep } from "../../../src/vscode/ui/steps";

vi.mock("vscode", () => ({ window: {}, commands: {} }));

/** What the person does at each step: takes a value, takes what is suggested, goes back, or leaves. */
type Doing = { readonly take: unknown } | "suggested" | "back" | "escape";
const script: Doing[] = [];
/** What was asked, as it is read. */
const asked: string[] = [];
const picks: PickStep<unknown>[] = [];

function answer(text: string, suggested: unknown): Answer<unknown> {
  asked.push(text);
  const doing = script.shift() ?? "escape";
  if (doing === "back") return { kind: "back" };
  if (doing === "escape") return { kind: "cancel" };
  return { kind: "answer", value: doing === "suggested" ? suggested : doing.take };
}

vi.mock("../../../src/vscode/ui/steps", () => ({
  inputStep: async ({ prompt, value = "", validate, placeholder }: InputStep) => {
    const text = typeof prompt === "string" ? prompt : prompt(value);
    const given = answer(text, value);
    if (given.kind === "answer")
      expect(validate?.(String(given.value)), `${text} ${placeholder}`).toBeUndefined();
    return given;
  },
  pickStep: async (step: PickStep<unknown>) => {
    picks.push(step);
    const [first] = step.choices.filter((choice) => "value" in choice);
    return answer(step.prompt ?? step.placeholder, step.active ?? (first as { value: unknown }).value);
  },
}));
vi.mock("../../../src/vscode/ui/progress", () => ({
  withCancel: (_: string, run: (signal: AbortSignal) => Promise<unknown>) =>
    run(new AbortController().signal),
}));
vi.mock("../../../src/vscode/ui/notify", () => ({ confirm: async () => true, notify: () => {} }));

let added: { provider: NewProvider; key: string | undefined }[];
let tested: EngineProvider[];
let found: LocalServer[];
let present: { id: string; baseUrl?: string }[];
let startable: Extract<LocalServer, { state: "running" }> | undefined;
let verdicts: { ok: boolean; verdict: string; finding?: Finding }[];
const variables: Record<string, string> = {};

beforeEach(() => {
  script.length = 0;
  asked.length = 0;
  picks.length = 0;
  added = [];
  tested = [];
  found = [];
  present = [];
  verdicts = [];
  startable = undefined;
  for (const name of Object.keys(variables)) delete variables[name];
});

const take = (value: unknown): Doing => ({ take: value });

function run(...doing: Doing[]): Promise<string | undefined> {
  script.push(...doing);
  return addProviderFlow({
    registry: {
      add: async (provider, key) => {
        added.push({ provider, key });
        return provider.id;
      },
    },
    environment: (name) => variables[name],
    present: () => present,
    test: async (provider) => {
      tested.push(provider);
      const verdict = verdicts.shift() ?? { ok: true, verdict: "works, 0 models listed" };
      return { ...verdict, latencyMs: 1, models: [] };
    },
    discover: async (report) => {
      for (const server of found) report(server);
    },
    start: async () => startable,
    addCopilot: async () => "copilot",
  });
}

describe("the guided setup", () => {
  test("hands over to the flow of a subscription, which has an account and no address", async () => {
    expect(await run(take("subscription/copilot"))).toBe("copilot");
    expect(added).toEqual([]);
  });

  test("takes a preset with Enter alone, but for the key", async () => {
    await run(take("preset/groq"), "suggested", "suggested", take("Bearer gsk_1"), "suggested");
    expect(added).toEqual([
      { provider: { id: "groq", type: "openai", baseUrl: "https://api.groq.com/openai/v1" }, key: "gsk_1" },
    ]);
    expect(asked).toEqual([
      "What kind of provider?",
      "The provider's address",
      "A short name; clients address its models as groq/model",
      "The key ([make one here](https://console.groq.com/keys)). It is kept in the secret storage and nowhere else.",
      "Works, 0 models listed",
    ]);
  });

  test("offers the variable that holds the key, and stores no key then", async () => {
    variables.GROQ_API_KEY = "gsk_of_the_environment";
    await run(take("preset/groq"), "suggested", "suggested", "suggested", "suggested");
    expect(added).toEqual([
      {
        provider: {
          id: "groq",
          type: "openai",
          baseUrl: "https://api.groq.com/openai/v1",
          apiKey: "${env:GROQ_API_KEY}",
        },
        key: undefined,
      },
    ]);
    expect(asked[3]).toBe("Where does the key come from?");
    expect(tested[0]?.credential).toEqual({ kind: "apiKey", value: "gsk_of_the_environment" });
    await run(
      take("preset/groq"),
      "suggested",
      "suggested",
      take(undefined),
      take("gsk_pasted"),
      "suggested",
    );
    expect(added[1]).toMatchObject({ key: "gsk_pasted", provider: { id: "groq" } });
    expect(added[1]?.provider).not.toHaveProperty("apiKey");
  });

  test("asks for what the address needs, suggests what the environment says, and lets it be changed", async () => {
    variables.AWS_REGION = "eu-central-1";
    await run(
      take("preset/bedrock"),
      "suggested",
      "back",
      take("us-west-2"),
      "suggested",
      "suggested",
      take("openai.gpt-oss-120b-1:0"),
      take("ABSK1"),
      "suggested",
    );
    expect(asked.slice(1, 5)).toEqual([
      "The AWS region",
      "The provider's address",
      "The AWS region",
      "The provider's address",
    ]);
    expect(added[0]?.provider).toEqual({
      id: "bedrock",
      type: "openai",
      baseUrl: "https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1",
      models: [{ id: "openai.gpt-oss-120b-1:0" }],
    });
  });

  test.each([
    ["azure", "AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com/", "https://r.openai.azure.com"],
    ["azure", "AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com/openai/v1/", "https://r.openai.azure.com"],
    [
      "foundry",
      "AZURE_AI_API_BASE",
      "https://r.services.ai.azure.com/models",
      "https://r.services.ai.azure.com",
    ],
  ])("suggests the endpoint that the environment says for %s in %s: %s", async (id, name, value, baseUrl) => {
    variables[name] = value;
    await run(
      take(`preset/${id}`),
      "suggested",
      "suggested",
      "suggested",
      take("gpt"),
      take("0123abcd"),
      "suggested",
    );
    expect(added[0]?.provider).toMatchObject({ id, type: "azure", baseUrl });
  });

  test("does not suggest a variable that holds no address", async () => {
    variables.AZURE_OPENAI_ENDPOINT = "see the wiki";
    variables.AZURE_RESOURCE_NAME = "mine";
    await run(
      take("preset/azure"),
      "suggested",
      "suggested",
      "suggested",
      take("gpt"),
      take("0123abcd"),
      "suggested",
    );
    expect(added[0]?.provider).toMatchObject({ baseUrl: "https://mine.openai.azure.com" });
  });

  test("offers the variable that holds a token, which is sent as one", async () => {
    variables.ANTHROPIC_AUTH_TOKEN = "token-of-the-environment";
    await run(take("preset/anthropic"), "suggested", "suggested", "suggested", "suggested");
    expect(added).toEqual([
      {
        provider: {
          id: "anthropic",
          type: "anthropic",
          baseUrl: "https://api.anthropic.com",
          bearerToken: "${env:ANTHROPIC_AUTH_TOKEN}",
        },
        key: undefined,
      },
    ]);
    expect(tested[0]?.credential).toEqual({ kind: "bearerToken", value: "token-of-the-environment" });
  });

  test("takes a whole address where a part of it is asked for", async () => {
    await run(
      take("preset/azure"),
      take("https://x.cognitiveservices.azure.com"),
      "suggested",
      "suggested",
      take("gpt-5.4"),
      take("0123abcd"),
      "suggested",
    );
    expect(added[0]?.provider).toMatchObject({
      baseUrl: "https://x.cognitiveservices.azure.com",
      type: "azure",
    });
  });

  test("asks a custom endpoint for its API", async () => {
    await run(
      take("preset/custom"),
      take("messages"),
      take("https://llm.example.com"),
      "suggested",
      take("k"),
      "suggested",
    );
    expect(added[0]?.provider).toEqual({
      id: "example",
      type: "anthropic",
      baseUrl: "https://llm.example.com",
    });
  });

  test("offers what was found at the top, and asks neither for its address nor for a key", async () => {
    found = [
      { state: "running", presetId: "foundry-local", baseUrl: "http://127.0.0.1:52364/v1", models: ["phi"] },
    ];
    await run("suggested", "suggested", "suggested");
    expect(picks[0]?.choices.slice(0, 2)).toEqual([
      { heading: "Found on this machine" },
      {
        label: "Microsoft Foundry Local",
        description: "running, 1 model",
        detail: "phi",
        value: "found/foundry-local",
      },
    ]);
    expect(asked).toHaveLength(3);
    expect(added).toEqual([
      {
        provider: {
          id: "foundry-local",
          type: "openai",
          baseUrl: "http://127.0.0.1:52364/v1",
          runtime: "foundry-local",
        },
        key: undefined,
      },
    ]);
  });

  test("says of what was found that it is there already, and suggests another name", async () => {
    found = [{ state: "running", presetId: "ollama", baseUrl: "http://localhost:11434/v1", models: [] }];
    present = [{ id: "faulty" }, { id: "ollama", baseUrl: "http://127.0.0.1:11434" }];
    await run(take("found/ollama"), "escape");
    expect(picks[0]?.choices.slice(-2)).toMatchObject([
      { heading: "Found on this machine, added already" },
      { description: "running, no models yet; added already as ollama", value: "found/ollama" },
    ]);
    expect(asked[1]).toBe("A short name; clients address its models as ollama-2/model");
    present = [{ id: "other", baseUrl: "https://gpu-box:11434" }];
    await run("suggested", "escape");
    expect(picks[1]?.choices[1]).toMatchObject({ description: "running, no models yet" });
  });

  test("starts what does not run, and goes on at the address where it answers", async () => {
    found = [{ state: "stopped", presetId: "ollama", program: "ollama", start: ["serve"] }];
    startable = { state: "running", presetId: "ollama", baseUrl: "http://127.0.0.1:9999/v1", models: [] };
    await run(take("found/ollama"), "suggested", "suggested", "suggested");
    expect(asked[1]).toBe("Ollama is on this machine but does not run.");
    expect(picks[1]?.choices[0]).toMatchObject({ detail: "ollama serve", value: "start" });
    expect(added[0]?.provider).toMatchObject({ baseUrl: "http://127.0.0.1:9999/v1", runtime: "ollama" });
  });

  test("asks again what to do if it could not be started, and takes an address instead", async () => {
    found = [{ state: "stopped", presetId: "ollama", program: "ollama", start: ["serve"] }];
    await run(take("found/ollama"), "suggested", take("address"), "suggested", "suggested", "suggested");
    expect(asked.slice(1, 4)).toEqual([
      "Ollama is on this machine but does not run.",
      "Ollama is on this machine but does not run.",
      "The provider's address",
    ]);
    expect(added[0]?.provider).toMatchObject({ baseUrl: "http://localhost:11434/v1" });
  });

  test("starts a local server that the test did not find, and tests it where it is then", async () => {
    verdicts = [
      {
        ok: false,
        verdict: "Nothing answers at localhost:1234. Start LM Studio with: lms server start",
        finding: networkFinding({ id: "lmstudio", baseUrl: "http://localhost:1234/v1" }, "ECONNREFUSED"),
      },
    ];
    startable = { state: "running", presetId: "lmstudio", baseUrl: "http://127.0.0.1:4321/v1", models: [] };
    await run(take("preset/lmstudio"), "suggested", "suggested", take("start"), "suggested");
    expect(tested.map(({ config }) => config.baseUrl)).toEqual([
      "http://localhost:1234/v1",
      "http://127.0.0.1:4321/v1",
    ]);
    expect(added).toHaveLength(1);
  });

  test("leads from a found server that failed to its address", async () => {
    found = [{ state: "running", presetId: "ollama", baseUrl: "http://localhost:11434/v1", models: [] }];
    const verdict = "It is a web page, not an API. Check the address.";
    verdicts = [{ ok: false, verdict, finding: finding("web_page", verdict, { kind: "changeAddress" }) }];
    await run(
      "suggested",
      "suggested",
      take("back"),
      take("http://localhost:1/v1"),
      "suggested",
      "suggested",
    );
    expect(asked[3]).toBe("The provider's address");
    expect(added[0]?.provider).toMatchObject({ baseUrl: "http://localhost:1/v1" });
  });

  test("leaves nothing behind when it is left at any step", async () => {
    for (let steps = 0; steps < 5; steps++) {
      script.length = 0;
      const doing: Doing[] = [take("preset/groq"), "suggested", "suggested", take("gsk_1")];
      await run(...doing.slice(0, steps), "escape");
    }
    expect(added).toEqual([]);
  });

  test("keeps what was entered when the person comes back to the same kind", async () => {
    await run(
      take("preset/groq"),
      take("https://eu.groq.com/openai/v1"),
      "back",
      "back",
      "suggested",
      "suggested",
      "suggested",
      take("gsk_1"),
      "suggested",
    );
    expect(added[0]?.provider.baseUrl).toBe("https://eu.groq.com/openai/v1");
  });
});
