import { beforeEach, describe, expect, test, vi } from "vitest";
import { editProviderFlow } from "../../../src/vscode/commands/editProvider";
import { ProviderRegistry } from "../../../src/vscode/providers/registry";
import { ProviderKeys } from "../../../src/vscode/secrets/providerKeys";
import type { RawProviders } from "../../../src/vscode/settings/providerEdits";
import type { Answer, InputStep, PickStep } from "../../../src/vscode/ui/steps";
import { MemorySecrets } from "./memorySecrets";
import { nobodyAsked } from "./nobodyAsked";

vi.mock("vscode", () => ({ window: {}, commands: {} }));
/** What the person answers, in this order; what is not an answer is given as it is. */
const answers: unknown[] = [];
const asked: string[] = [];
/** The choices, as they are read. */
const offered: string[] = [];
vi.mock("../../../src/vscode/ui/steps", () => {
  const answer = async (text: string): Promise<Answer<unknown>> => {
    asked.push(text);
    const value = answers.shift();
    return value === undefined ? { kind: "cancel" } : { kind: "answer", value };
  };
  return {
    inputStep: ({ prompt, value }: InputStep) =>
      answer(typeof prompt === "string" ? prompt : prompt(value ?? "")),
    pickStep: ({ placeholder, prompt, choices }: PickStep<unknown>) => {
      for (const choice of choices)
        if ("label" in choice) offered.push(`${choice.label}: ${choice.description ?? ""}`);
      return answer(prompt ?? placeholder);
    },
  };
});

const secret = (value: string, origin: string) => ({ label: "key", kind: "apiKey" as const, value, origin });
const entry = { id: "a", type: "openai", baseUrl: "https://a.example/v1" };

describe("editing a provider", () => {
  let list: RawProviders;
  let keys: ProviderKeys;
  let registry: ProviderRegistry;

  beforeEach(async () => {
    answers.length = 0;
    asked.length = 0;
    offered.length = 0;
    list = [entry];
    keys = new ProviderKeys(new MemorySecrets());
    await keys.put("a", [secret("sk-a", "https://a.example")]);
    const settings = {
      providers: () => list,
      writeProviders: async (next: RawProviders) => {
        list = next;
      },
    };
    registry = new ProviderRegistry(
      settings,
      keys,
      () => undefined,
      async () => {},
      nobodyAsked,
    );
  });

  const editField = (...given: unknown[]): Promise<boolean> => {
    answers.push(...given);
    return editProviderFlow(registry, { kind: "provider", id: "a", index: 0 });
  };
  const edit = (...given: unknown[]): Promise<boolean> => editField("baseUrl", ...given);

  test("says whether it has changed something", async () => {
    expect(await edit("https://a.example/v2")).toBe(true);
    expect(await edit()).toBe(false);
    expect(await edit("https://b.example/v2")).toBe(false);
    expect(await editField("name", "Work")).toBe(true);
    expect(await editField()).toBe(false);
  });

  test("marks the API that it speaks now, and takes the default out of the settings", async () => {
    await editField("wireApi", "responses");
    expect(offered.slice(-2)).toEqual(["Chat Completions: $(check) now", "Responses: "]);
    expect(list).toEqual([{ ...entry, wireApi: "responses" }]);
    await editField("wireApi", "completions");
    expect(offered.slice(-2)).toEqual(["Chat Completions: ", "Responses: $(check) now"]);
    expect(list).toEqual([entry]);
  });

  test("keeps a runtime that is followed only while the address is on this machine", async () => {
    const runtime = { id: "a", type: "openai", baseUrl: "http://localhost:11434/v1", runtime: "ollama" };
    await keys.put("a", []);
    list = [runtime];
    await edit("http://127.0.0.1:11500/v1");
    expect(list).toEqual([{ ...runtime, baseUrl: "http://127.0.0.1:11500/v1" }]);
    await edit("http://gpu-box:11434/v1");
    expect(list).toEqual([{ id: "a", type: "openai", baseUrl: "http://gpu-box:11434/v1" }]);
    list = [runtime];
    await keys.put("a", [secret("sk-a", "http://localhost:11434")]);
    await edit("https://ollama.example.com/v1", "none");
    expect(list).toEqual([{ id: "a", type: "openai", baseUrl: "https://ollama.example.com/v1" }]);
  });

  test("on the same host asks nothing", async () => {
    await edit("https://a.example/v2");
    expect(asked).toHaveLength(2);
    expect(list).toEqual([{ ...entry, baseUrl: "https://a.example/v2" }]);
    expect(await keys.list("a")).toEqual([secret("sk-a", "https://a.example")]);
  });

  test.each([
    ["the same key", ["same"], [secret("sk-a", "https://b.example")]],
    ["another key", ["other", " sk-b "], [secret("sk-b", "https://b.example")]],
    ["no key", ["none"], []],
  ])("on another host asks, and goes on with %s", async (_, choice, left) => {
    await edit("https://b.example/v1", ...choice);
    expect(asked[2]).toBe(
      "The stored key was entered for https://a.example. May it go to https://b.example?",
    );
    expect(list).toEqual([{ ...entry, baseUrl: "https://b.example/v1" }]);
    expect(await keys.list("a")).toEqual(left);
  });

  test("another key takes the place of the first, by its label, and the others are not lost", async () => {
    const work = { ...secret("sk-work", "https://a.example"), label: "work" };
    const home = { ...secret("sk-home", "https://a.example"), label: "home" };
    await keys.put("a", [work, home]);
    await edit("https://b.example/v1", "other", "sk-b");
    expect(await keys.list("a")).toEqual([{ ...work, value: "sk-b", origin: "https://b.example" }, home]);
  });

  test.each([
    ["the question", []],
    ["the key", ["other"]],
  ])("changes nothing if it is left at %s", async (_, choice) => {
    await edit("https://b.example/v1", ...choice);
    expect(list).toEqual([entry]);
    expect(await keys.list("a")).toEqual([secret("sk-a", "https://a.example")]);
  });
});
