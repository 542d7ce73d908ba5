import { describe, expect, test } from "vitest";
import { type Finding, type FindingCode, finding, type Remedy } from "../../../src/core/diagnosis/finding";
import { networkFinding } from "../../../src/core/diagnosis/networkFinding";
import { newDraft, type ProviderDraft } from "../../../src/core/providers/draft";
import { PROVIDER_PRESETS } from "../../../src/core/providers/presets";
import {
  isStartable,
  kindRows,
  outcomeOf,
  presetOf,
  stepsOf,
} from "../../../src/vscode/commands/addProviderPlan";

function draft(id: string, baseUrl: string, change: Partial<ProviderDraft> = {}): ProviderDraft {
  return { ...newDraft(presetOf(id)), baseUrl, ...change };
}

const failed = (found: Finding) => ({
  ok: false,
  verdict: found.sentence,
  finding: found,
  latencyMs: 1,
  models: [],
});

describe("the steps of the guided setup", () => {
  test("ask only what the kind and the address need", () => {
    expect(stepsOf(draft("openai", "https://api.openai.com/v1"))).toEqual([
      "kind",
      "address",
      "name",
      "key",
      "test",
    ]);
    expect(stepsOf(draft("azure", "https://x.openai.azure.com"))).toContain("deployments");
    expect(stepsOf(draft("ollama", "http://localhost:11434"))).not.toContain("key");
    expect(stepsOf(draft("ollama", "https://ollama.example.com"))).toContain("key");
    expect(stepsOf(draft("ollama", "http://localhost:11434", { keyWanted: true }))).toContain("key");
    expect(stepsOf(draft("bedrock", ""))).toEqual([
      "kind",
      "value/region",
      "address",
      "name",
      "deployments",
      "key",
      "test",
    ]);
    expect(stepsOf(draft("custom", ""))).toContain("api");
  });

  test("leave out the address of a server that was found, and start one that does not run", () => {
    const found = draft("ollama", "http://localhost:11434/v1", { found: "running" });
    expect(stepsOf(found)).toEqual(["kind", "name", "test"]);
    expect(stepsOf(draft("ollama", "http://localhost:11434/v1", { found: "stopped" }))).toEqual([
      "kind",
      "start",
      "address",
      "name",
      "test",
    ]);
  });
});

describe("the list of providers", () => {
  const rowsOf = (...found: Parameters<typeof kindRows>[0]) => kindRows(found);

  test("has every preset once, each below a heading", () => {
    const rows = rowsOf();
    expect(rows[0]).toEqual({ heading: "Companies and their models" });
    const values = rows.flatMap((row) => ("value" in row ? [row.value] : []));
    expect([...values].sort()).toEqual(
      [...PROVIDER_PRESETS.map(({ id }) => `preset/${id}`), "subscription/copilot"].sort(),
    );
    expect(values.at(-1)).toBe("preset/custom");
  });

  test("begins with what was found on this machine, what runs before what does not", () => {
    const rows = rowsOf(
      { state: "stopped", presetId: "ollama", program: "ollama", start: ["serve"] },
      {
        state: "running",
        presetId: "foundry-local",
        baseUrl: "http://127.0.0.1:52364/v1",
        models: ["a", "b", "c", "d", "e"],
      },
      { state: "running", presetId: "lmstudio", baseUrl: "http://localhost:1234/v1", models: [] },
    );
    expect(rows.slice(0, 5)).toEqual([
      { heading: "Found on this machine" },
      { label: "LM Studio", description: "running, no models yet", value: "found/lmstudio" },
      {
        label: "Microsoft Foundry Local",
        description: "running, 5 models",
        detail: "a, b, c, d and 1 more",
        value: "found/foundry-local",
      },
      {
        label: "Ollama",
        description: "not running; start it with: ollama serve",
        value: "found/ollama",
      },
      { heading: "Companies and their models" },
    ]);
  });
});

describe("the outcome of the test", () => {
  test("that works is to be saved", () => {
    const { text, choices } = outcomeOf(
      { ok: true, verdict: "works, 1 model listed", latencyMs: 5.4, models: ["m"] },
      "x",
    );
    expect(text).toBe("Works, 1 model listed");
    expect(choices[0]).toMatchObject({
      value: "save",
      detail: "The provider answered in 5 ms and listed 1 model",
    });
  });

  test.each<[FindingCode, Remedy[], string | undefined, string]>([
    ["key_wrong", [{ kind: "setKey" }], "key", "back"],
    ["key_needed", [{ kind: "setKey" }], "key", "back"],
    ["web_page", [{ kind: "changeAddress" }], "address", "back"],
    ["runtime_not_running", [{ kind: "tryAgain" }, { kind: "changeAddress" }], "address", "again"],
    ["rate_limited", [{ kind: "tryAgain" }], undefined, "again"],
    ["provider_failed", [{ kind: "tryAgain" }], undefined, "again"],
  ])("%s", (code, remedies, backTo, first) => {
    const outcome = outcomeOf(failed(finding(code, "What is wrong.", ...remedies)), "x");
    expect(outcome.backTo).toBe(backTo);
    expect(outcome.choices[0]?.value).toBe(first);
    expect(outcome.choices.map(({ value }) => value).sort()).toEqual(["again", "back", "save"]);
  });

  test("tells what to do in full", () => {
    const provider = { id: "foundry-local", baseUrl: "http://localhost:5273/v1" };
    const found = networkFinding(provider, "ECONNREFUSED");
    const { text, choices } = outcomeOf(failed(found), "foundry-local");
    expect(choices.map(({ value }) => value)).toEqual(["again", "back", "save"]);
    const startable = outcomeOf(failed(found), "foundry-local", true);
    expect(startable.choices.map(({ value }) => value)).toEqual(["start", "again", "back", "save"]);
    expect(text).toBe(
      "Nothing answers at localhost:5273. Start Foundry Local with: foundry service start (its port changes: foundry service status)",
    );
  });
});

test("only a runtime on this machine can be started from here", () => {
  expect(isStartable(draft("ollama", "http://localhost:11434/v1"))).toBe(true);
  expect(isStartable(draft("ollama", "http://gpu-box:11434/v1"))).toBe(false);
  expect(isStartable(draft("vllm", "http://localhost:8000/v1"))).toBe(false);
});
