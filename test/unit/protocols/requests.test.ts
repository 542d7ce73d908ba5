import { describe, expect, it } from "vitest";
import { PosternError } from "../../../src/core/errors";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { translated } from "./support/translate";

const PNG = "iVBORw0KGgo=";
const PDF = "JVBERi0xLjQ=";
const schema = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };
const user = (content: unknown) => ({ role: "user", content });
const PROTOCOLS: readonly WireProtocol[] = ["chat", "responses", "messages"];

function refusal(run: () => unknown): PosternError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof PosternError) return thrown;
    throw thrown;
  }
  throw new Error("it was not refused");
}

describe("Claude Code for providers of other protocols", () => {
  const request = {
    model: "p/m",
    max_tokens: 32000,
    stream: true,
    system: [
      { type: "text", text: "x-anthropic-billing-header: cc_version=2.1.328; cch=9f3a1;" },
      { type: "text", text: "You are Claude Code.", cache_control: { type: "ephemeral" } },
      { type: "text", text: "Be brief." },
    ],
    thinking: { type: "adaptive", display: "omitted" },
    output_config: { effort: "high" },
    context_management: { edits: [{ type: "clear_thinking_20251015" }] },
    metadata: {
      user_id: JSON.stringify({
        device_id: "d".repeat(64),
        session_id: "11111111-2222-3333-4444-555555555555",
      }),
    },
    tools: [
      { name: "Bash", description: "Runs.", input_schema: schema },
      { name: "Deferred", description: "Later.", input_schema: schema, defer_loading: true },
      { type: "web_search_20250305", name: "web_search" },
    ],
    messages: [
      user([
        { type: "text", text: "<system-reminder>a</system-reminder>" },
        { type: "text", text: "Do it.", cache_control: { type: "ephemeral" } },
      ]),
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "", signature: "c2ln" },
          { type: "text", text: "I search." },
          { type: "tool_use", id: "toolu_1", name: "ToolSearch", input: { query: "x" } },
          { type: "tool_use", id: "toolu_2", name: "Bash", input: { path: "a" } },
        ],
      },
      user([
        {
          type: "tool_result",
          tool_use_id: "toolu_1",
          content: [{ type: "tool_reference", tool_name: "Deferred" }],
        },
        { type: "tool_result", tool_use_id: "toolu_2", content: "not found", is_error: true },
        { type: "text", text: "Go on." },
      ]),
      { role: "system", content: "The mode has changed." },
    ],
  };

  it("keeps every message, tool and instruction for Chat Completions", () => {
    const { json, dropped, stream } = translated("messages", "chat", request);
    expect(json).toEqual({
      model: "some-model",
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 32000,
      reasoning_effort: "high",
      user: expect.stringMatching(/^user_/),
      prompt_cache_key: "11111111-2222-3333-4444-555555555555",
      tools: [
        { type: "function", function: { name: "Bash", description: "Runs.", parameters: schema } },
        { type: "function", function: { name: "Deferred", description: "Later.", parameters: schema } },
      ],
      messages: [
        { role: "system", content: "You are Claude Code.\n\nBe brief." },
        { role: "user", content: "<system-reminder>a</system-reminder>\nDo it." },
        {
          role: "assistant",
          content: "I search.",
          tool_calls: [
            { id: "toolu_1", type: "function", function: { name: "ToolSearch", arguments: '{"query":"x"}' } },
            { id: "toolu_2", type: "function", function: { name: "Bash", arguments: '{"path":"a"}' } },
          ],
        },
        { role: "tool", tool_call_id: "toolu_1", content: "Tool available: Deferred" },
        { role: "tool", tool_call_id: "toolu_2", content: "Error: not found" },
        { role: "user", content: "Go on." },
        // Only hosts that are known to take it here get the role `system`.
        { role: "user", content: "<system-reminder>\nThe mode has changed.\n</system-reminder>" },
      ],
    });
    expect(stream).toBe(true);
    expect(dropped.toSorted()).toEqual(["context_management", "thinking", "tools.web_search_20250305"]);
  });

  it("keeps them for Responses, in items, with nothing stored", () => {
    const { json } = translated("messages", "responses", request);
    expect(json).toMatchObject({
      instructions: "You are Claude Code.\n\nBe brief.",
      max_output_tokens: 32000,
      reasoning: { effort: "high" },
      include: ["reasoning.encrypted_content"],
      store: false,
      prompt_cache_key: "11111111-2222-3333-4444-555555555555",
    });
    expect(json.reasoning.summary).toBeUndefined();
    expect(json.tools[0]).toEqual({
      type: "function",
      name: "Bash",
      description: "Runs.",
      parameters: schema,
      strict: false,
    });
    expect(json.input.map((item: { type: string; role?: string }) => item.role ?? item.type)).toEqual([
      "user",
      "assistant",
      "function_call",
      "function_call",
      "function_call_output",
      "function_call_output",
      "user",
      "developer",
    ]);
  });

  it("prefers the session header, and understands the older user_id", () => {
    const headers = { "x-claude-code-session-id": "from-header" };
    expect(translated("messages", "responses", request, { headers }).json.prompt_cache_key).toBe(
      "from-header",
    );
    const metadata = { user_id: `user_${"a".repeat(64)}_account__session_0123456789abcdef0123` };
    expect(translated("messages", "chat", { ...request, metadata }).json.prompt_cache_key).toBe(
      "0123456789abcdef0123",
    );
  });
});

