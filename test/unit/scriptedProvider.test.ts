import { describe, expect, it } from "vitest";
import type { WireProtocol } from "../../src/core/protocols/wire";
import { sealFor } from "../support/scripted/seals";
import { readRequest } from "../support/scriptedProvider";

const user = { role: "user", content: "hi" };
const fn = { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } };
const call = { id: "c1", type: "function", function: { name: "f", arguments: "{}" } };
const calling = { role: "assistant", content: null, tool_calls: [call] };
const answer = { role: "tool", tool_call_id: "c1", content: "ok" };
const flatCall = { type: "function_call", call_id: "c1", name: "f", arguments: "{}" };
const flatAnswer = { type: "function_call_output", call_id: "c1", output: "ok" };
const toolUse = { type: "tool_use", id: "c1", name: "f", input: {} };
const using = { role: "assistant", content: [toolUse] };
const result = { type: "tool_result", tool_use_id: "c1", content: "ok" };
const tool = { name: "f", input_schema: { type: "object" } };
const thinking = { type: "thinking", thinking: "t", signature: sealFor("signature", "t") };
const open = { type: "object", properties: { a: { type: "string" } } };

const chat = (body: object) => ["chat", { model: "gpt-5.1", messages: [user], ...body }] as const;
const responses = (body: object) => ["responses", { model: "gpt-5.1", input: "hi", ...body }] as const;
const messages = (body: object) =>
  ["messages", { model: "claude-sonnet-4-5", max_tokens: 4000, messages: [user], ...body }] as const;

const read = ([protocol, body]: readonly [WireProtocol, object]) =>
  readRequest(protocol, body, { version: "2023-06-01" });

/** What the scripted provider is worth as a judge: it takes what is right, and refuses what its originals refuse. */
describe("the scripted provider", () => {
  it.each([
    chat({ messages: [user, calling, answer], tools: [fn], tool_choice: "auto", max_completion_tokens: 5 }),
    chat({ model: "gpt-4o", max_tokens: 5, temperature: 0.5, stop: ["a"] }),
    responses({ input: [user, flatCall, flatAnswer], max_output_tokens: 16, reasoning: { effort: "low" } }),
    messages({ messages: [user, using, { role: "user", content: [result] }], tools: [tool] }),
    messages({
      messages: [
        user,
        { role: "assistant", content: [thinking, toolUse] },
        { role: "user", content: [result] },
      ],
      thinking: { type: "enabled", budget_tokens: 1024 },
    }),
  ])("takes what is right in %s", (...request) => {
    expect(read(request).model).toBe(request[1].model);
  });

  it.each([
    [chat({ own_field: 1 }), "Unknown parameter: 'own_field'."],
    [chat({ messages: [{ ...user, own: 1 }] }), "Unknown parameter: 'messages[0].own'."],
    [chat({ max_tokens: 5 }), "Use 'max_completion_tokens' instead"],
    [chat({ model: "gpt-4o", reasoning_effort: "low" }), "argument supplied: reasoning_effort"],
    [chat({ temperature: 0.5 }), "'temperature' does not support 0.5"],
    [chat({ messages: [user, calling, user] }), "did not have response messages: c1"],
    [chat({ messages: [user, answer] }), "must be a response to a preceeding message"],
    [chat({ tools: [] }), "empty array"],
    [chat({ tool_choice: "auto" }), "only allowed when 'tools'"],
    [chat({ stream_options: { include_usage: true } }), "only allowed when 'stream'"],
    [chat({ messages: [user, { ...calling, tool_calls: [{ ...call, id: "x".repeat(41) }] }] }), "too long"],
    [chat({ messages: [{ role: "assistant", content: null }] }), "expected a string, got null"],
    [chat({ tools: [{ ...fn, function: { name: "a.b" } }] }), "does not match pattern"],
    [chat({ tools: [{ ...fn, function: { name: "f", strict: true, parameters: open } }] }), "to be false"],
    [chat({ response_format: { type: "json_object" } }), "must contain the word 'json'"],
    [chat({ metadata: { a: "b" } }), "only allowed when 'store'"],
    [responses({ client_metadata: {} }), "Unknown parameter: 'client_metadata'."],
    [responses({ input: [] }), 'One of "input"'],
    [responses({ max_output_tokens: 15 }), "Expected a value >= 16"],
    [responses({ temperature: 1 }), "'temperature' is not supported"],
    [responses({ input: [user, flatCall] }), "No tool output found for function call c1"],
    [responses({ input: [user, flatAnswer] }), "No tool call found for function call output"],
    [responses({ input: [{ ...user, id: "own_1" }] }), "begins with 'msg'"],
    [
      responses({
        input: [{ type: "reasoning", id: "rs_1", summary: [], encrypted_content: "x" }, flatCall],
      }),
      "verified",
    ],
    [
      responses({ model: "gpt-4o", include: ["reasoning.encrypted_content"] }),
      "not supported with this model",
    ],
    [messages({ own_field: 1 }), "own_field: Extra inputs are not permitted"],
    [messages({ context_management: {} }), "context_management: Extra inputs are not permitted"],
    [messages({ max_tokens: undefined }), "max_tokens: Field required"],
    [messages({ messages: [{ role: "system", content: "x" }] }), 'Unexpected role "system"'],
    [messages({ messages: [user, using, user] }), "without `tool_result` blocks immediately after: c1"],
    [messages({ messages: [user, { role: "user", content: [result] }] }), "unexpected `tool_use_id`"],
    [messages({ messages: [{ role: "user", content: [{ type: "text", text: "" }] }] }), "must be non-empty"],
    [messages({ messages: [user, { role: "assistant", content: "a " }] }), "trailing whitespace"],
    [
      messages({ messages: [user, { role: "assistant", content: [{ ...thinking, thinking: "u" }] }] }),
      "`signature`",
    ],
    [messages({ thinking: { type: "enabled", budget_tokens: 1000 } }), "greater than or equal to 1024"],
    [messages({ thinking: { type: "enabled", budget_tokens: 4000 } }), "must be greater than"],
    [messages({ thinking: { type: "adaptive" } }), "adaptive thinking is not supported"],
    [messages({ temperature: 0.5, top_p: 0.5 }), "cannot both be specified"],
    [messages({ tools: [{ name: "f", input_schema: {} }] }), "input_schema.type: Field required"],
    [messages({ tools: [tool, tool] }), "must be unique"],
    [messages({ tools: [{ ...tool, defer_loading: true }] }), "Extra inputs are not permitted"],
    [
      messages({ output_config: { format: { type: "json_schema", schema: open } } }),
      "explicitly set to false",
    ],
    [
      messages({
        messages: [user, using, { role: "user", content: [result] }],
        thinking: { type: "enabled", budget_tokens: 1024 },
      }),
      "must start with a thinking block",
    ],
  ] as const)("refuses what is wrong: %j", (request, words) => {
    expect(() => read(request)).toThrow(words);
  });
});
