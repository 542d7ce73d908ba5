import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FactValues } from "../../../src/core/models/facts";
import { type ProposableModel, readyRoutes } from "../../../src/core/routing/readyRoutes";
import { sharedFacts } from "../../../src/core/routing/routeFacts";

const model = (address: string, facts: FactValues, more: Partial<ProposableModel> = {}): ProposableModel => ({
  address,
  facts,
  local: false,
  companyCloud: false,
  ...more,
});
const able = { tools: true, reasoning: true, contextWindow: 400_000, maxOutput: 64_000 };

const MODELS = [
  model("openai/large", { ...able, price: { input: 2, output: 15 } }),
  model("openai/other", { ...able, price: { input: 1, output: 10 } }),
  model("openai/pro", { ...able, price: { input: 20, output: 180 } }),
  model("openai/mini", { tools: true, contextWindow: 400_000, price: { input: 0.2, output: 2 } }),
  model("anthropic/big", { ...able, price: { input: 5, output: 25 } }),
  model("anthropic/small", { tools: true, price: { input: 1, output: 5 } }),
  model("anthropic/chatty", { price: { input: 0.1, output: 0.5 } }),
  model("openai/embed", { embeddings: true, price: { input: 0.02, output: 0 } }),
  model("ollama/phi", { contextWindow: 16_000 }, { local: true }),
  model(
    "ollama/qwen",
    { tools: true, contextWindow: 32_000, price: { input: 0, output: 0 } },
    { local: true },
  ),
  model("azure/gpt", {}, { companyCloud: true }),
];
const proposed = (models: readonly ProposableModel[]) =>
  Object.fromEntries(readyRoutes(models).map(({ name, targets }) => [name, targets]));

describe("ready routes", () => {
  it("propose from the models that are there, by what is known of them", () => {
    expect(proposed(MODELS)).toEqual({
      fast: ["openai/mini", "anthropic/small", "anthropic/chatty"],
      code: ["anthropic/big", "openai/large"],
      creative: ["anthropic/big", "openai/large"],
      local: ["ollama/qwen", "ollama/phi"],
      enterprise: ["azure/gpt"],
    });
  });

  it("say what is missing where nothing fits, and propose nothing then", () => {
    for (const { name, targets, missing, why } of readyRoutes([model("a/unknown", {})])) {
      expect(targets, name).toEqual([]);
      expect(missing, name).toMatch(/\.$/);
      expect(why, name).toMatch(/\.$/);
    }
  });

  it("never make up a model, name one twice, or choose one for embeddings", () => {
    const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const facts = fc.record({
      tools: maybe(fc.boolean()),
      reasoning: maybe(fc.boolean()),
      embeddings: maybe(fc.boolean()),
      contextWindow: maybe(fc.nat(1_000_000)),
      maxOutput: maybe(fc.nat(100_000)),
      price: maybe(fc.record({ input: fc.nat(100), output: fc.nat(100) })),
    });
    const models = fc.uniqueArray(
      fc.record({
        address: fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(20)).map(([id, n]) => `${id}/m${n}`),
        facts: facts as unknown as fc.Arbitrary<FactValues>,
        local: fc.boolean(),
        companyCloud: fc.boolean(),
      }),
      { selector: ({ address }) => address, maxLength: 20 },
    );
    fc.assert(
      fc.property(models, (given) => {
        for (const { targets, missing } of readyRoutes(given)) {
          expect(new Set(targets).size).toBe(targets.length);
          expect(missing === undefined).toBe(targets.length > 0);
          for (const target of targets) {
            const found = given.find(({ address }) => address === target);
            expect(found?.facts.embeddings).not.toBe(true);
            expect(found).toBeDefined();
          }
        }
      }),
    );
  });

  it("keep what must not leave the machine on it", () => {
    const remote = MODELS.filter(({ local }) => !local);
    expect(proposed(remote).local).toEqual([]);
  });
});

describe("what a route's targets share", () => {
  it("are the smallest limits and the abilities of all", () => {
    expect(
      sharedFacts([
        {
          contextWindow: 400_000,
          maxOutput: 128_000,
          tools: true,
          images: true,
          efforts: ["low", "high"],
          price: { input: 1 },
        },
        { contextWindow: 128_000, maxOutput: 16_000, tools: true, images: false, efforts: ["high"] },
      ]),
    ).toEqual({ contextWindow: 128_000, maxOutput: 16_000, tools: true, images: false, efforts: ["high"] });
  });

  it("say nothing of what is not known of one of them", () => {
    expect(sharedFacts([{ contextWindow: 400_000, tools: true, reasoning: false }, {}])).toEqual({
      reasoning: false,
    });
    expect(sharedFacts([])).toEqual({});
  });
});
