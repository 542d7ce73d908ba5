import { describe, expect, test } from "vitest";
import type { ProviderDraft } from "../../../src/core/providers/draft";
import { PROVIDER_KINDS } from "../../../src/core/providers/kinds";
import { networkFault } from "../../../src/core/providers/networkFault";
import { outcomeOf, stepsOf } from "../../../src/vscode/commands/addProviderPlan";
import { concernOf } from "../../../src/vscode/render/verdict";

function draft(id: string, baseUrl: string, change: Partial<ProviderDraft> = {}): ProviderDraft {
  const kind = PROVIDER_KINDS.find((known) => known.id === id);
  if (!kind) throw new Error(`no kind ${id}`);
  return { kind, baseUrl, deployments: [], ...change };
}

const failed = (verdict: string) => ({ ok: false, verdict, latencyMs: 1, models: [] });

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

  test.each([
    ["the key was refused (HTTP 401); set the right key for this provider", "key", "back"],
    ["a key is needed (HTTP 401); set the right key for this provider", "key", "back"],
    ["no key: no key is set", "key", "back"],
    [
      "https://x/v1/models is a web page (HTTP 200), not an API; check the address, it may lack /v1",
      "address",
      "back",
    ],
    ["the provider limits the rate just now (HTTP 429); try again later", undefined, "again"],
    ["the provider answered HTTP 500 at https://x/v1/models", undefined, "again"],
  ])("%s", (verdict, backTo, first) => {
    const outcome = outcomeOf(failed(verdict), "x");
    expect(outcome.backTo).toBe(backTo);
    expect(outcome.choices[0]?.value).toBe(first);
    expect(outcome.choices.map(({ value }) => value).sort()).toEqual(["again", "back", "save"]);
  });

  test.each(["ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EPROTO", "ECONNRESET"])(
    "%s is about the address, and is told without the name that is not given yet",
    (code) => {
      const { message } = networkFault({ id: "x", baseUrl: "http://127.0.0.1:11434/v1" }, code);
      expect(concernOf(message)).toBe("address");
      expect(outcomeOf(failed(message), "x").text).not.toMatch(/^Provider "x": /);
    },
  );

  test("tells what to do in full", () => {
    const { message } = networkFault(
      { id: "foundry-local", baseUrl: "http://localhost:5273/v1" },
      "ECONNREFUSED",
    );
    const { text, choices } = outcomeOf(failed(message), "foundry-local");
    expect(choices.map(({ value }) => value)).toEqual(["again", "back", "save"]);
    expect(text).toBe(
      "Nothing answers at localhost:5273. Start Foundry Local with: foundry service start (its port changes: foundry service status)",
    );
  });
});
