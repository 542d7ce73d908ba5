import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { FactValues } from "../../../src/core/models/facts";
import type { EngineStatus, ModelStatus } from "../../../src/core/rpc/contract";
import { ModelFile, type Remembered } from "../../../src/vscode/chat/modelMemory";
import { ChatModels } from "../../../src/vscode/chat/models";
import { chatModels, chatRoute } from "../../../src/vscode/render/chatModel";
import { EMPTY_STATE, type LocalState, StateStore, type UsableEntry } from "../../../src/vscode/state";

const OPENAI = {
  id: "openai",
  name: "OpenAI",
  type: "openai",
  baseUrl: "https://api.openai.com/v1",
  protocol: "responses",
} as const;
const CLAUDE = {
  id: "claude",
  name: "Anthropic",
  type: "anthropic",
  baseUrl: "https://api.anthropic.com",
  protocol: "messages",
} as const;
const LOCAL = {
  id: "ollama",
  name: "Ollama",
  type: "openai",
  baseUrl: "http://localhost:11434/v1",
  protocol: "chat",
} as const;

type Provider = Parameters<typeof chatModels>[1];
type Known = FactValues & Omit<ModelStatus, "facts">;

/** A model of which so much is known. */
function known({ id, name, hidden, ...facts }: Known): ModelStatus {
  return { id, ...(name ? { name } : {}), ...(hidden ? { hidden } : {}), facts: { ...facts, sources: {} } };
}

function shown(model: Known, provider: Provider = OPENAI) {
  const [found] = chatModels([known(model)], provider);
  if (!found) throw new Error("not shown");
  return found;
}

