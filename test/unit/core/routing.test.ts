import { describe, expect, it } from "vitest";
import { nearestIds } from "../../../src/core/routing/editDistance";
import { decided, type ModelSource, modelIds, resolveModel } from "../../../src/core/routing/resolveModel";

const source = (id: string, models: string[], more: Partial<ModelSource> = {}): ModelSource => ({
  id,
  enabled: true,
  models: models.map((model) => ({ id: model })),
  listIsComplete: true,
  ...more,
});
const sources = [
  source("off", ["gpt-5"], { enabled: false }),
  source("openai", ["gpt-5", "gpt-5-mini"]),
  source("router", ["anthropic/claude-sonnet", "openai/gpt-5"], { listIsComplete: false }),
];

describe("resolveModel", () => {
  it.each([
    ["openai/gpt-5", { kind: "found", providerId: "openai", model: { id: "gpt-5" } }],
    ["gpt-5", { kind: "found", providerId: "openai", model: { id: "gpt-5" } }],
    [
      "anthropic/claude-sonnet",
      { kind: "found", providerId: "router", model: { id: "anthropic/claude-sonnet" } },
    ],
    ["router/openai/gpt-5", { kind: "found", providerId: "router", model: { id: "openai/gpt-5" } }],
    ["router/brand-new", { kind: "found", providerId: "router", model: { id: "brand-new" } }],
    ["off/gpt-5", { kind: "disabled", providerId: "off" }],
  ])("%s", (wanted, resolution) => {
    expect(resolveModel(wanted, sources)).toEqual(resolution);
  });

  it("names the nearest ids where nobody has the model", () => {
    expect(resolveModel("openai/gtp-5", sources)).toMatchObject({
      kind: "unknown",
      nearest: expect.arrayContaining(["openai/gpt-5"]),
    });
    expect(resolveModel("gpt-5-mni", sources)).toMatchObject({
      kind: "unknown",
      nearest: expect.arrayContaining(["gpt-5-mini"]),
    });
    expect(resolveModel("openai/", sources).kind).toBe("unknown");
    expect(resolveModel("router/", sources).kind).toBe("unknown");
  });

  it("keeps the deployment's name with the model", () => {
    const azure = source("azure", [], { models: [{ id: "gpt-4o", deployment: "mine" }] });
    expect(resolveModel("gpt-4o", [azure])).toMatchObject({ model: { id: "gpt-4o", deployment: "mine" } });
  });
});

describe("while a list is being asked for", () => {
  const pending = source("first", [], { listIsComplete: false, pending: true });
  it("an id that an earlier provider may have is not given to a later one yet", () => {
    const found = resolveModel("gpt-5", [pending, ...sources]);
    expect(found.kind).toBe("undecided");
    expect(decided(found)).toMatchObject({ kind: "found", providerId: "openai" });
    expect(resolveModel("gpt-5", [...sources, pending])).toMatchObject({ kind: "found" });
    expect(resolveModel("openai/gpt-5", [pending, ...sources])).toMatchObject({ kind: "found" });
  });
});

it("does not call a model disabled that another provider serves by the same id", () => {
  const listed = [source("off", ["x"], { enabled: false }), source("router", ["off/x"])];
  expect(resolveModel("off/x", listed)).toMatchObject({ kind: "found", providerId: "router" });
});

it("names the nearest among thousands of ids", () => {
  const ids = Array.from(
    { length: 5000 },
    (_, index) => `provider-${index % 7}/some-model-of-a-long-name-${index}`,
  );
  expect(nearestIds("gpt", [...ids, "gtp"])).toEqual(["gtp"]);
});

describe("modelIds", () => {
  it("lists bare ids and prefixed ones, each once, and nothing of a disabled provider", () => {
    expect(modelIds(sources)).toEqual([
      "gpt-5",
      "gpt-5-mini",
      "anthropic/claude-sonnet",
      "openai/gpt-5",
      "openai/gpt-5-mini",
      "router/anthropic/claude-sonnet",
      "router/openai/gpt-5",
    ]);
  });
});

describe("nearestIds", () => {
  it("is silent where nothing is near", () => {
    expect(nearestIds("zzzz", ["gpt-5", "claude-sonnet"])).toEqual([]);
  });
});
