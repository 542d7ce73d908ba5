import type { WireProtocol } from "../../../../src/core/protocols/wire";
import { PROVIDERS, translated } from "./translate";

/** One thing a client may ask for, and where to look for it in the provider's request. */
export interface Probe {
  readonly feature: string;
  /** What the request has besides a model and one message. */
  readonly body: object;
  /** A text (or JSON) that is in the provider's request if it was carried as it is. */
  readonly carried?: string;
  /** One that is in it if it was put in other words. */
  readonly adapted?: string;
  /** The name under which it is reported. */
  readonly dropped?: string;
}

const tool = { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } };
const png = "data:image/png;base64,UE5H";
const pdf = "data:application/pdf;base64,UERG";
const chatMessages = (...more: object[]) => ({ messages: [{ role: "user", content: "hello" }, ...more] });
const chatUser = (...parts: object[]) => ({ messages: [{ role: "user", content: parts }] });
const calling = {
  role: "assistant",
  tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"q":"why"}' } }],
};
const openAiSchema = {
  type: "object",
  properties: { answer: { type: "string" } },
  required: ["answer"],
  additionalProperties: false,
};

const chat: Probe[] = [
  {
    feature: "system and developer messages",
    body: {
      messages: [
        { role: "developer", content: "be kind" },
        { role: "user", content: "x" },
      ],
    },
    carried: "be kind",
  },
  {
    feature: "a system message later on",
    body: chatMessages({ role: "system", content: "be kind" }, { role: "user", content: "y" }),
    carried: '":"be kind"',
    adapted: "<system-reminder>\\nbe kind",
  },
  {
    feature: "images (address, base64)",
    body: chatUser({ type: "image_url", image_url: { url: png } }),
    carried: "UE5H",
  },
  {
    feature: "files (PDF, text) by their data",
    body: chatUser({ type: "file", file: { filename: "a.pdf", file_data: pdf } }),
    carried: "UERG",
  },
  { feature: "files by id, audio, video", body: chatUser({ type: "file", file: { file_id: "file-1" } }) },
  {
    feature: "tools, calls and results",
    body: {
      tools: [tool],
      ...chatMessages(calling, { role: "tool", tool_call_id: "c1", content: "because" }),
    },
    carried: "because",
  },
  {
    feature: "`custom` tools",
    body: { tools: [{ type: "custom", custom: { name: "free" } }] },
    carried: '"type":"custom"',
    adapted: '"free"',
  },
  {
    feature: "`functions`, `function_call`",
    body: { functions: [{ name: "old", parameters: {} }] },
    adapted: '"old"',
  },
  {
    feature: "tool choice auto, none, required, named",
    body: { tools: [tool], tool_choice: { type: "function", function: { name: "f" } } },
    carried: '"tool_choice":{"type":"',
  },
  {
    feature: "tool choice `allowed_tools`",
    body: {
      tools: [tool],
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "f" } }] },
      },
    },
    carried: "allowed_tools",
    dropped: "tool_choice.allowed_tools",
  },
  {
    feature: "`parallel_tool_calls: false`",
    body: { tools: [tool], parallel_tool_calls: false },
    carried: '"parallel_tool_calls":false',
    adapted: "disable_parallel_tool_use",
  },
  {
    feature: "`strict` tools",
    body: {
      tools: [{ type: "function", function: { ...tool.function, strict: true, parameters: openAiSchema } }],
    },
    carried: '"strict":true',
    dropped: "tools.strict",
  },
  { feature: "`max_tokens`, `max_completion_tokens`", body: { max_completion_tokens: 777 }, carried: "777" },
  { feature: "`temperature`", body: { temperature: 0.25 }, carried: '"temperature":0.25' },
  { feature: "`top_p`", body: { top_p: 0.75 }, carried: '"top_p":0.75' },
  { feature: "`stop`", body: { stop: ["END"] }, carried: '"END"', dropped: "stop" },
  {
    feature: "`reasoning_effort`",
    body: { reasoning_effort: "high" },
    carried: '"effort":"high"',
    adapted: "budget_tokens",
  },
  {
    feature: "reasoning of earlier turns (`reasoning_content`)",
    body: chatMessages(
      { role: "assistant", content: "a", reasoning_content: "hm" },
      { role: "user", content: "y" },
    ),
    dropped: "thinking",
  },
  {
    feature: "`response_format` json_schema",
    body: { response_format: { type: "json_schema", json_schema: { name: "a", schema: openAiSchema } } },
    carried: '"format":{"type":"json_schema"',
  },
  {
    feature: "`response_format` json_object",
    body: { response_format: { type: "json_object" } },
    carried: '{"type":"json_object"}',
    dropped: "response_format",
  },
  { feature: "`user`, `safety_identifier`", body: { user: "someone" }, carried: "someone" },
  {
    feature: "`prompt_cache_key`",
    body: { prompt_cache_key: "key-1" },
    carried: "key-1",
    adapted: '"cache_control":{"type":"ephemeral"}',
  },
  {
    feature: "`service_tier` auto, default",
    body: { service_tier: "default" },
    carried: '"service_tier":"default"',
    adapted: "standard_only",
  },
  {
    feature: "other service tiers",
    body: { service_tier: "flex" },
    carried: '"flex"',
    dropped: "service_tier",
  },
  {
    feature: "`metadata`",
    body: { metadata: { a: "b" } },
    carried: '"metadata":{"a":"b"}',
    dropped: "metadata",
  },
  { feature: "`store`", body: { store: true }, carried: '"store":true', dropped: "store" },
  { feature: "`verbosity`", body: { verbosity: "low" }, carried: '"verbosity":"low"', dropped: "verbosity" },
  {
    feature: "`logprobs`, `top_logprobs`",
    body: { logprobs: true, top_logprobs: 2 },
    carried: '"top_logprobs":2',
    dropped: "logprobs",
  },
  { feature: "`seed`", body: { seed: 7 }, dropped: "seed" },
  { feature: "`n` above 1", body: { n: 2 }, dropped: "n" },
  {
    feature: "`frequency_penalty`, `presence_penalty`, `logit_bias`",
    body: { frequency_penalty: 1 },
    dropped: "frequency_penalty",
  },
  { feature: "`web_search_options`", body: { web_search_options: {} }, adapted: '"web_search' },
  {
    feature: "`prediction`, audio output, and what is not known",
    body: { prediction: { type: "content", content: "x" } },
    dropped: "prediction",
  },
];