describe("a model in Chat's picker", () => {
  it("is told with what is known of it, and nothing else", () => {
    const gpt = shown({
      id: "gpt-5.4",
      name: "GPT-5.4",
      contextWindow: 400_000,
      maxOutput: 128_000,
      tools: true,
      images: true,
      price: { input: 1.25, output: 10 },
    });
    expect(gpt).toMatchObject({
      id: "openai/gpt-5.4",
      name: "GPT-5.4",
      family: "gpt-5.4",
      version: "gpt-5.4",
      detail: "OpenAI",
      maxInputTokens: 272_000,
      maxOutputTokens: 128_000,
      maxContextWindowTokens: 400_000,
      capabilities: { toolCalling: true, imageInput: true },
      isUserSelectable: true,
      isBYOK: true,
      pricing: "$1.25 in, $10 out per 1M tokens",
    });
    expect(gpt.tooltip).not.toMatch(/Not known/);
  });

  it("says which of VS Code's numbers nobody knows", () => {
    const unknown = shown({ id: "my-own" }, LOCAL);
    expect(unknown.maxInputTokens + unknown.maxOutputTokens).toBe(32_768);
    expect(unknown).not.toHaveProperty("maxContextWindowTokens");
    expect(unknown).not.toHaveProperty("pricing");
    expect(unknown).not.toHaveProperty("configurationSchema");
    expect(unknown.capabilities).toEqual({ toolCalling: true, imageInput: false });
    expect(unknown.tooltip).toMatch(
      /context size \(32,768 tokens are assumed\), whether it calls tools, whether/,
    );
  });

  it.each([
    [200_000, 64_000, 136_000, 64_000],
    [8_192, 8_192, 4_096, 4_096],
    [8_192, undefined, 4_096, 4_096],
    [1, 1, 1, 1],
  ])("keeps room for the answer: %s context, %s output", (contextWindow, maxOutput, input, output) => {
    expect(shown({ id: "m", contextWindow, ...(maxOutput ? { maxOutput } : {}) })).toMatchObject({
      maxInputTokens: input,
      maxOutputTokens: output,
    });
  });

  it.each([
    ["anthropic/claude-sonnet-4-5-20250929", "claude-sonnet-4-5"],
    ["us.anthropic.claude-opus-4-1@20250805", "claude-opus-4-1"],
    ["gpt-4o-2024-11-20", "gpt-4o"],
    ["deepseek/deepseek-r1:free", "deepseek-r1"],
    ["Qwen/Qwen3-Coder-480B", "qwen3-coder-480b"],
    ["llama3.2:3b", "llama3.2"],
  ])("%s is of the family %s", (id, family) => {
    expect(shown({ id }).family).toBe(family);
  });

  it("offers the efforts that its provider takes, and none for a model that does not reason", () => {
    const efforts = (model: Known, provider?: Provider) =>
      shown(model, provider).configurationSchema?.properties.reasoningEffort;
    expect(efforts({ id: "gpt-5.1" })).toMatchObject({
      enum: ["none", "low", "medium", "high"],
      default: "medium",
      group: "navigation",
    });
    expect(efforts({ id: "claude-sonnet-4-5" }, CLAUDE)?.enum).toEqual(["none", "low", "medium", "high"]);
    expect(efforts({ id: "gpt-4o" })).toBeUndefined();
    expect(efforts({ id: "claude-3-5-sonnet-20241022" }, CLAUDE)).toBeUndefined();
    expect(efforts({ id: "mystery" }, LOCAL)).toBeUndefined();
    expect(efforts({ id: "qwen3", reasoning: true }, LOCAL)?.enum).toContain("high");
    expect(efforts({ id: "gpt-5.1", reasoning: false })).toBeUndefined();
    expect(efforts({ id: "claude-opus-4-6", efforts: ["low", "max"] }, CLAUDE)?.enum).toEqual([
      "none",
      "low",
      "max",
    ]);
    expect(efforts({ id: "x", efforts: ["low", "high"] })).toMatchObject({ default: "low" });
  });

  it("is left out where it makes embeddings, or the person hides it", () => {
    const ids = ["text-embedding-3-small", "nomic-embed-text", "embed-v4.0", "mxbai-embed-large", "gpt-4o"];
    expect(
      chatModels(
        ids.map((id) => known({ id })),
        OPENAI,
      ).map(({ version }) => version),
    ).toEqual(["gpt-4o"]);
    expect(
      chatModels([known({ id: "a", embeddings: true }), known({ id: "b", hidden: true })], OPENAI),
    ).toEqual([]);
    expect(chatModels([known({ id: "embedded-systems-coder" })], OPENAI)).toHaveLength(1);
  });

  it("may be a route, which can what all of its targets can", () => {
    const large = known({
      id: "gpt-5.1",
      contextWindow: 400_000,
      maxOutput: 128_000,
      tools: true,
      images: true,
      price: { input: 1 },
    });
    const small = known({
      id: "qwen3",
      contextWindow: 40_000,
      maxOutput: 8_000,
      tools: true,
      reasoning: true,
    });
    const route = chatRoute("fast", [
      { model: large, provider: OPENAI },
      { model: small, provider: LOCAL },
    ]);
    expect(route).toMatchObject({
      id: "fast",
      name: "fast",
      detail: "Route",
      family: "gpt-5.1",
      maxInputTokens: 32_000,
      maxContextWindowTokens: 40_000,
      capabilities: { toolCalling: true, imageInput: false },
      target: { id: "fast", modelId: "gpt-5.1", protocol: "responses", maxOutput: 8_000 },
    });
    expect(route).not.toHaveProperty("pricing");
    expect(route?.tooltip).toMatch(/OpenAI\\: gpt\\-5\\\.1, Ollama\\: qwen3/);
    const plain = known({ id: "llama3", tools: false });
    const mixed = chatRoute("any", [
      { model: large, provider: OPENAI },
      { model: plain, provider: LOCAL },
    ]);
    expect(mixed?.capabilities.toolCalling).toBe(false);
    expect(mixed).not.toHaveProperty("maxContextWindowTokens");
    expect(mixed).not.toHaveProperty("configurationSchema");
    expect(chatRoute("none", [])).toBeUndefined();
  });

  it("cannot smuggle markup into a hover", () => {
    const evil = shown({ id: "[x](command:evil)" }, { ...OPENAI, name: "$(flame) ![i](http://x)" });
    expect(evil.tooltip).not.toMatch(/\]\(command:|\]\(http|(^|[^\\])\$\(/);
  });
});

const entry = (id: string, enabled = true): UsableEntry => ({
  index: 0,
  id,
  faulty: false,
  name: id,
  type: "openai",
  baseUrl: "http://127.0.0.1:1/v1",
  protocols: ["chat"],
  enabled,
  key: { kind: "stored" },
  stored: true,
  credentials: [],
});

function status(providers: Readonly<Record<string, readonly ModelStatus[] | "pending">>): EngineStatus {
  return {
    version: "1",
    pid: 1,
    gateway: { state: "stopped" },
    providers: Object.entries(providers).map(([id, models]) => ({
      id,
      state: "ready",
      models: models === "pending" ? [] : models,
      modelsFrom: models === "pending" ? "pending" : "provider",
    })),
    routes: [],
    usage: { day: "2026-01-01", requests: 0, inputTokens: 0, outputTokens: 0, unreported: 0 },
    gatewayKeys: 0,
    running: 0,
  };
}

const SILENT = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {}, trace: () => {} };

