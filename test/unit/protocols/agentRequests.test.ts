import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/json/access";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { translateRequest } from "../../../src/core/translation";
import { root } from "../../support/gateway";
import { readRequest } from "../../support/scriptedProvider";

const folder = join(root, "test", "recordings", "requests");

interface Recorded {
  readonly headers: Record<string, string>;
  readonly body: JsonObject;
}

const read = (name: string): Recorded => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.replace(".json", ""))
  .sort();

const protocolOf = ({ body }: Recorded): WireProtocol =>
  "input" in body ? "responses" : "system" in body ? "messages" : "chat";

interface Destination {
  readonly to: WireProtocol;
  readonly type: string;
  readonly baseUrl: string;
  readonly model: string;
}

const OPENAI = { type: "openai", baseUrl: "https://api.openai.com/v1" };
const ANTHROPIC = { type: "anthropic", baseUrl: "https://api.anthropic.com" };
const OWN = "http://127.0.0.1:8080/v1";

const DESTINATIONS: readonly Destination[] = [
  { to: "chat", ...OPENAI, model: "gpt-5.1" },
  { to: "chat", ...OPENAI, model: "gpt-4o" },
  { to: "chat", type: "azure", baseUrl: "https://own.openai.azure.com", model: "gpt-5.1" },
  { to: "chat", type: "openai", baseUrl: OWN, model: "own-llm" },
  { to: "responses", ...OPENAI, model: "gpt-5.1" },
  { to: "responses", ...OPENAI, model: "gpt-4o" },
  { to: "responses", type: "openai", baseUrl: OWN, model: "own-llm" },
  { to: "messages", ...ANTHROPIC, model: "claude-sonnet-4-5" },
  { to: "messages", ...ANTHROPIC, model: "claude-opus-4-7" },
  { to: "messages", type: "anthropic", baseUrl: OWN, model: "own-llm" },
];

/** What no other protocol has a place for, and is reported whatever the provider. */
const LEFT_OUT: Record<string, string[]> = {
  "claude-code": ["context_management", "thinking"],
  codex: ["client_metadata", "tools.tool_search", "input.phase", "thinking"],
  "codex-catalogue": ["client_metadata", "reasoning.context"],
  "copilot-chat": ["thinking"],
  "copilot-messages": ["thinking"],
  "copilot-responses": ["thinking"],
};

/** Every word of the recording that has to arrive, with how often it stands there. */
function marks(value: unknown): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [mark] of JSON.stringify(value).matchAll(/mark-[a-z0-9]+/g))
    counts[mark] = (counts[mark] ?? 0) + 1;
  return counts;
}

const images = (value: unknown): string[] =>
  [...JSON.stringify(value).matchAll(/(iVBORw0K|\/9j\/)[A-Za-z0-9+/=]+|https:\/\/pictures[^"]+/g)].map(
    ([image]) => image,
  );

/** Names of a recording's tools that a model can call, those of namespaces too. */
function toolNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(toolNames);
  if (typeof value !== "object" || value === null) return [];
  const tool = value as Record<string, unknown>;
  if (tool.type === "namespace") return toolNames(tool.tools);
  if (tool.type === "additional_tools") return toolNames(tool.tools);
  if (/^(web_search|tool_search)/.test(String(tool.type))) return [];
  const inner = (tool.function ?? tool.custom ?? tool) as Record<string, unknown>;
  return typeof inner.name === "string" ? [inner.name] : [];
}

const declared = ({ body }: Recorded): string[] => [
  ...toolNames(body.tools),
  ...(Array.isArray(body.input)
    ? body.input.filter((item) => item.type === "additional_tools").flatMap(toolNames)
    : []),
];

describe.each(names)("what %s sends", (name) => {
  const recorded = read(name);
  const from = protocolOf(recorded);
  const others = DESTINATIONS.filter(({ to }) => to !== from);

  it.each(others)("reaches $model at $baseUrl over $to whole", ({ to, type, baseUrl, model }) => {
    const translated = translateRequest({
      from,
      to,
      body: recorded.body,
      model,
      headers: recorded.headers,
      provider: { type, baseUrl },
    });
    const body: unknown = JSON.parse(translated.body);
    const seen = readRequest(to, body, { version: "2023-06-01" });
    expect(marks(body)).toEqual(marks(recorded.body));
    expect(seen.images.map((image) => image.replace(/^data:[^,]*,/, ""))).toEqual(images(recorded.body));
    const origins = [...translated.context.tools.values()].map((origin) => origin.name);
    expect(origins.sort()).toEqual(declared(recorded).sort());
    expect(seen.tools.map((tool) => tool.name).filter((tool) => tool !== "web_search")).toHaveLength(
      origins.length,
    );
    expect(seen.results.map(({ id }) => id)).toEqual(seen.calls.map(({ id }) => id));
    expect(JSON.stringify(body)).not.toContain("billing");
    expect(translated.stream).toBe(true);
    expect(translated.dropped).toEqual(expect.arrayContaining(LEFT_OUT[name] ?? []));
  });
});