describe("Codex for providers of other protocols", () => {
  const patch = {
    type: "custom",
    name: "apply_patch",
    description: "Edits.",
    format: { type: "grammar", syntax: "lark", definition: "start: x" },
  };
  const request = {
    model: "p/m",
    stream: true,
    store: false,
    include: ["reasoning.encrypted_content"],
    tool_choice: "auto",
    parallel_tool_calls: true,
    prompt_cache_key: "session-1",
    client_metadata: { "x-codex": "1" },
    reasoning: { effort: "medium", summary: "auto" },
    tools: [
      { type: "function", name: "shell", description: "Runs.", strict: false, parameters: schema },
      patch,
      {
        type: "namespace",
        name: "crm",
        description: "c",
        tools: [{ type: "function", name: "find", parameters: schema }],
      },
      { type: "web_search" },
    ],
    input: [
      { type: "message", role: "developer", content: [{ type: "input_text", text: "You are Codex." }] },
      {
        type: "additional_tools",
        role: "developer",
        tools: [{ type: "namespace", name: "js", tools: [{ type: "custom", name: "exec" }] }],
      },
      { type: "message", role: "developer", content: [{ type: "input_text", text: "Sandbox: none." }] },
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_text", text: "Edit it." },
          { type: "input_image", image_url: `data:image/png;base64,${PNG}` },
        ],
      },
      {
        type: "reasoning",
        id: "rs_1",
        summary: [{ type: "summary_text", text: "hm" }],
        encrypted_content: "gAAA",
      },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "I edit." }] },
      { type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: "*** Begin\n" },
      { type: "function_call", call_id: "call_2", name: "find", arguments: '{"path":"x"}' },
      { type: "custom_tool_call_output", call_id: "call_1", output: [{ type: "input_text", text: "Done" }] },
      { type: "message", role: "user", content: [{ type: "input_text", text: "Wait!" }] },
      { type: "function_call_output", call_id: "call_2", output: "found" },
    ],
  };

  it("becomes a valid request for Messages", () => {
    const { json, dropped } = translated("responses", "messages", request);
    expect(json.system.map((block: { text: string }) => block.text)).toEqual([
      "You are Codex.",
      "Sandbox: none.",
    ]);
    expect(json.tools.map((tool: { name: string }) => tool.name)).toEqual([
      "shell",
      "apply_patch",
      "crm__find",
      "js__exec",
      "web_search",
    ]);
    expect(json.tools[1].description).toContain("lark grammar");
    expect(json.messages).toEqual([
      user([
        { type: "text", text: "Edit it." },
        { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
      ]),
      {
        role: "assistant",
        content: [
          { type: "text", text: "I edit." },
          { type: "tool_use", id: "call_1", name: "apply_patch", input: { input: "*** Begin\n" } },
          { type: "tool_use", id: "call_2", name: "crm__find", input: { path: "x" } },
        ],
      },
      user([
        { type: "tool_result", tool_use_id: "call_1", content: "Done" },
        { type: "tool_result", tool_use_id: "call_2", content: "found" },
        { type: "text", text: "Wait!" },
      ]),
    ]);
    expect(json.max_tokens).toBe(64000);
    expect(json.cache_control).toEqual({ type: "ephemeral" });
    expect(dropped.toSorted()).toEqual(["client_metadata", "reasoning", "thinking"]);
  });

  it("becomes a valid request for Chat Completions", () => {
    const { json, context } = translated("responses", "chat", request);
    expect(json.messages.map((message: { role: string }) => message.role)).toEqual([
      "system",
      "user",
      "assistant",
      "tool",
      "tool",
      "user",
    ]);
    expect(json.messages[2].tool_calls[0].function).toEqual({
      name: "apply_patch",
      arguments: '{"input":"*** Begin\\n"}',
    });
    expect(context.tools.get("crm__find")).toEqual({ name: "find", namespace: "crm", custom: false });
    expect(context.tools.get("js__exec")).toEqual({ name: "exec", namespace: "js", custom: true });
  });

  it("keeps free-text tools where OpenAI takes them", () => {
    const provider = { type: "openai", baseUrl: "https://api.openai.com/v1" };
    const { json } = translated("responses", "chat", request, { provider, model: "gpt-5.4" });
    expect(json.tools[1]).toEqual({
      type: "custom",
      custom: {
        name: "apply_patch",
        description: "Edits.",
        format: { type: "grammar", grammar: { syntax: "lark", definition: "start: x" } },
      },
    });
    expect(json.messages[2].tool_calls[0].custom).toEqual({ name: "apply_patch", input: "*** Begin\n" });
  });

  it("takes a compaction's empty list of tools", () => {
    const { json } = translated("responses", "chat", {
      ...request,
      tools: [],
      parallel_tool_calls: false,
      input: "Summarise.",
    });
    expect(json.tools).toBeUndefined();
    expect(json.parallel_tool_calls).toBeUndefined();
  });
});