describe("the list of models", () => {
  let store = new StateStore(EMPTY_STATE);
  let models: ChatModels | undefined;
  let woken = 0;
  let told = 0;
  let kept: Remembered = {};

  afterEach(() => models?.dispose());

  function start(
    wake: () => Promise<unknown> = async () => ready({ mine: [known({ id: "a" })] }),
    remembered: Remembered = {},
  ): ChatModels {
    store = new StateStore(EMPTY_STATE);
    woken = 0;
    told = 0;
    const counted = (): Promise<unknown> => {
      woken += 1;
      return wake();
    };
    kept = remembered;
    const memory = {
      load: async () => kept,
      save: async (now: Remembered) => {
        kept = now;
      },
    };
    models = new ChatModels(store, counted, Promise.resolve(), memory, SILENT);
    models.onDidChange(() => {
      told += 1;
    });
    return models;
  }
  const local = (...providers: UsableEntry[]): void =>
    store.update({ local: { ...EMPTY_STATE.local, providers } });
  const ready = (providers: Parameters<typeof status>[0]): void =>
    store.update({ engine: { kind: "ready", status: status(providers) } });
  const ids = async (list: ChatModels): Promise<string[]> => (await list.list()).map(({ id }) => id);

  it("starts no engine where there are no providers", async () => {
    const list = start();
    expect(await ids(list)).toEqual([]);
    local(entry("off", false));
    expect(await ids(list)).toEqual([]);
    expect(woken).toBe(0);
  });

  it("starts the engine when it is asked for, and not before", async () => {
    const list = start();
    local(entry("mine"));
    expect(woken).toBe(0);
    expect(await ids(list)).toEqual(["mine/a"]);
    expect(woken).toBe(1);
  });

  it("waits for what providers are still being asked", async () => {
    const list = start(async () => ready({ mine: "pending" }));
    local(entry("mine"));
    const asked = ids(list);
    setTimeout(() => ready({ mine: [known({ id: "late" })] }), 20);
    expect(await asked).toEqual(["mine/late"]);
  });

  it("tells of a change, once, and not of what looks the same", async () => {
    const list = start();
    local(entry("mine"));
    ready({ mine: [known({ id: "a" })] });
    await list.list();
    told = 0;
    ready({ mine: [known({ id: "a" })] });
    expect(told).toBe(0);
    ready({ mine: [known({ id: "a" }), known({ id: "b" })] });
    expect(told).toBe(1);
    // Its models are known only once VS Code has asked again, for which an engine is started.
    store.update({ engine: { kind: "idle" } });
    local(entry("mine"), entry("new"));
    expect(told).toBe(2);
  });

  it("is not worked out again while nothing of it changes, however often the engine tells how it is", async () => {
    let looks = 0;
    const watched: ModelStatus = {
      id: "a",
      get facts() {
        looks += 1;
        return { sources: {} };
      },
    };
    const list = start();
    const whole = status({ mine: [watched] });
    local(entry("mine"));
    store.update({ engine: { kind: "ready", status: whole } });
    await list.list();
    told = 0;
    const before = looks;
    for (const running of [1, 2, 3])
      store.update({ engine: { kind: "ready", status: { ...whole, running } } });
    expect(looks).toBe(before);
    const more = status({ mine: [watched, known({ id: "b" })] });
    store.update({ engine: { kind: "ready", status: more } });
    expect(looks).toBeGreaterThan(before);
    expect(told).toBe(1);
  });

  it("is told by itself at the start, from memory, without an engine", async () => {
    const baseUrl = entry("mine").baseUrl;
    const list = start(undefined, {
      mine: { baseUrl, models: [known({ id: "old" })] },
      gone: { baseUrl, models: [] },
    });
    local(entry("mine"));
    await vi.waitFor(() => expect(told).toBe(1));
    expect(await ids(list)).toEqual(["mine/old"]);
    expect(woken).toBe(0);
    ready({ mine: [known({ id: "fresh" })] });
    expect(told).toBe(2);
    expect(await ids(list)).toEqual(["mine/fresh"]);
    expect(kept).toEqual({ mine: { baseUrl, models: [known({ id: "fresh" })] } });
  });

  it("forgets what was another address's", async () => {
    const list = start(undefined, {
      mine: { baseUrl: "http://127.0.0.1:2/v1", models: [known({ id: "old" })] },
    });
    local(entry("mine"));
    expect(await ids(list)).toEqual(["mine/a"]);
    expect(woken).toBe(1);
  });

  it("says nothing at the start where there is nothing", async () => {
    const list = start();
    await list.list();
    expect(told).toBe(0);
  });

  it("begins with the routes that have a name and a provider here", async () => {
    const list = start(async () => ready({ mine: [known({ id: "a" })] }));
    const route = (name: string, ...targets: string[]): LocalState["routes"][number] => ({
      ok: true,
      route: {
        name,
        strategy: "fallback",
        affinity: true,
        targets: targets.map((model) => ({ model })),
      },
    });
    const routes = [
      route("fast", "gone/x", "mine/a"),
      route("bare", "a"),
      route("lost", "gone/x"),
      { ok: false, name: "faulty", problems: [] } as const,
    ];
    store.update({ local: { ...EMPTY_STATE.local, providers: [entry("mine")], routes } });
    expect(await ids(list)).toEqual(["fast", "bare", "mine/a"]);
  });

  it("keeps the last models while an engine comes up again, or cannot", async () => {
    const list = start(() => Promise.reject(new Error("it does not start")));
    local(entry("mine"));
    ready({ mine: [known({ id: "a" })] });
    await list.list();
    told = 0;
    store.update({ engine: { kind: "restarting" } });
    expect(told).toBe(0);
    expect(await ids(list)).toEqual(["mine/a"]);
    local(entry("mine", false));
    expect(await ids(list)).toEqual([]);
  });
});

