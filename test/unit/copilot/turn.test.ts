import { describe, expect, it } from "vitest";
import { copilotTurn, MAX_TOOL_NAME } from "../../../src/core/copilot/turn";
import { neutralRequest } from "../../../src/core/translation";

const provider = { type: "copilot", baseUrl: "https://github.com" };

function turnOf(body: object, facts = {}, from: "chat" | "messages" | "responses" = "chat") {
  const { request, dropped } = neutralRequest({ from, body, model: "m", provider }, MAX_TOOL_NAME);
  return { turn: copilotTurn("m", request, facts, dropped), dropped: dropped.list() };
}

const call = (id: string) => ({ id, type: "function", function: { name: "look", arguments: '{"at":1}' } });

describe("a request as a session's past and what is to be answered", () => {
  it("ends with a person's words, or with results that the model goes on from", () => {
    const words = turnOf({ model: "m", messages: [{ role: "user", content: "hi" }] }).turn;
    expect(words.past).toEqual([]);
    expect(words.input).toEqual({ kind: "user", text: "hi", attachments: [] });
    const results = turnOf({
      model: "m",
      messages: [
        { role: "user", content: "look" },
        { role: "assistant", content: null, tool_calls: [call("a"), call("b")] },
        { role: "tool", tool_call_id: "a", content: "one" },
        { role: "tool", tool_call_id: "b", content: "two" },
      ],
    }).turn;
    expect(results.input).toEqual({ kind: "results" });
    expect(results.past.map(({ type }) => type)).toEqual([
      "user.message",
      "assistant.message",
      "tool.execution_start",
      "tool.execution_start",
      "tool.execution_complete",
      "tool.execution_complete",
    ]);
    expect(results.past[1]?.data.toolRequests).toEqual([
      { toolCallId: "a", name: "look", arguments: { at: 1 }, type: "function" },
      { toolCallId: "b", name: "look", arguments: { at: 1 }, type: "function" },
    ]);
  });

  it("keeps an image of a result with its result, so that it does not count as a person's words", () => {
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } };
    const { turn } = turnOf(
      {
        model: "m",
        max_tokens: 9,
        messages: [
          { role: "user", content: "look" },
          { role: "assistant", content: [{ type: "tool_use", id: "a", name: "shot", input: {} }] },
          {
            role: "user",
            content: [
              { type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "here" }, image] },
            ],
          },
        ],
      },
      {},
      "messages",
    );
    expect(turn.input).toEqual({ kind: "results" });
    expect(turn.past.at(-1)?.data.result).toEqual({
      content: "here",
      binaryResultsForLlm: [{ type: "image", data: "AAAA", mimeType: "image/png" }],
    });
  });

  it("refuses a conversation that ends with an answer", () => {
    const messages = [
      { role: "user", content: "hi" },
      { role: "assistant", content: "he" },
    ];
    expect(() => turnOf({ model: "m", messages })).toThrow(/cannot continue an answer/);
  });

  it("gives only tools that may be called, and says what choice cannot be carried", () => {
    const tools = ["one", "two"].map((name) => ({ type: "function", function: { name } }));
    const base = { model: "m", messages: [{ role: "user", content: "hi" }], tools };
    expect(turnOf({ ...base, tool_choice: "none" }).turn.tools).toEqual([]);
    const forced = turnOf({ ...base, tool_choice: { type: "function", function: { name: "one" } } });
    expect(forced.turn.tools.map(({ name }) => name)).toEqual(["one", "two"]);
    expect(forced.dropped).toEqual(["tool_choice"]);
    const allowed = {
      type: "allowed_tools",
      allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "two" } }] },
    };
    expect(turnOf({ ...base, tool_choice: allowed }).turn.tools.map(({ name }) => name)).toEqual(["two"]);
  });

  it("asks for an effort only where the model takes one", () => {
    const base = { model: "m", messages: [{ role: "user", content: "hi" }], reasoning_effort: "high" };
    expect(turnOf(base, { efforts: ["low", "medium", "high"] })).toMatchObject({
      turn: { reasoningEffort: "high" },
      dropped: [],
    });
    expect(turnOf(base, { efforts: ["low", "medium"] })).toMatchObject({
      turn: { reasoningEffort: "medium" },
      dropped: ["reasoning_effort.high"],
    });
    const none = turnOf(base, {});
    expect(none.turn.reasoningEffort).toBeUndefined();
    expect(none.dropped).toEqual(["reasoning_effort"]);
  });

  it("names every parameter that has no word in the SDK", () => {
    const { dropped } = turnOf({
      model: "m",
      messages: [
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: "https://example.com/a.png" } },
            { type: "text", text: "?" },
          ],
        },
      ],
      temperature: 0,
      top_p: 1,
      seed: 3,
      stop: "x",
      max_completion_tokens: 5,
      parallel_tool_calls: false,
      response_format: { type: "json_object" },
      n: 1,
    });
    expect(new Set(dropped)).toEqual(
      new Set([
        "temperature",
        "top_p",
        "seed",
        "stop",
        "max_tokens",
        "parallel_tool_calls",
        "response_format",
        "image_url",
      ]),
    );
  });
});
