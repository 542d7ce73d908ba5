import { describe, expect, test } from "vitest";
import type { Remedy } from "../../../src/core/diagnosis/finding";
import { suggestedModel } from "../../../src/core/diagnosis/probes";
import {
  refreshedText,
  remedyLabel,
  saidText,
  verdictClause,
  verdictSentence,
} from "../../../src/vscode/render/verdict";
import { providerStatus } from "./fixtures";

describe("a verdict", () => {
  test("stands by itself, or behind a colon", () => {
    expect(verdictSentence("works, 1 model listed", "x")).toBe("Works, 1 model listed");
    expect(verdictSentence('Provider "x": nothing answers', "x")).toBe("Nothing answers");
    expect(verdictSentence("https://x/v1 is a web page", "x")).toBe("https://x/v1 is a web page");
    expect(verdictClause("The key was refused.", "x")).toBe("the key was refused.");
    expect(verdictClause("A key is needed.", "x")).toBe("a key is needed.");
    expect(verdictClause("api.example.com:443 did not pass", "x")).toBe("api.example.com:443 did not pass");
  });

  test("has the provider's own words behind it, if there are any", () => {
    expect(saidText({ said: "no" })).toBe("The provider says: no");
    expect(saidText({})).toBeUndefined();
  });
});

describe("models that were asked for again", () => {
  const models = [{ id: "m", facts: { sources: {} } }];
  test.each([
    [{ models }, "info", "X has 1 model."],
    [
      { models, state: "failing" as const, detail: 'Provider "x": nothing answers.' },
      "warning",
      "X could not be asked; it keeps the list it gave before (1 model): nothing answers.",
    ],
    [{ models, detail: "took too long" }, "warning", "X has 1 model, but it took too long."],
    [{ modelsFrom: "unavailable" as const, detail: "has no list" }, "warning", "X: has no list"],
  ])("are told with what went wrong: %j", (change, level, text) => {
    expect(refreshedText("X", "x", providerStatus(change))).toEqual({ level, text });
    expect(refreshedText("X", "x", undefined).level).toBe("warning");
  });
});

describe("a button", () => {
  test.each<[Remedy, string]>([
    [{ kind: "setKey" }, "Set Key"],
    [{ kind: "refreshCredential" }, "Refresh Credential"],
    [{ kind: "changeAddress" }, "Change Address"],
    [{ kind: "changeAddress", baseUrl: "https://x/v1" }, "Use That Address"],
    [{ kind: "changeType", type: "azure" }, 'Use Type "azure"'],
    [{ kind: "changeApi", wireApi: "responses" }, "Use Responses"],
    [{ kind: "startRuntime", runtime: "Ollama", command: "ollama serve" }, "Start Ollama"],
    [{ kind: "openPage", label: "Open Billing Page", url: "https://x" }, "Open Billing Page"],
    [{ kind: "openSettings", query: "http.proxy" }, "Open Settings"],
  ])("of %j", (remedy, label) => {
    expect(remedyLabel(remedy)).toBe(label);
  });
});

describe("the model that is tried", () => {
  test.each([
    [["text-embedding-3", "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano"], "gpt-5.4-nano"],
    [["whisper-1", "claude-opus", "claude-haiku"], "claude-haiku"],
    [["one", "two"], "one"],
    [["text-embedding-3"], "text-embedding-3"],
    [[], undefined],
  ])("of %j is %s", (models, expected) => {
    expect(suggestedModel(models)).toBe(expected);
  });
});
