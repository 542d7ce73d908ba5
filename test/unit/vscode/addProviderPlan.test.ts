import { describe, expect, test } from "vitest";
import { type Finding, type FindingCode, finding, type Remedy } from "../../../src/core/diagnosis/finding";
import { networkFinding } from "../../../src/core/diagnosis/networkFinding";
import type { ProviderDraft } from "../../../src/core/providers/draft";
import { PROVIDER_KINDS } from "../../../src/core/providers/kinds";
import { outcomeOf, stepsOf } from "../../../src/vscode/commands/addProviderPlan";

function draft(id: string, baseUrl: string, change: Partial<ProviderDraft> = {}): ProviderDraft {
  const kind = PROVIDER_KINDS.find((known) => known.id === id);
  if (!kind) throw new Error(`no kind ${id}`);
  return { kind, baseUrl, deployments: [], ...change };
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
    expect(text).toBe(
      "Nothing answers at localhost:5273. Start Foundry Local with: foundry service start (its port changes: foundry service status)",
    );
  });
});
