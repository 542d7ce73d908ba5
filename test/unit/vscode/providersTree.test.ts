import { describe, expect, test } from "vitest";
import { type FindingCode, finding } from "../../../src/core/diagnosis/finding";
import type { ModelFacts } from "../../../src/core/models/facts";
import type { ProviderStatus } from "../../../src/core/rpc/contract";
import { shortFacts } from "../../../src/vscode/render/modelFacts";
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
      "  gpt-5.4 (400k)",
      "  gpt-5.4-mini",
    ]);
  });

  test("shows the only key where it is switched off, so that it can be switched on", () => {
    const off = { usable: false, reason: "it is switched off", why: "stopped" } as const;
    const shown = entry({
      key: { kind: "missing", reason: "it is switched off" },
      credentials: [{ label: "key", source: "stored", place: 0, ...off }],
    });
    const [row] =
      renderProviders(state(ready({ providers: [providerStatus()] }), { providers: [shown] }))[0]?.children ??
      [];
    expect([row?.label, row?.description, row?.contextValue]).toEqual([
      "key",
      "it is switched off",
      "credential stored named stopped",
    ]);
  });

  test("says what could not be found out of the models that are there", () => {
    const models = [{ id: "gpt-5.4", facts: { sources: {} } }];
    const detail = "took too long to tell about its models";
    const engine = ready({ providers: [providerStatus({ models, detail })] });
    expect(describeTree(engine, { providers: [entry()] })).toEqual([
      "OpenAI: key set",
      "  took too long to tell about its models",
      "  gpt-5.4",
    ]);
  });

  test("shows how long a provider's last answer took to begin, while it works", () => {
    const row = (change: Partial<ProviderStatus>) =>
      renderProviders(state(ready({ providers: [providerStatus(change)] }), { providers: [entry()] }))[0];
    expect(row({})?.description).toBe("key set");
    const shown = row({ latencyMs: 1_240 });
    expect(shown?.description).toBe("key set · 1.2 s");
    expect(shown?.accessibilityLabel).toBe("Provider OpenAI, key set, last answer after 1.2 s");
    expect(shown?.tooltip).toContain("Its last answer began after 1.2 s");
    expect(row({ latencyMs: 5, state: "failing", detail: "gone" })?.description).toBe("failing: gone");
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
      contextValue: "model unpinned",
      target: {
        kind: "model",
        name: "openai/org/m",
        modelId: "org/m",
        provider: { id: "openai", index: 0 },
      },
      tooltip: "**M**\n\nClients address it as openai\\/org\\/m\n\nNothing else is known of it.",
    });
  });

  test("a model's row says what it takes, costs and can, and its hover from where each is known", () => {
    const facts: ModelFacts = {
      contextWindow: 400_000,
      maxOutput: 128_000,
      tools: true,
      images: false,
      efforts: ["low", "high"],
      price: {
        input: 1.25,
        cachedInput: 0.125,
        output: 10,
        tiers: [{ aboveInput: 272_000, input: 2.5, output: 15 }],
      },
      sources: {
        contextWindow: "provider",
        maxOutput: "provider",
        tools: "catalogue lists 1.0 (2026-01-01)",
        images: "config",
        efforts: "config",
        price: "catalogue prices 2.0 (2026-02-02)",
      },
    };
    const engine = ready({ providers: [providerStatus({ models: [{ id: "m", facts, pinned: true }] })] });
    const row = renderProviders(state(engine, { providers: [entry()] }))[0]?.children?.[0];
    expect(row?.description).toBe("400k · $1.25/$10 · tools");
    expect(row?.accessibilityLabel).toBe(
      "Model m, pinned, context of 400,000 tokens, 1.25 dollars in and 10 dollars out per million tokens, calls tools",
    );
    expect(row?.contextValue).toBe("model pinned");
    const lines = row?.tooltip?.replaceAll("\\", "").split("\n") ?? [];
    expect(lines.slice(lines.indexOf("| --- | --- | --- |") + 1)).toEqual([
      "| Context window | 400,000 tokens | the provider |",
      "| Longest answer | 128,000 tokens | the provider |",
      "| Calls tools | yes | catalogue lists 1.0 (2026-01-01) |",
      "| Reads images | no | your settings |",
      "| Efforts | low, high | your settings |",
      "| Price per million tokens | $1.25 in, $0.125 cached, $10 out | catalogue prices 2.0 (2026-02-02) |",
      "| Above 272,000 input tokens | $2.50 in, $15 out | catalogue prices 2.0 (2026-02-02) |",
    ]);
  });

  test.each([
    [{ price: { input: 0, output: 0 } }, "free"],
    [{ price: { input: 0.02 } }, "$0.02"],
    [{ price: { input: 0.0000625, output: 3 } }, "$0.0000625/$3"],
    [{ embeddings: true, tools: false }, "embeddings"],
    [{ structuredOutput: true, reasoning: true }, "reasoning, schemas"],
    [{}, ""],
  ])("puts %j into few words", (values, text) => {
    expect(shortFacts(values)).toBe(text);
  });

  test("hidden models are counted, not shown, and can be had back", () => {
    const facts = { sources: {} };
    const models = [
      { id: "a", facts },
      { id: "b", facts, hidden: true as const },
      { id: "c", facts, hidden: true as const },
    ];
    const engine = ready({ providers: [providerStatus({ models })] });
    const [row] = renderProviders(state(engine, { providers: [entry()] }));
    expect(row?.children?.map(({ label }) => label)).toEqual(["a", "2 hidden"]);
    expect(row?.children?.[1]).toMatchObject({
      contextValue: "hiddenModels",
      accessibilityLabel: "2 models hidden",
      target: { kind: "provider", id: "openai", index: 0 },
    });
    expect(row?.contextValue).toMatch(/(^| )hasHidden( |$)/);
    expect(row?.tooltip).toContain("1 model, listed by the provider; 2 hidden");
  });

  test("a list that is served while the provider fails says how old it is", () => {
    const shown = (hours: number, change: Partial<ProviderStatus> = {}) => {
      const models = [{ id: "a", facts: { sources: {} } }];
      const status = providerStatus({ state: "failing", models, listedHoursAgo: hours, ...change });
      const engine = ready({ providers: [status] });
      return renderProviders(state(engine, { providers: [entry()] }))[0]?.children?.map(({ label }) => label);
    };
    expect(shown(0)).toEqual(["listed less than an hour ago", "a"]);
    expect(shown(2)).toEqual(["listed 2 hours ago", "a"]);
    expect(shown(49)).toEqual(["listed 2 days ago", "a"]);
    expect(shown(2, { state: "ready" })).toEqual(["a"]);
    expect(shown(2, { modelsFrom: "config" })).toEqual(["a"]);
  });

  test("a row keeps its id when providers change places, so that it stays selected", () => {
    const ids = (...ids: string[]) => {
      const providers = ids.map((id, index) => entry({ id, index }));
      return renderProviders(state(ready(), { providers })).map(({ id }) => id);
    };
    expect(ids("b", "a")).toEqual(ids("a", "b").reverse());
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