const input = (...items: object[]) => ({ input: [{ role: "user", content: "hello" }, ...items] });
const responses: Probe[] = [
  {
    feature: "`instructions`, system and developer messages",
    body: { instructions: "be kind" },
    carried: "be kind",
  },
  {
    feature: "a developer message later on",
    body: input({ role: "developer", content: "be kind" }, { role: "user", content: "y" }),
    carried: '":"be kind"',
    adapted: "<system-reminder>\\nbe kind",
  },
  {
    feature: "images (address, base64)",
    body: { input: [{ role: "user", content: [{ type: "input_image", image_url: png }] }] },
    carried: "UE5H",
  },
  {
    feature: "files by their data",
    body: { input: [{ role: "user", content: [{ type: "input_file", filename: "a.pdf", file_data: pdf }] }] },
    carried: "UERG",
  },
  {
    feature: "files by their address",
    body: {
      input: [{ role: "user", content: [{ type: "input_file", file_url: "https://x.example/a.pdf" }] }],
    },
    carried: "https://x.example/a.pdf",
  },
  {
    feature: "files by id, audio",
    body: { input: [{ role: "user", content: [{ type: "input_file", file_id: "file-1" }] }] },
  },
  {
    feature: "function tools, calls and outputs",
    body: input(
      { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: "because" },
    ),
    carried: "because",
  },
  {
    feature: "images in outputs",
    body: input(
      { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: [{ type: "input_image", image_url: png }] },
    ),
    carried: '"tool_result","tool_use_id":"c1","content":[{"type":"image"',
    adapted: "UE5H",
  },
  {
    feature: "`custom` tools",
    body: { tools: [{ type: "custom", name: "free" }] },
    carried: '"type":"custom"',
    adapted: '"free"',
  },
  {
    feature: "`namespace` tools",
    body: { tools: [{ type: "namespace", name: "ns", tools: [{ type: "function", name: "f" }] }] },
    adapted: "ns__f",
  },
  {
    feature: "`additional_tools` items",
    body: input({ type: "additional_tools", tools: [{ type: "function", name: "later" }] }),
    adapted: '"later"',
  },
  {
    feature: "`web_search`",
    body: { tools: [{ type: "web_search" }] },
    adapted: "web_search_20250305",
    dropped: "tools.web_search",
  },
  {
    feature: "other hosted tools, `tool_search`",
    body: { tools: [{ type: "code_interpreter" }] },
    dropped: "tools.code_interpreter",
  },
  {
    feature: "tool choice",
    body: { tools: [{ type: "function", name: "f" }], tool_choice: "required" },
    carried: '"tool_choice":"required"',
    adapted: '"tool_choice":{"type":"any"}',
  },
  {
    feature: "`parallel_tool_calls: false`",
    body: { tools: [{ type: "function", name: "f" }], parallel_tool_calls: false },
    carried: '"parallel_tool_calls":false',
    adapted: "disable_parallel_tool_use",
  },
  { feature: "`max_output_tokens`", body: { max_output_tokens: 777 }, carried: "777" },
  { feature: "`temperature`, `top_p`", body: { temperature: 0.25 }, carried: '"temperature":0.25' },
  {
    feature: "`reasoning.effort`",
    body: { reasoning: { effort: "high" } },
    carried: '"reasoning_effort":"high"',
    adapted: "budget_tokens",
  },
  {
    feature: "reasoning items of another provider",
    body: input(
      { type: "reasoning", summary: [], encrypted_content: "x" },
      { role: "assistant", content: "a" },
      { role: "user", content: "y" },
    ),
    dropped: "thinking",
  },
  {
    feature: "`text.format`",
    body: { text: { format: { type: "json_schema", name: "a", schema: openAiSchema } } },
    carried: '"type":"json_schema"',
  },
  {
    feature: "`text.verbosity`",
    body: { text: { verbosity: "low" } },
    carried: '"verbosity":"low"',
    dropped: "verbosity",
  },
  {
    feature: "`prompt_cache_key`",
    body: { prompt_cache_key: "key-1" },
    carried: "key-1",
    adapted: '"cache_control":{"type":"ephemeral"}',
  },
  { feature: "`metadata`", body: { metadata: { a: "b" } }, dropped: "metadata" },
  {
    feature: "`metadata` with `store: true`",
    body: { metadata: { a: "b" }, store: true },
    carried: '"metadata":{"a":"b"}',
    dropped: "metadata",
  },
  {
    feature: "`include` (log probabilities)",
    body: { include: ["message.output_text.logprobs"] },
    carried: '"logprobs":true',
    dropped: "logprobs",
  },
  {
    feature: "`truncation`, `background`, `max_tool_calls`, `client_metadata`, and what is not known",
    body: { background: true },
    dropped: "background",
  },
  {
    feature: "`previous_response_id`, `conversation`, `prompt`, item references, compaction",
    body: { previous_response_id: "resp_1" },
  },
];

