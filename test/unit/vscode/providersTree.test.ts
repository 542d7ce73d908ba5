import { describe, expect, test } from "vitest";
import { type FindingCode, finding } from "../../../src/core/diagnosis/finding";
import { renderProviders } from "../../../src/vscode/render/providersTree";
import type { ProviderEntry, UsableEntry } from "../../../src/vscode/state";
import { entry, providerStatus, ready, state } from "./fixtures";

const faulty: ProviderEntry = {
  index: 1,
  id: "broken",
  faulty: true,
  problems: [{ path: "providers[1].baseUrl", message: "must begin with https:// or http://" }],
};

function describeTree(...args: Parameters<typeof state>): string[] {
  return renderProviders(state(...args)).flatMap((row) => [
    `${row.label}: ${row.description}`,
    ...(row.children ?? []).map(
      (child) => `  ${child.label}${child.description ? ` (${child.description})` : ""}`,
    ),
  ]);
}

describe("the Providers view", () => {
  test("shows a provider that works with its models", () => {
    const models = [
      { id: "gpt-5.4", facts: { contextWindow: 400_000, sources: { contextWindow: "provider" as const } } },
      { id: "gpt-5.4-mini", facts: { sources: {} } },
    ];
    const engine = ready({ providers: [providerStatus({ models })] });
    expect(describeTree(engine, { providers: [entry()] })).toEqual([
      "OpenAI: key set",
      "  gpt-5.4 (400k context)",
      "  gpt-5.4-mini",
    ]);
  });

  test.each([
    [{ modelsFrom: "pending" as const }, "  asking for models…"],
    [{ modelsFrom: "provider" as const }, "  the provider lists no models"],
    [{ modelsFrom: "unavailable" as const, detail: "it has no list" }, "  it has no list"],
  ])("says why there are no models: %j", (change, line) => {
    const engine = ready({ providers: [providerStatus(change)] });
    expect(describeTree(engine, { providers: [entry()] })[1]).toBe(line);
  });

  test.each([
    ["key missing", entry({ key: { kind: "missing", reason: "no key is set" } })],
    [
      "key missing: the environment variable K is not set",
      entry({ key: { kind: "missing", reason: "the environment variable K is not set" } }),
    ],
    ["disabled", entry({ enabled: false })],
    ["no key needed", entry({ key: { kind: "notNeeded" } })],
    ["key set, from the environment", entry({ key: { kind: "environment" } })],
    ["faulty: must begin with https:// or http://", faulty],
  ])("describes a provider as: %s", (text, provider) => {
    expect(renderProviders(state(ready(), { providers: [provider] }))[0]?.description).toBe(text);
  });

  test("tells what failed", () => {
    const engine = ready({
      providers: [providerStatus({ state: "failing", detail: 'Provider "openai": The key was refused' })],
    });
    expect(describeTree(engine, { providers: [entry()] })[0]).toBe("OpenAI: failing: the key was refused");
  });

  test("offers to set the key where one is missing or was refused", () => {
    const words = (...args: Parameters<typeof state>) => renderProviders(state(...args))[0]?.contextValue;
    const failing = (code: FindingCode, detail: string) =>
      ready({ providers: [providerStatus({ state: "failing", detail, finding: finding(code, detail) })] });
    const missing = entry({ key: { kind: "missing", reason: "no key is set" }, stored: false });
    expect(words(ready(), { providers: [missing] })).toBe("provider enabled keyAbsent keyWanted");
    const keyless = entry({ key: { kind: "notNeeded" }, stored: false });
    expect(words(failing("key_needed", "A key is needed (HTTP 401)."), { providers: [keyless] })).toMatch(
      / keyWanted$/,
    );
    expect(words(failing("key_wrong", "The key was refused (HTTP 401)."), { providers: [entry()] })).toMatch(
      / keyWanted$/,
    );
    expect(
      words(failing("nothing_listens", "Nothing answers at x:1; no key helps."), { providers: [entry()] }),
    ).toBe("provider enabled keyStored");
  });

  test("a model's row is copied by the id that clients use", () => {
    const engine = ready({
      providers: [providerStatus({ models: [{ id: "org/m", name: "M", facts: { sources: {} } }] })],
    });
    const [row] = renderProviders(state(engine, { providers: [entry({ name: "Work" })] }));
    expect(row?.children?.[0]).toMatchObject({
      contextValue: "model",
      target: { kind: "model", name: "openai/org/m" },
      tooltip: "Clients address it as openai\\/org\\/m",
    });
  });

  test("the hover says in plain words which API it speaks", () => {
    const hover = (protocols: UsableEntry["protocols"]) =>
      renderProviders(state(ready(), { providers: [entry({ protocols })] }))[0]?.tooltip;
    expect(hover(["chat", "responses"])).toContain("Speaks Chat Completions and Responses;");
    expect(hover(["messages"])).toContain("Speaks Messages; what clients send in another API is translated");
  });

  test("never shows an old status while the engine restarts", () => {
    expect(describeTree({ kind: "restarting" }, { providers: [entry(), faulty] })).toEqual([
      "OpenAI: restarting…",
      "  waiting for the engine…",
      "broken: faulty: must begin with https:// or http://",
      "  providers[1].baseUrl must begin with https:// or http://",
    ]);
  });

  test("gives two entries of one id rows of their own", () => {
    const twins = [entry(), entry({ index: 1 })];
    const ids = renderProviders(state(ready(), { providers: twins })).map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });

  test("gives two models of one id rows of their own", () => {
    const twin = { id: "m", facts: { sources: {} } };
    const engine = ready({ providers: [providerStatus({ models: [twin, twin] })] });
    const [row] = renderProviders(state(engine, { providers: [entry()] }));
    expect(new Set(row?.children?.map(({ id }) => id)).size).toBe(2);
  });

  test("a name can be no markup in the hover", () => {
    const name = "[x](command:evil) $(bug) <b> https://evil.example";
    const tooltip = renderProviders(state(ready(), { providers: [entry({ name })] }))[0]?.tooltip ?? "";
    expect(tooltip).not.toMatch(/\]\(command:/);
    expect(tooltip).not.toMatch(/https:\/\/evil/);
    expect(tooltip).not.toMatch(/\$\(bug/);
  });
});
