import { beforeEach, describe, expect, test, vi } from "vitest";
import { checkRoutes } from "../../../src/core/config/routes";
import { readyRoutes } from "../../../src/core/routing/readyRoutes";
import { idChoices } from "../../../src/vscode/commands/knownModels";
import { adoptRouteFlow, mapNameFlow, newRouteFlow } from "../../../src/vscode/commands/newRoute";
import { inPickedOrder, type OrderedPickStep } from "../../../src/vscode/ui/orderedPick";
import type { Answer, InputStep, PickStep } from "../../../src/vscode/ui/steps";
import { entry, providerStatus, ready, state } from "./fixtures";

vi.mock("vscode", () => ({ window: {} }));

/** What the person does at each step: takes a value or what is suggested, goes back, or leaves. */
type Doing = { readonly take: unknown } | "suggested" | "back";
const script: Doing[] = [];
const asked: string[] = [];
const picks: PickStep<unknown>[] = [];
const ordered: OrderedPickStep[] = [];

function answer(text: string, suggested: unknown): Answer<unknown> {
  asked.push(text);
  const doing = script.shift();
  if (doing === undefined) return { kind: "cancel" };
  if (doing === "back") return { kind: "back" };
  return { kind: "answer", value: doing === "suggested" ? suggested : doing.take };
}

vi.mock("../../../src/vscode/ui/steps", () => ({
  inputStep: async ({ value = "", validate, warn, step }: InputStep) => {
    const given = answer(`${step} text`, value);
    if (given.kind !== "answer") return given;
    const fault = validate?.(String(given.value)) ?? warn?.(String(given.value));
    if (fault) asked.push(fault);
    return given;
  },
  pickStep: async (step: PickStep<unknown>) => {
    picks.push(step);
    return answer(`${step.step} ${step.placeholder}`, step.active);
  },
}));
vi.mock("../../../src/vscode/ui/orderedPick", async (actual) => ({
  ...(await actual<object>()),
  orderedPickStep: async (step: OrderedPickStep) => {
    ordered.push(step);
    return answer(`${step.step} models`, step.picked);
  },
}));
vi.mock("../../../src/vscode/ui/notify", () => ({ notify: () => {} }));

beforeEach(() => {
  for (const list of [script, asked, picks, ordered]) list.length = 0;
});

const take = (value: unknown): Doing => ({ take: value });
const provider = { kind: "provider" as const, id: "openai", index: 0 };
const around = {
  taken: ["there", "claude-*"],
  models: ["small", "large"].map((id) => ({
    label: `openai/${id}`,
    description: "",
    value: { provider, id },
  })),
};

describe("making a route", () => {
  test("name, strategy, targets in the order in which they were picked", async () => {
    script.push(take(" fast "), take("weighted"), take(["openai/large", "openai/small"]));
    expect(await newRouteFlow(around)).toEqual({
      id: "fast",
      strategy: "weighted",
      targets: ["openai/large", "openai/small"],
    });
    expect(asked).toEqual(["1 text", "2 How is the target of a request chosen?", "3 models"]);
    expect(ordered[0]?.choices.map(({ label }) => label)).toEqual(["openai/small", "openai/large"]);
  });

  test("going back keeps what was given, leaving keeps nothing", async () => {
    script.push(take("fast"), take("cheapest"), "back", "suggested", take(["openai/small"]));
    expect(await newRouteFlow(around)).toMatchObject({ id: "fast", strategy: "cheapest" });
    script.push(take("fast"), take("cheapest"));
    expect(await newRouteFlow(around)).toBeUndefined();
  });

  test.each([
    ["there", "There is a route there already."],
    ["", "A name is needed."],
    ["a b", "Model ids have no spaces."],
    [
      "small",
      "There is a model of this name. Tools that ask for it get the route; as openai/small they still get the model.",
    ],
  ])("says at once what %j would mean", async (id, said) => {
    script.push(take(id));
    await newRouteFlow(around);
    expect(asked[1]).toBe(said);
  });
});

describe("mapping a tool's model name", () => {
  test("offers the names that tools send, without those that are mapped", async () => {
    script.push(take("gpt-*"), take(["openai/large"]));
    expect(await mapNameFlow(around)).toEqual({
      id: "gpt-*",
      strategy: "fallback",
      targets: ["openai/large"],
    });
    const labels = picks[0]?.choices.map((choice) => ("label" in choice ? choice.label : ""));
    expect(new Set(labels).size).toBe(labels?.length);
    // VS Code would begin at a choice whose value is what is not given.
    expect(picks[0]?.choices.map((choice) => "value" in choice && choice.value)).not.toContain(undefined);
    expect(labels).toContain("gpt-4");
    expect(labels).not.toContain("claude-*");
  });

  test("takes any other name", async () => {
    script.push(take(""), take("my-tool-*"), take(["openai/small"]));
    expect(await mapNameFlow(around)).toMatchObject({ id: "my-tool-*" });
  });
});

describe("adopting a ready route", () => {
  const ready = readyRoutes([
    { address: "openai/small", facts: { price: { output: 1 } }, local: false, companyCloud: false },
  ]);

  test("shows what is proposed and why, and lets it be changed", async () => {
    script.push(take(ready[0]), take(["openai/large", "openai/small"]));
    expect(await adoptRouteFlow(ready, around)).toEqual({
      id: "fast",
      strategy: "least-latency",
      targets: ["openai/large", "openai/small"],
    });
    expect(picks[0]?.choices[0]).toMatchObject({
      label: "fast",
      description: "1 target: openai/small",
      detail: expect.stringContaining("fastest lately"),
    });
    expect(ordered[0]?.picked).toEqual(["openai/small"]);
  });

  test("says what is missing where nothing fits, and saves nothing", async () => {
    const local = ready.find(({ name }) => name === "local");
    script.push(take(local));
    expect(await adoptRouteFlow(ready, around)).toBe(local);
    expect(picks[0]?.choices[3]).toMatchObject({
      description: "no model fits",
      detail: expect.stringMatching(/^Missing: /),
    });
    expect(ordered).toEqual([]);
  });

  test("does not take the place of a route that is there", async () => {
    script.push(take(ready[0]));
    await expect(adoptRouteFlow(ready, { ...around, taken: ["fast"] })).rejects.toThrow(/already/);
    expect(picks[0]?.choices[0]).toMatchObject({ description: "there already" });
  });
});

test("what is picked keeps its order, whatever the list's is", () => {
  let order: string[] = [];
  for (const selected of [["c"], ["a", "c"], ["a", "b", "c"], ["b", "c"], ["a", "b", "c"]])
    order = inPickedOrder(order, selected);
  expect(order).toEqual(["c", "b", "a"]);
});

test("a model id to copy may be a route's, but no pattern", () => {
  const routes = checkRoutes([
    { name: "fast", strategy: "cheapest", targets: [{ model: "m" }] },
    { match: "gpt-4", targets: [{ model: "m" }] },
    { match: "claude-*", targets: [{ model: "m" }] },
    { name: "faulty" },
  ]);
  const status = { ...providerStatus({ models: [{ id: "m", facts: { sources: {} } }] }) };
  const engine = ready({ providers: [status] });
  if (engine.kind !== "ready") throw new Error("no engine");
  const choices = idChoices(state(engine, { routes, providers: [entry()] }), engine.status);
  expect(choices.map(({ value, description }) => `${value} ${description}`.trim())).toEqual([
    "fast route · cheapest first",
    "gpt-4 route · in order",
    "openai/m",
  ]);
});