describe("the file that remembers models", () => {
  it("brings back what it was given, and nothing from rubbish", async () => {
    const folder = mkdtempSync(join(tmpdir(), "postern-models-"));
    const file = new ModelFile(join(folder, "new"), SILENT);
    expect(await file.load()).toEqual({});
    const models = { mine: { baseUrl: "http://x/v1", models: [known({ id: "a", contextWindow: 5 })] } };
    await file.save(models);
    expect(await file.load()).toEqual(models);
    for (const rubbish of [
      "",
      "null",
      "[1]",
      '{"mine":{"baseUrl":1,"models":[]},"b":{"baseUrl":"","models":[7]}}',
    ]) {
      writeFileSync(join(folder, "new", "chat-models.json"), rubbish);
      expect(await file.load()).toEqual({});
    }
    rmSync(folder, { recursive: true });
  });

  it("has the last of several lists, whole, however fast they come", async () => {
    const folder = mkdtempSync(join(tmpdir(), "postern-models-"));
    const file = new ModelFile(folder, SILENT);
    const list = (count: number): Remembered => ({
      mine: {
        baseUrl: "http://x/v1",
        models: Array.from({ length: count }, (_, at) => known({ id: `${at}` })),
      },
    });
    for (let round = 0; round < 5; round++) {
      await Promise.all([file.save(list(5_000)), file.save(list(900)), file.save(list(3))]);
      expect(await file.load()).toEqual(list(3));
    }
    rmSync(folder, { recursive: true });
  });
});