const blocks = (...content: object[]) => ({ messages: [{ role: "user", content }] });
const turns = (...more: object[]) => ({ messages: [{ role: "user", content: "hello" }, ...more] });
const result = (content: unknown, more: object = {}) =>
  turns(
    { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "f", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content, ...more }] },
  );
const messages: Probe[] = [
  {
    feature: "`system`, also in several blocks",
    body: { system: [{ type: "text", text: "be kind" }] },
    carried: "be kind",
  },
  {
    feature: "Claude Code's billing line",
    body: {
      system: [
        { type: "text", text: "x-anthropic-billing-header: cch=1" },
        { type: "text", text: "be kind" },
      ],
    },
    adapted: '"be kind"',
  },
  {
    feature: "role `system` within the messages",
    body: turns({ role: "system", content: "be kind" }),
    carried: '":"be kind"',
    adapted: "<system-reminder>\\nbe kind",
  },
  {
    feature: "`cache_control`",
    body: { system: [{ type: "text", text: "be kind", cache_control: { type: "ephemeral" } }] },
    adapted: "be kind",
  },
  {
    feature: "images (address, base64)",
    body: blocks({ type: "image", source: { type: "base64", media_type: "image/png", data: "UE5H" } }),
    carried: "UE5H",
  },
  {
    feature: "documents (PDF, text)",
    body: blocks({
      type: "document",
      source: { type: "base64", media_type: "application/pdf", data: "UERG" },
    }),
    carried: "UERG",
  },
  {
    feature: "documents by their address",
    body: blocks({ type: "document", source: { type: "url", url: "https://x.example/a.pdf" } }),
    carried: "https://x.example/a.pdf",
  },
  {
    feature: "`search_result` blocks",
    body: blocks({
      type: "search_result",
      title: "t",
      source: "s",
      content: [{ type: "text", text: "found" }],
    }),
    adapted: "found",
  },
  { feature: "files by id", body: blocks({ type: "image", source: { type: "file", file_id: "file-1" } }) },
  { feature: "tools, calls and results", body: result("because"), carried: "because" },
  {
    feature: "images in results",
    body: result([{ type: "image", source: { type: "base64", media_type: "image/png", data: "UE5H" } }]),
    carried: '"output":[{"type":"input_image"',
    adapted: "UE5H",
  },
  { feature: "`is_error`", body: result("failed", { is_error: true }), adapted: "Error: failed" },
  {
    feature: "`tool_reference` results",
    body: result([{ type: "tool_reference", tool_name: "later" }]),
    adapted: "Tool available: later",
  },
  {
    feature: "`tool_addition`, `tool_removal`",
    body: {
      messages: [
        { role: "user", content: "x" },
        {
          role: "system",
          content: [
            { type: "tool_addition", tool: { type: "tool_definition", definition: { name: "added" } } },
          ],
        },
      ],
    },
    adapted: '"name":"added"',
  },
  {
    feature: "`compaction` blocks",
    body: {
      messages: [
        { role: "assistant", content: [{ type: "compaction", content: "so far" }] },
        { role: "user", content: "x" },
      ],
    },
    adapted: "so far",
  },
  {
    feature: "`web_search`",
    body: { tools: [{ type: "web_search_20250305", name: "web_search" }] },
    adapted: '{"type":"web_search"}',
    dropped: "tools.web_search_20250305",
  },
  {
    feature: "other server tools and their blocks",
    body: { tools: [{ type: "code_execution_20250825", name: "code_execution" }] },
    dropped: "tools.code_execution_20250825",
  },
  {
    feature: "`tool_choice`",
    body: { tools: [{ name: "f", input_schema: { type: "object" } }], tool_choice: { type: "any" } },
    adapted: '"tool_choice":"required"',
  },
  {
    feature: "`disable_parallel_tool_use`",
    body: {
      tools: [{ name: "f", input_schema: { type: "object" } }],
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
    },
    adapted: '"parallel_tool_calls":false',
  },
  {
    feature: "thinking budget, adaptive thinking, `effort`",
    body: { thinking: { type: "enabled", budget_tokens: 20_000 }, max_tokens: 30_000 },
    adapted: '"high"',
  },
  {
    feature: "thinking of another provider",
    body: turns(
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "x" },
          { type: "text", text: "a" },
        ],
      },
      { role: "user", content: "y" },
    ),
    dropped: "thinking",
  },
  {
    feature: "`output_config.format`",
    body: { output_config: { format: { type: "json_schema", schema: openAiSchema } } },
    adapted: '"json_schema"',
  },
  { feature: "`max_tokens`", body: { max_tokens: 777 }, carried: "777" },
  { feature: "`temperature`, `top_p`", body: { temperature: 0.25 }, carried: '"temperature":0.25' },
  { feature: "`stop_sequences`", body: { stop_sequences: ["END"] }, carried: '"END"', dropped: "stop" },
  { feature: "`top_k`", body: { top_k: 5 }, dropped: "top_k" },
  {
    feature: "`metadata.user_id`, and the session in it",
    body: { metadata: { user_id: "someone" } },
    carried: "someone",
  },
  { feature: "`service_tier`", body: { service_tier: "standard_only" }, adapted: '"service_tier":"default"' },
  {
    feature: "`mcp_servers`, `container`, `context_management`, and what is not known",
    body: { context_management: { edits: [{}] } },
    dropped: "context_management",
  },
  { feature: "`thread`", body: { thread: { type: "create" } } },
];