describe("Copilot CLI's chat for other providers", () => {
  it("keeps its custom tool, and drops what gpt-4o refuses", () => {
    const request = {
      model: "p/m",
      reasoning_effort: "medium",
      temperature: 1,
      tools: [
        {
          type: "custom",
          custom: {
            name: "apply_patch",
            format: { type: "grammar", grammar: { syntax: "lark", definition: "s" } },
          },
        },
      ],
      messages: [
        user("x"),
        {
          role: "assistant",
          refusal: null,
          tool_calls: [{ id: "call_1", type: "custom", custom: { name: "apply_patch", input: "p" } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "ok" },
      ],
    };
    const { json, dropped } = translated("chat", "responses", request, { model: "gpt-4o" });
    expect(json.reasoning).toBeUndefined();
    expect(json.include).toBeUndefined();
    expect(json.temperature).toBe(1);
    expect(json.tools[0]).toMatchObject({ type: "function", name: "apply_patch", strict: false });
    expect(json.input[1]).toEqual({
      type: "function_call",
      call_id: "call_1",
      name: "apply_patch",
      arguments: '{"input":"p"}',
    });
    expect(dropped).toEqual(["reasoning"]);
    const reasoning = translated("chat", "responses", request, { model: "gpt-5.4" });
    expect(reasoning.json.tools[0]).toMatchObject({
      type: "custom",
      format: { type: "grammar", definition: "s", syntax: "lark" },
    });
    expect(reasoning.json.input[2]).toEqual({
      type: "custom_tool_call_output",
      call_id: "call_1",
      output: "ok",
    });
    expect(reasoning.json.temperature).toBeUndefined();
    expect(reasoning.dropped).toEqual([]);
  });
});

describe("images and documents", () => {
  const firstBlocks: object[] = [
    { type: "image", source: { type: "url", url: "https://x.example/a.png" } },
    {
      type: "document",
      title: "a.pdf",
      source: { type: "base64", media_type: "application/pdf", data: PDF },
    },
    { type: "document", source: { type: "text", media_type: "text/plain", data: "Grüße" } },
  ];
  const anthropic = {
    model: "m",
    max_tokens: 10,
    messages: [
      user(firstBlocks),
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "t1", name: "shot", input: {} },
          { type: "tool_use", id: "t2", name: "shot", input: {} },
        ],
      },
      user([
        {
          type: "tool_result",
          tool_use_id: "t1",
          content: [
            { type: "text", text: "here" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
          ],
        },
        {
          type: "tool_result",
          tool_use_id: "t2",
          content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: PNG } }],
        },
      ]),
    ],
  };
  const url = `data:image/png;base64,${PNG}`;

  it("come to Chat Completions, those of tool results behind the results", () => {
    const { messages } = translated("messages", "chat", anthropic).json;
    expect(messages[0].content).toEqual([
      { type: "image_url", image_url: { url: "https://x.example/a.png" } },
      { type: "file", file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${PDF}` } },
      { type: "text", text: "Grüße" },
    ]);
    expect(messages.slice(2).map((message: { role: string }) => message.role)).toEqual([
      "tool",
      "tool",
      "user",
    ]);
    expect(messages[2].content).toMatch(/^here\n/);
    expect(messages[3].content).not.toBe("");
    expect(messages[4].content).toEqual([
      { type: "image_url", image_url: { url } },
      { type: "image_url", image_url: { url } },
    ]);
  });

  it("come to Responses within the results, and back to Messages", () => {
    const { json } = translated("messages", "responses", anthropic);
    expect(json.input[3].output).toEqual([
      { type: "input_text", text: "here" },
      { type: "input_image", image_url: url, detail: "auto" },
    ]);
    const back = translated("responses", "messages", { ...json, model: "m" }).json;
    expect(back.messages[2]).toEqual(anthropic.messages[2]);
    expect(back.messages[0].content.slice(0, 2)).toEqual(firstBlocks.slice(0, 2));
  });

  it("are refused where they cannot be carried, and never left out", () => {
    const image = (source: object) => ({
      model: "m",
      max_tokens: 1,
      messages: [user([{ type: "image", source }])],
    });
    expect(refusal(() => translated("messages", "chat", image({ type: "file", file_id: "f" }))).status).toBe(
      400,
    );
    const svg = {
      model: "m",
      messages: [user([{ type: "image_url", image_url: { url: "data:image/svg+xml;base64,AA" } }])],
    };
    expect(refusal(() => translated("chat", "messages", svg)).message).toContain("image/svg+xml");
    const audio = {
      model: "m",
      messages: [user([{ type: "input_audio", input_audio: { data: "AA", format: "wav" } }])],
    };
    expect(refusal(() => translated("chat", "messages", audio)).status).toBe(400);
    const link = {
      model: "m",
      max_tokens: 1,
      messages: [user([{ type: "document", source: { type: "url", url: "https://x.example/a.pdf" } }])],
    };
    expect(refusal(() => translated("messages", "chat", link)).status).toBe(400);
    expect(translated("messages", "responses", link).json.input[0].content).toEqual([
      { type: "input_file", file_url: "https://x.example/a.pdf" },
    ]);
  });
});

describe("tool calls and their results (pitfalls 27, 28)", () => {
  it("must belong together", () => {
    const orphan = {
      chat: { messages: [user("x"), { role: "tool", tool_call_id: "c", content: "y" }] },
      responses: { input: [{ type: "function_call_output", call_id: "c", output: "y" }] },
      messages: {
        max_tokens: 1,
        messages: [user([{ type: "tool_result", tool_use_id: "c", content: "y" }])],
      },
    };
    for (const from of PROTOCOLS) {
      for (const to of PROTOCOLS.filter((protocol) => protocol !== from)) {
        const fault = refusal(() => translated(from, to, { model: "m", ...orphan[from] }));
        expect([fault.code, fault.status]).toEqual(["invalid_request", 400]);
      }
    }
    const call = {
      role: "assistant",
      tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
    };
    const late = {
      model: "m",
      messages: [user("x"), call, user("y"), { role: "tool", tool_call_id: "c", content: "z" }],
    };
    expect(refusal(() => translated("chat", "messages", late)).status).toBe(400);
    const twice = {
      model: "m",
      messages: [user("x"), call, ...[1, 2].map(() => ({ role: "tool", tool_call_id: "c", content: "z" }))],
    };
    expect(refusal(() => translated("chat", "messages", twice)).status).toBe(400);
  });

  it("have ids that fit the provider, the same on both", () => {
    const id = `call:${"x".repeat(80)}`;
    const request = {
      model: "m",
      messages: [
        user("x"),
        {
          role: "assistant",
          tool_calls: [{ id, type: "function", function: { name: "f", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: id, content: "y" },
      ],
    };
    const { messages } = translated("chat", "messages", request).json;
    const fitted = messages[1].content[0].id;
    expect(fitted).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(messages[2].content[0].tool_use_id).toBe(fitted);
    const { input } = translated("chat", "responses", request).json;
    expect(input[1].call_id.length).toBeLessThanOrEqual(64);
    expect(input[2].call_id).toBe(input[1].call_id);
    const anthropic = translated("chat", "messages", request).json;
    const forMistral = translated(
      "messages",
      "chat",
      { ...anthropic, model: "m" },
      { provider: { type: "openai", baseUrl: "https://api.mistral.ai/v1" } },
    ).json;
    expect(forMistral.messages[1].tool_calls[0].id).toMatch(/^[a-zA-Z0-9]{9}$/);
    expect(forMistral.messages[2].tool_call_id).toBe(forMistral.messages[1].tool_calls[0].id);
  });

  it("stay apart where a vendor uses an id again in every turn", () => {
    const turn = [
      {
        role: "assistant",
        tool_calls: [{ id: "call_0", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "call_0", content: "y" },
    ];
    const { messages } = translated("chat", "messages", {
      model: "m",
      messages: [user("x"), ...turn, ...turn],
    }).json;
    const ids = [messages[1].content[0].id, messages[3].content[0].id];
    expect(new Set(ids).size).toBe(2);
    expect([messages[2].content[0].tool_use_id, messages[4].content[0].tool_use_id]).toEqual(ids);
  });

  it("have names that fit, which come back as they were", () => {
    const name = `mcp.${"very_".repeat(20)}long`;
    const request = {
      model: "m",
      max_tokens: 1,
      tools: [{ name, input_schema: schema }],
      tool_choice: { type: "tool", name },
      messages: [user("x")],
    };
    const { json, context } = translated("messages", "chat", request);
    const fitted = json.tools[0].function.name;
    expect(fitted).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(json.tool_choice.function.name).toBe(fitted);
    expect(context.tools.get(fitted)?.name).toBe(name);
    expect(translated("messages", "chat", request).json.tools[0].function.name).toBe(fitted);
  });

  it("keep arguments that are no object", () => {
    const call = (text: string) => ({
      model: "m",
      messages: [
        user("x"),
        {
          role: "assistant",
          tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: text } }],
        },
        { role: "tool", tool_call_id: "c", content: "" },
      ],
    });
    const input = (text: string) =>
      translated("chat", "messages", call(text)).json.messages[1].content[0].input;
    expect(input("")).toEqual({});
    expect(input('{"a":')).toEqual({ __raw: '{"a":' });
    expect(input("[1]")).toEqual({ __raw: [1] });
  });
});

describe("tool choice", () => {
  const tools = [
    { type: "function", function: { name: "f", parameters: schema } },
    { type: "function", function: { name: "g", parameters: schema } },
  ];
  const chat = (more: object) => ({ model: "m", messages: [user("x")], tools, ...more });
  it.each([
    ["auto", { type: "auto" }, "auto"],
    ["none", { type: "none" }, "none"],
    ["required", { type: "any" }, "required"],
    [
      { type: "function", function: { name: "f" } },
      { type: "tool", name: "f" },
      { type: "function", name: "f" },
    ],
  ])("%o", (choice, messages, responses) => {
    expect(translated("chat", "messages", chat({ tool_choice: choice })).json.tool_choice).toEqual(messages);
    expect(translated("chat", "responses", chat({ tool_choice: choice })).json.tool_choice).toEqual(
      responses,
    );
  });

  it("carries one call at a time both ways", () => {
    const { json } = translated("chat", "messages", chat({ parallel_tool_calls: false }));
    expect(json.tool_choice).toEqual({ type: "auto", disable_parallel_tool_use: true });
    expect(translated("messages", "chat", { ...json, model: "m" }).json.parallel_tool_calls).toBe(false);
  });

  it("carries a list of allowed tools between OpenAI's protocols, and says that Messages has none", () => {
    const tool_choice = {
      type: "allowed_tools",
      allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "g" } }] },
    };
    expect(translated("chat", "responses", chat({ tool_choice })).json.tool_choice).toEqual({
      type: "allowed_tools",
      mode: "auto",
      tools: [{ type: "function", name: "g" }],
    });
    expect(translated("chat", "messages", chat({ tool_choice })).dropped).toEqual([
      "tool_choice.allowed_tools",
    ]);
  });

  it("goes where the hosted tool it asked for went", () => {
    const request = {
      model: "m",
      max_tokens: 1,
      tools: [{ type: "web_search_20250305", name: "web_search" }],
      tool_choice: { type: "tool", name: "web_search" },
      messages: [user("x")],
    };
    const { json, dropped } = translated("messages", "chat", request);
    expect(json.tool_choice).toBeUndefined();
    expect(dropped).toEqual(["tools.web_search_20250305", "tool_choice"]);
  });
});

describe("a search of the web", () => {
  const location = { type: "approximate", country: "AT" };
  const request = {
    model: "m",
    max_tokens: 1,
    tools: [
      {
        type: "web_search_20250305",
        name: "web_search",
        allowed_domains: ["x.example"],
        user_location: location,
      },
    ],
    tool_choice: { type: "tool", name: "web_search" },
    messages: [user("x")],
  };

  it("is passed on where the provider has it", () => {
    const { json, dropped } = translated("messages", "responses", request);
    expect(json.tools).toEqual([
      { type: "web_search", filters: { allowed_domains: ["x.example"] }, user_location: location },
    ]);
    expect(json.tool_choice).toEqual({ type: "web_search" });
    expect(dropped).toEqual([]);
    const back = translated("responses", "messages", { ...json, model: "m" });
    expect(back.json.tools).toEqual(request.tools);
    expect(back.json.tool_choice).toEqual(request.tool_choice);
  });

  it("is named where it has none, with the choice of it", () => {
    const other = { type: "anthropic", baseUrl: "https://claude.example.com" };
    const { dropped, json } = translated(
      "responses",
      "messages",
      { model: "m", input: "x", tools: [{ type: "web_search" }], tool_choice: { type: "web_search" } },
      { provider: other },
    );
    expect(json.tools).toBeUndefined();
    expect(json.tool_choice).toBeUndefined();
    expect(dropped).toEqual(["tools.web_search", "tool_choice"]);
  });
});

describe("reasoning (pitfalls 21, 22)", () => {
  const chat = (more: object, model?: string) =>
    translated("chat", "messages", { model: "m", messages: [user("x")], ...more }, model ? { model } : {});
  it("is asked for in the way the model knows", () => {
    expect(chat({ reasoning_effort: "high", max_completion_tokens: 40_000 }).json.thinking).toEqual({
      type: "enabled",
      budget_tokens: 16384,
    });
    const adaptive = chat({ reasoning_effort: "minimal" }, "claude-opus-4-6").json;
    expect(adaptive.thinking).toEqual({ type: "adaptive", display: "summarized" });
    expect(adaptive.output_config).toEqual({ effort: "low" });
    expect(chat({ reasoning_effort: "high" }, "claude-3-5-haiku-20241022")).toMatchObject({
      dropped: ["reasoning"],
    });
  });

  it("never gets a budget that Anthropic refuses", () => {
    const { json, dropped } = chat({ reasoning_effort: "high", max_tokens: 500, temperature: 0.2 });
    expect(json.thinking).toBeUndefined();
    expect(json.temperature).toBe(0.2);
    expect(dropped).toEqual(["reasoning"]);
    const small = chat({ reasoning_effort: "high", max_tokens: 2000, temperature: 0.2, top_p: 0.5 });
    expect(small.json.thinking.budget_tokens).toBeGreaterThanOrEqual(1024);
    expect(small.json.thinking.budget_tokens).toBeLessThan(2000);
    expect(small.json.temperature).toBeUndefined();
    expect(small.dropped).toEqual(["temperature", "top_p"]);
  });

  it("gives way to a forced tool", () => {
    const tools = [{ type: "function", function: { name: "f", parameters: schema } }];
    const { json, dropped } = chat({ reasoning_effort: "high", tools, tool_choice: "required" });
    expect(json.thinking).toBeUndefined();
    expect(json.tool_choice).toEqual({ type: "any" });
    expect(dropped).toEqual(["reasoning"]);
  });

  it.each([
    ["claude-opus-4-6", "xhigh", "high", ["reasoning_effort.xhigh"]],
    ["claude-sonnet-4-6", "max", "max", []],
    ["claude-opus-4-7", "xhigh", "xhigh", []],
    ["claude-sonnet-5-5", "max", "max", []],
  ])("of %s: %s becomes %s, which is told", (model, effort, wanted, told) => {
    const { json, dropped } = chat({ reasoning_effort: effort }, model);
    expect(json.output_config).toEqual({ effort: wanted });
    expect(dropped).toEqual(told);
  });

  it.each([
    ["claude-opus-4-8", undefined, []],
    ["claude-opus-5", "disabled", []],
    ["claude-sonnet-5-20260630", "disabled", []],
    ["claude-haiku-5-5", "disabled", []],
    ["claude-sonnet-5-5", "between_tools", []],
    ["claude-opus-5-5", undefined, ["thinking.disabled"]],
    ["claude-fable-5", undefined, ["thinking.disabled"]],
  ])("is switched off for %s with %s, or that is told", (model, type, told) => {
    const { json, dropped } = chat({ reasoning_effort: "none" }, model);
    expect(json.thinking?.type).toBe(type);
    expect(dropped).toEqual(told);
    // Where it cannot be switched off, less is the nearest to none.
    expect(json.output_config).toEqual(told.length > 0 ? { effort: "low" } : undefined);
  });

  it("that is switched off leaves the temperature alone", () => {
    const { json, dropped } = chat({ reasoning_effort: "none", temperature: 0.2 }, "kimi-k2");
    expect(json).toMatchObject({ thinking: { type: "disabled" }, temperature: 0.2 });
    expect(dropped).toEqual([]);
  });

  it.each([
    ["claude-opus-5", "any", []],
    ["claude-haiku-5-5", "any", []],
    ["claude-opus-5-5", "auto", ["tool_choice"]],
    ["claude-sonnet-5-5", "auto", ["tool_choice"]],
    ["claude-fable-5", "any", []],
    ["claude-fable-5-1", "auto", ["tool_choice"]],
  ])("%s is asked for a tool by %s", (model, type, told) => {
    const tools = [{ type: "function", function: { name: "f", parameters: schema } }];
    const { json, dropped } = chat({ tools, tool_choice: "required", parallel_tool_calls: false }, model);
    expect(json.tool_choice).toEqual({ type, disable_parallel_tool_use: true });
    expect(dropped).toEqual(told);
  });

  it.each([
    [{ type: "enabled", budget_tokens: 31999 }, undefined, "high"],
    [{ type: "enabled", budget_tokens: 1024 }, undefined, "low"],
    [{ type: "enabled", budget_tokens: 8000 }, undefined, "medium"],
    [{ type: "adaptive" }, "max", "xhigh"],
    [{ type: "adaptive" }, undefined, undefined],
    [undefined, "medium", "medium"],
  ])("of Anthropic's %o and %s is %s for OpenAI", (thinking, effort, wanted) => {
    const request = {
      model: "m",
      max_tokens: 40000,
      messages: [user("x")],
      ...(thinking ? { thinking } : {}),
      ...(effort ? { output_config: { effort } } : {}),
    };
    expect(translated("messages", "chat", request).json.reasoning_effort).toBe(wanted);
    expect(translated("messages", "responses", request).json.reasoning?.effort).toBe(wanted);
  });
});

describe("structured output", () => {
  const strict = {
    type: "object",
    properties: { n: { type: "integer", minimum: 1 } },
    required: ["n"],
    additionalProperties: false,
  };
  const chat = {
    model: "m",
    messages: [user("x")],
    response_format: { type: "json_schema", json_schema: { name: "answer", schema: strict, strict: true } },
  };

  it("comes to Messages as a format, without the keywords it refuses, which are named", () => {
    const { json, dropped } = translated("chat", "messages", chat);
    expect(json.output_config.format).toEqual({
      type: "json_schema",
      schema: {
        type: "object",
        properties: { n: { type: "integer" } },
        required: ["n"],
        additionalProperties: false,
      },
    });
    expect(dropped).toEqual(["schema.minimum"]);
  });

  it("comes to older models as a forced tool", () => {
    const { json, context } = translated("chat", "messages", chat, { model: "claude-3-5-sonnet-20241022" });
    expect(json.tools).toHaveLength(1);
    expect(json.tool_choice).toEqual({ type: "tool", name: json.tools[0].name });
    expect(context.structuredTool).toBe(json.tools[0].name);
  });

  it("comes from Messages to OpenAI, strictly where the schema allows it", () => {
    const request = (schema: object) => ({
      model: "m",
      max_tokens: 1,
      messages: [user("x")],
      output_config: { format: { type: "json_schema", schema } },
    });
    expect(translated("messages", "responses", request(strict)).json.text.format).toEqual({
      type: "json_schema",
      name: "response",
      schema: strict,
      strict: true,
    });
    const loose = { type: "object", properties: { n: { type: "integer" } } };
    expect(translated("messages", "chat", request(loose)).json.response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "response", schema: loose },
    });
  });

  it("names what has no place", () => {
    const json = { model: "m", messages: [user("x")], response_format: { type: "json_object" } };
    expect(translated("chat", "messages", json).dropped).toEqual(["response_format"]);
    expect(translated("chat", "responses", json).json.text.format).toEqual({ type: "json_object" });
  });
});

describe("parameters", () => {
  it("of Chat Completions are carried or named", () => {
    const request = {
      model: "m",
      messages: [user("x")],
      max_tokens: 5,
      n: 2,
      seed: 7,
      stop: ["a", "b"],
      logprobs: true,
      top_logprobs: 2,
      user: "u1",
      service_tier: "flex",
      metadata: { a: "b" },
      presence_penalty: 0.5,
      logit_bias: { 1: 1 },
      temperature: 1.5,
      top_p: 0.9,
      verbosity: "medium",
      prediction: { type: "content", content: "y" },
    };
    const responses = translated("chat", "responses", request, { model: "gpt-4o" });
    expect(responses.json).toMatchObject({
      max_output_tokens: 16,
      user: "u1",
      service_tier: "flex",
      metadata: { a: "b" },
      temperature: 1.5,
      top_p: 0.9,
      text: { verbosity: "medium" },
      include: ["message.output_text.logprobs"],
      top_logprobs: 2,
    });
    expect(responses.dropped.toSorted()).toEqual([
      "logit_bias",
      "n",
      "prediction",
      "presence_penalty",
      "seed",
      "stop",
    ]);
    const messages = translated("chat", "messages", request);
    expect(messages.json).toMatchObject({
      max_tokens: 5,
      stop_sequences: ["a", "b"],
      metadata: { user_id: "u1" },
      temperature: 1,
    });
    expect(messages.dropped.toSorted()).toEqual([
      "logit_bias",
      "logprobs",
      "metadata",
      "n",
      "prediction",
      "presence_penalty",
      "seed",
      "service_tier",
      "temperature>1",
      "top_p",
      "verbosity",
    ]);
  });

  it("that ask for nothing are not worth a word", () => {
    const request = {
      model: "m",
      messages: [user("x")],
      n: 1,
      store: false,
      logprobs: false,
      frequency_penalty: 0,
      modalities: ["text"],
      prediction: null,
      metadata: {},
    };
    expect(translated("chat", "messages", request).dropped).toEqual([]);
  });

  it("go under the name the model knows", () => {
    const chat = { model: "m", input: "x", max_output_tokens: 100, temperature: 0.5 };
    const openai = { type: "openai", baseUrl: "https://api.openai.com/v1" };
    expect(translated("responses", "chat", chat).json.max_tokens).toBe(100);
    const newer = translated("responses", "chat", chat, { provider: openai, model: "gpt-5.4" });
    expect(newer.json).toMatchObject({ max_completion_tokens: 100 });
    expect(newer.json.temperature).toBeUndefined();
    expect(newer.dropped).toEqual(["temperature"]);
  });

  it("that strict servers refuse are left out and named", () => {
    const groq = { type: "openai", baseUrl: "https://api.groq.com/openai/v1" };
    const { json, dropped } = translated(
      "messages",
      "chat",
      { model: "m", max_tokens: 1, messages: [user("x")], metadata: { user_id: "u" } },
      { provider: groq },
    );
    expect(json.user).toBeUndefined();
    expect(dropped).toEqual(["user"]);
  });

  it("of Responses that need its state are refused in words its clients know", () => {
    const fault = refusal(() =>
      translated("responses", "chat", { model: "m", input: "x", previous_response_id: "resp_1" }),
    );
    expect([fault.code, fault.status]).toEqual(["previous_response_not_found", 400]);
    for (const item of [{ type: "item_reference", id: "msg_1" }, { type: "compaction_trigger" }]) {
      expect(refusal(() => translated("responses", "chat", { model: "m", input: [item] })).status).toBe(400);
    }
    expect(
      translated("responses", "chat", {
        model: "m",
        input: [{ type: "item_reference", id: "rs_1" }, user("x")],
      }).dropped,
    ).toEqual(["input.item_reference"]);
    expect(
      refusal(() =>
        translated("messages", "chat", {
          model: "m",
          max_tokens: 1,
          messages: [user("x")],
          thread: { type: "create" },
        }),
      ).code,
    ).toBe("thread_unsupported");
  });

  it("from the provider's configuration fill gaps", () => {
    expect(translated("chat", "messages", { model: "m", messages: [user("x")] }).json.max_tokens).toBe(64000);
  });
});

describe("what a model cannot do is not asked of it", () => {
  const request = {
    model: "m",
    max_tokens: 32_000,
    thinking: { type: "enabled", budget_tokens: 31_999 },
    messages: [user("x")],
  };
  const at = (baseUrl: string, model: string) =>
    translated("messages", "chat", request, { provider: { type: "openai", baseUrl }, model });

  it("an answer longer than it gives", () => {
    const { json, dropped } = at("https://api.openai.com/v1", "gpt-4o");
    expect(json.max_completion_tokens).toBe(16384);
    expect(dropped).toEqual(["max_tokens>16384", "reasoning"]);
    const claude = { model: "m", messages: [user("x")], max_tokens: 32_000 };
    const long = { ...claude, max_tokens: 200_000 };
    expect(translated("chat", "messages", long, { model: "claude-opus-4-6" }).json.max_tokens).toBe(128_000);
    expect(translated("chat", "messages", claude, { model: "claude-3-5-haiku-latest" }).json.max_tokens).toBe(
      8192,
    );
    expect(at("https://llm.example.com/v1", "anything").json.max_tokens).toBe(32_000);
  });

  it.each([
    ["http://localhost:11434/v1", "llama3.2", undefined],
    ["http://localhost:11434/v1", "qwen3:8b", "high"],
    ["https://api.groq.com/openai/v1", "llama-3.3-70b", undefined],
    ["https://api.groq.com/openai/v1", "openai/gpt-oss-120b", "high"],
    ["https://api.x.ai/v1", "grok-4", undefined],
    ["https://api.mistral.ai/v1", "mistral-large", undefined],
    ["https://openrouter.ai/api/v1", "anything/else", "high"],
  ])("an effort: %s %s → %s", (baseUrl, model, effort) => {
    expect(at(baseUrl, model).json.reasoning_effort).toBe(effort);
  });
});

describe("schemas (pitfall 29)", () => {
  const gemini = { type: "openai", baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai" };
  it("lose for Gemini what it refuses, and what mattered is named", () => {
    const input_schema = {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      additionalProperties: false,
      $defs: { p: { type: "object", properties: { default: { type: ["string", "null"], default: "x" } } } },
      properties: {
        n: { type: "number", exclusiveMinimum: 0 },
        kind: { const: "a" },
        p: { $ref: "#/$defs/p" },
      },
      required: ["n"],
    };
    const request = {
      model: "m",
      max_tokens: 1,
      tools: [{ name: "f", input_schema }],
      messages: [user("x")],
    };
    const { json, dropped } = translated("messages", "chat", request, { provider: gemini });
    expect(json.tools[0].function.parameters).toEqual({
      type: "object",
      properties: {
        n: { type: "number" },
        kind: { enum: ["a"] },
        p: { type: "object", properties: { default: { type: "string", nullable: true } } },
      },
      required: ["n"],
    });
    expect(dropped.toSorted()).toEqual(["schema.additionalProperties", "schema.exclusiveMinimum"]);
  });

  it("of tools are objects for Anthropic, without alternatives at the top", () => {
    const tools = (parameters: object | undefined) => ({
      model: "m",
      messages: [user("x")],
      tools: [{ type: "function", function: { name: "f", parameters } }],
    });
    expect(translated("chat", "messages", tools(undefined)).json.tools[0].input_schema).toEqual({
      type: "object",
      properties: {},
    });
    const { json, dropped } = translated(
      "chat",
      "messages",
      tools({ anyOf: [{ properties: { a: {} } }, { properties: { b: {} } }] }),
    );
    expect(json.tools[0].input_schema).toEqual({ type: "object", properties: { a: {}, b: {} } });
    expect(dropped).toEqual(["schema.anyOf"]);
  });

  it("that are not strict are not sent as strict", () => {
    const request = {
      model: "m",
      input: "x",
      tools: [{ type: "function", name: "f", strict: true, parameters: schema }],
    };
    expect(translated("responses", "chat", request)).toMatchObject({ dropped: ["tools.strict"] });
    const closed = {
      ...request,
      tools: [{ ...request.tools[0], parameters: { ...schema, additionalProperties: false } }],
    };
    expect(translated("responses", "chat", closed).json.tools[0].function.strict).toBe(true);
  });
});

describe("odd conversations", () => {
  it("begin with the user for Anthropic, and have no empty texts", () => {
    const { json } = translated("chat", "messages", {
      model: "m",
      messages: [
        { role: "system", content: "s" },
        { role: "assistant", content: "hi" },
        user(""),
        user(" "),
        user("x"),
      ],
    });
    expect(json.messages.map((message: { role: string }) => message.role)).toEqual([
      "user",
      "assistant",
      "user",
    ]);
    expect(json.messages[2].content).toEqual([{ type: "text", text: "x" }]);
    const onlySystem = translated("chat", "messages", {
      model: "m",
      messages: [{ role: "system", content: "s" }],
    }).json;
    expect(onlySystem.messages).toHaveLength(1);
    expect(
      translated("chat", "responses", { model: "m", messages: [{ role: "system", content: "s" }] }).json
        .input,
    ).toHaveLength(1);
  });

  it("end an answer that was begun without white space", () => {
    const { json } = translated("chat", "messages", {
      model: "m",
      messages: [user("x"), { role: "assistant", content: "so: " }],
    });
    expect(json.messages[1].content).toEqual([{ type: "text", text: "so:" }]);
  });

  it.each([
    ["chat", {}],
    ["chat", { messages: "x" }],
    ["chat", { messages: [{ role: "nobody" }] }],
    ["chat", { messages: [1] }],
    ["responses", {}],
    ["responses", { input: 1 }],
    ["responses", { input: [{ role: "nobody", content: "x" }] }],
    ["messages", { messages: {} }],
    ["messages", { messages: [{ role: "user", content: 1 }] }],
    ["messages", { messages: [], system: 1 }],
  ] as [WireProtocol, object][])("of %s that are malformed are refused: %o", (from, body) => {
    const to = from === "chat" ? "messages" : "chat";
    expect(refusal(() => translated(from, to, { model: "m", ...body })).code).toBe("invalid_request");
  });

  it("take functions of the time before tools", () => {
    const request = {
      model: "m",
      functions: [{ name: "f", parameters: schema }],
      function_call: { name: "f" },
      messages: [
        user("x"),
        { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
        { role: "function", name: "f", content: "y" },
      ],
    };
    const { json, context } = translated("chat", "messages", request);
    expect(json.tools[0].name).toBe("f");
    expect(json.tool_choice).toEqual({ type: "tool", name: "f", disable_parallel_tool_use: true });
    expect(json.messages[2].content[0].tool_use_id).toBe(json.messages[1].content[0].id);
    expect(context.legacyFunctions).toBe(true);
  });
});