export const PROBES: Record<WireProtocol, Probe[]> = { chat, responses, messages };

const BASE: Record<WireProtocol, object> = {
  chat: { model: "m", messages: [{ role: "user", content: "hello" }] },
  responses: { model: "m", input: "hello" },
  messages: { model: "m", max_tokens: 4096, messages: [{ role: "user", content: "hello" }] },
};

export type Fate = "carried" | "adapted" | "dropped" | "refused" | "lost";

/** What becomes of a feature on its way to a provider. `lost` is what must not be. */
export function fateOf(from: WireProtocol, to: WireProtocol, probe: Probe): Fate {
  // A model of each protocol that takes everything the protocol has.
  const model = { chat: "some-model", responses: "gpt-4.1", messages: "claude-sonnet-4-5" }[to];
  const reasons =
    /effort|thinking budget|verbosity/.test(probe.feature) && to === "responses" ? "gpt-5.4" : model;
  let result: ReturnType<typeof translated>;
  try {
    result = translated(
      from,
      to,
      { ...BASE[from], ...probe.body },
      { model: reasons, provider: PROVIDERS[to] },
    );
  } catch {
    return "refused";
  }
  const text = JSON.stringify(result.json);
  if (probe.dropped !== undefined && result.dropped.includes(probe.dropped)) return "dropped";
  if (result.dropped.some((name) => name === `tools.${Object.keys(probe.body)[0]}`)) return "dropped";
  if (probe.carried !== undefined && text.includes(probe.carried)) return "carried";
  return probe.adapted !== undefined && text.includes(probe.adapted) ? "adapted" : "lost";
}
