import { describe, expect, it } from "vitest";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { translated } from "./support/translate";

const PROTOCOLS: readonly WireProtocol[] = ["chat", "responses", "messages"];
const image = { type: "image_url", image_url: { url: "data:image/png;base64,UE5H" } };
const inputImage = { type: "input_image", image_url: "data:image/png;base64,UE5H" };
const hi = { role: "user", content: "hi" };

describe("a choice of a tool that is not there", () => {
  const tools = [
    { type: "function", name: "delete_all", parameters: {} },
    { type: "file_search", vector_store_ids: ["v"] },
  ];
  const request = (tool_choice: unknown, more: object[] = []) => ({
    model: "p/m",
    input: "hi",
    tools: [...tools, ...more],
    tool_choice,
  });

  it.each([
    { type: "file_search" },
    { type: "image_generation" },
    { type: "mcp", server_label: "s", name: "delete_all" },
    { type: "function" },
  ])("forces no other one: %j", (choice) => {
    for (const to of ["chat", "messages"] as const) {
      const { json, dropped } = translated("responses", to, request(choice));
      expect(json.tool_choice).toBeUndefined();
      expect(dropped).toContain("tool_choice");
    }
  });

  it("leaves the others of a list of allowed ones, and is reported", () => {
    const other = { type: "function", name: "read", parameters: {} };
    const choice = {
      type: "allowed_tools",
      mode: "required",
      tools: [{ type: "file_search" }, { type: "function", name: "read" }],
    };
    const { json, dropped } = translated("responses", "chat", request(choice, [other]));
    expect(json.tool_choice).toEqual({
      type: "allowed_tools",
      allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "read" } }] },
    });
    expect(dropped).toContain("tool_choice.allowed_tools");
  });

  it("allows no other one where none of the allowed ones is there", () => {
    const choice = { type: "allowed_tools", mode: "required", tools: [{ type: "file_search" }] };
    for (const to of ["chat", "messages"] as const) {
      const { json, dropped } = translated("responses", to, request(choice));
      expect(json.tool_choice).toEqual(to === "chat" ? "none" : { type: "none" });
      expect(dropped).toContain("tool_choice.allowed_tools");
    }
    const chat = {
      model: "p/m",
      messages: [hi],
      tools: [{ type: "function", function: { name: "delete_all" } }],
      tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [{ type: "other" }] } },
    };
    const { json, dropped } = translated("chat", "responses", chat);
    expect(json.tool_choice).toBe("none");
    expect(dropped).toContain("tool_choice.allowed_tools");
  });

  it("is reported where it is any of the tools that were dropped", () => {
    const request = {
      model: "p/m",
      max_tokens: 100,
      messages: [hi],
      tools: [{ type: "code_execution_20250825", name: "code_execution" }],
      tool_choice: { type: "any" },
    };
    for (const to of ["chat", "responses"] as const) {
      const { json, dropped } = translated("messages", to, request);
      expect(json.tool_choice).toBeUndefined();
      expect(dropped).toContain("tool_choice");
    }
  });
});

describe("an instruction in the midst of a conversation", () => {
  const request = {
    model: "p/m",
    max_tokens: 100,
    system: "Be kind.",
    messages: [
      hi,
      { role: "assistant", content: "yes?" },
      { role: "system", content: "The mode has changed." },
    ],
  };
  it.each([
    ["http://127.0.0.1:8000/v1", "user"],
    ["http://localhost:11434/v1", "user"],
    ["https://vllm.example.com/v1", "user"],
    ["https://api.mistral.ai/v1", "user"],
    ["https://api.openai.com/v1", "system"],
    ["https://openrouter.ai/api/v1", "system"],
    ["https://api.deepseek.com", "system"],
    ["https://x.example-x.ai/v1", "user"],
  ])("is one that %s takes", (baseUrl, role) => {
    const provider = { type: "openai", baseUrl };
    const { json } = translated("messages", "chat", request, { provider });
    const text = "The mode has changed.";
    const content = role === "system" ? text : `<system-reminder>\n${text}\n</system-reminder>`;
    expect(json.messages.at(-1)).toEqual({ role, content });
    expect(json.messages[0]).toEqual({ role: "system", content: "Be kind." });
  });
});

describe("a request of monstrous size", () => {
  it("with very many parts is translated", () => {
    const parts = Array.from({ length: 200_000 }, () => ({ type: "text", text: "x" }));
    const chat = { model: "p/m", messages: [hi, { role: "user", content: parts }] };
    expect(translated("chat", "messages", chat).json.messages[0].content).toHaveLength(200_001);
    for (const role of ["system", "assistant"]) {
      expect(() =>
        translated("chat", "messages", { model: "p/m", messages: [{ role, content: parts }, hi] }),
      ).not.toThrow();
    }
    const input = parts.map(() => ({ type: "input_text", text: "x" }));
    expect(() =>
      translated("responses", "chat", { model: "p/m", input: [{ role: "developer", content: input }, hi] }),
    ).not.toThrow();
    const calls = parts.map((_, index) => ({ type: "tool_use", id: `t${index}`, name: "f", input: {} }));
    const results = calls.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "x" }));
    const turns = [hi, { role: "assistant", content: calls }, { role: "user", content: results }];
    expect(() =>
      translated("messages", "chat", { model: "p/m", max_tokens: 9, messages: turns }),
    ).not.toThrow();
  });

  it("nested without end is refused with a 400", () => {
    const nested = (depth: number, wrap: (inner: unknown) => unknown, core: unknown) => {
      let value = core;
      for (let at = 0; at < depth; at++) value = wrap(value);
      return value;
    };
    const document = nested(
      20_000,
      (inner) => ({ type: "document", source: { type: "content", content: [inner] } }),
      { type: "text", text: "x" },
    );
    const schema = nested(20_000, (inner) => ({ type: "object", properties: { a: inner } }), {});
    const refused = expect.objectContaining({ code: "invalid_request" });
    const attempt = (run: () => unknown) => {
      try {
        run();
      } catch (thrown) {
        return thrown;
      }
    };
    const messages = [{ role: "user", content: [document] }];
    expect(attempt(() => translated("messages", "chat", { model: "m", max_tokens: 9, messages }))).toEqual(
      refused,
    );
    const tools = [{ type: "function", function: { name: "f", parameters: schema } }];
    expect(attempt(() => translated("chat", "messages", { model: "m", messages: [hi], tools }))).toEqual(
      refused,
    );
  });

  it("with a failed result of blanks takes no time", () => {
    const messages = [
      hi,
      { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "f", input: {} }] },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "t1", content: " ".repeat(500_000), is_error: true }],
      },
    ];
    // It took minutes once, which no test's limit allows.
    const { json } = translated("messages", "chat", { model: "p/m", max_tokens: 9, messages });
    expect(json.messages).toHaveLength(3);
  });
});

describe("what has no place is named", () => {
  it("images that an assistant of Chat Completions is to have said", () => {
    const assistant = { role: "assistant", content: [{ type: "text", text: "see" }, image] };
    for (const to of ["responses", "messages"] as const) {
      const { dropped } = translated("chat", to, { model: "p/m", messages: [hi, assistant, hi] });
      expect(dropped).toContain("content.image_url");
    }
  });

  it("images in messages of Responses that hold text alone elsewhere", () => {
    const input = (...items: object[]) => ({ model: "p/m", input: items });
    const content = [{ type: "input_text", text: "see" }, inputImage];
    for (const to of ["chat", "messages"] as const) {
      const first = translated("responses", to, input({ role: "developer", content }, hi));
      expect(first.dropped).toContain("content.image");
      const said = translated("responses", to, input(hi, { role: "assistant", content }, hi));
      expect(said.dropped).toContain("content.input_image");
    }
    expect(translated("responses", "chat", input(hi, { role: "developer", content })).dropped).toContain(
      "content.image",
    );
    expect(translated("responses", "messages", input(hi, { role: "developer", content })).body).toContain(
      "UE5H",
    );
  });

  it("images in an assistant's turn of Messages", () => {
    const source = { type: "base64", media_type: "image/png", data: "UE5H" };
    const content = [
      { type: "text", text: "see" },
      { type: "image", source },
    ];
    for (const to of PROTOCOLS.filter((protocol) => protocol !== "messages")) {
      const body = { model: "p/m", max_tokens: 9, messages: [hi, { role: "assistant", content }, hi] };
      expect(translated("messages", to, body).dropped).toContain("content.image");
    }
  });
});

describe("cache marks", () => {
  const mark = { cache_control: { type: "ephemeral" } };
  it("of results and of an assistant come to Claude at OpenRouter", () => {
    const messages = [
      hi,
      {
        role: "assistant",
        content: [
          { type: "text", text: "I look.", ...mark },
          { type: "tool_use", id: "t1", name: "f", input: {} },
          { type: "tool_use", id: "t2", name: "f", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", content: "a", ...mark },
          { type: "tool_result", tool_use_id: "t2", content: [{ type: "text", text: "b", ...mark }] },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "text", text: "More." },
          { type: "tool_use", id: "t3", name: "f", input: {}, ...mark },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t3", content: "c" }] },
    ];
    const at = (baseUrl: string) =>
      translated(
        "messages",
        "chat",
        { model: "p/m", max_tokens: 9, messages },
        {
          provider: { type: "openai", baseUrl },
          model: "anthropic/claude-sonnet-4.5",
        },
      ).json.messages.map(({ content }: { content: unknown }) => content);
    const marked = (text: string) => [{ type: "text", text, ...mark }];
    expect(at("https://openrouter.ai/api/v1")).toEqual([
      "hi",
      marked("I look."),
      marked("a"),
      marked("b"),
      marked("More."),
      "c",
    ]);
    expect(at("https://llm.example.com/v1")).toEqual(["hi", "I look.", "a", "b", "More.", "c"]);
  });

  it("of a call that stands alone is reported", () => {
    const content = [{ type: "tool_use", id: "t1", name: "f", input: {}, ...mark }];
    const { dropped } = translated(
      "messages",
      "chat",
      { model: "p/m", max_tokens: 9, messages: [hi, { role: "assistant", content }] },
      {
        provider: { type: "openai", baseUrl: "https://openrouter.ai/api/v1" },
        model: "anthropic/claude-sonnet-4.5",
      },
    );
    expect(dropped).toEqual(["cache_control"]);
  });

  it("of an assistant come from Chat Completions to Messages", () => {
    const content = [{ type: "text", text: "yes", ...mark }];
    const { json } = translated("chat", "messages", {
      model: "p/m",
      messages: [hi, { role: "assistant", content }, hi],
    });
    expect(json.messages[1].content).toEqual(content);
  });
});

describe("functions of the time before tools", () => {
  it("are called one at a time", () => {
    const body = { model: "p/m", messages: [hi], functions: [{ name: "f", parameters: {} }] };
    expect(translated("chat", "responses", body).json.parallel_tool_calls).toBe(false);
    expect(translated("chat", "messages", body).json.tool_choice).toEqual({
      type: "auto",
      disable_parallel_tool_use: true,
    });
    const { functions, ...rest } = body;
    const tools = functions.map((entry) => ({ type: "function", function: entry }));
    expect(translated("chat", "responses", { ...rest, tools }).json.parallel_tool_calls).toBeUndefined();
  });
});

describe("Claude by the names of other clouds", () => {
  it.each([
    "us.anthropic.claude-opus-4-7-20260101-v1:0",
    "us-gov.anthropic.claude-opus-4-7",
    "jp.anthropic.claude-opus-4-7",
    "anthropic.claude-opus-4-7",
    "vertex/claude-opus-4-7@20260101",
  ])("%s thinks in its own way", (model) => {
    const body = { model: "p/m", messages: [hi], reasoning_effort: "high", temperature: 0.3 };
    const { json, dropped } = translated("chat", "messages", body, { model });
    expect(json.thinking).toMatchObject({ type: "adaptive" });
    expect(json.max_tokens).toBe(128000);
    expect(dropped).toContain("temperature");
  });
});

describe("an effort that a model does not take", () => {
  it.each([
    ["gpt-5", "max", "high"],
    ["gpt-5-mini", "xhigh", "high"],
    ["gpt-5", "none", "minimal"],
    ["gpt-5", "minimal", "minimal"],
    ["gpt-5.1", "minimal", "none"],
    ["gpt-5.6-sol", "max", "max"],
    ["gpt-5.6-cyber", "none", "low"],
    ["gpt-6-luna", "max", "max"],
    ["gemini-2.5-flash", "none", "none"],
    ["gemini-2.5-pro", "none", "minimal"],
    ["gemini-3.1-pro-preview", "none", "minimal"],
    ["gpt-5.4", "max", "xhigh"],
    ["gpt-5.1-codex", "none", "low"],
    ["gpt-5.1-codex-max", "xhigh", "xhigh"],
    ["gpt-5.2-codex", "none", "low"],
    ["gpt-5-pro", "low", "high"],
    ["o3", "max", "high"],
    ["o4-mini", "minimal", "low"],
    ["openai/gpt-oss-120b", "xhigh", "high"],
    ["gpt-oss:20b", "none", "low"],
    ["some-model", "xhigh", "xhigh"],
    ["some-model", "max", "xhigh"],
  ] as const)("of %s: %s becomes %s, which is told", (model, effort, wanted) => {
    const told = effort === wanted || wanted === "xhigh" ? [] : [`reasoning_effort.${effort}`];
    const body = { model: "p/m", input: "hi", reasoning: { effort } };
    const chat = translated("responses", "chat", body, { model });
    expect(chat.json.reasoning_effort).toBe(wanted);
    expect(chat.dropped).toEqual(told);
    const messages = [hi];
    const responses = translated(
      "chat",
      "responses",
      { model: "p/m", messages, reasoning_effort: effort },
      { model },
    );
    expect(responses.json.reasoning.effort).toBe(wanted);
    expect(responses.dropped).toEqual(told);
  });

  it.each([
    ["gpt-5.4", "none", []],
    ["gpt-5", undefined, ["thinking.disabled"]],
    ["some-model", undefined, []],
  ])("of %s without thinking is %s, or that is told", (model, effort, told) => {
    const body = { model: "p/m", max_tokens: 99, messages: [hi], thinking: { type: "disabled" } };
    const chat = translated("messages", "chat", body, { model });
    expect(chat.json.reasoning_effort).toBe(effort);
    expect(chat.dropped).toEqual(told);
    const responses = translated("messages", "responses", body, { model });
    expect(responses.json.reasoning?.effort).toBe(effort);
    expect(responses.dropped).toEqual(told);
  });

  it("is asked of those of xAI's models that take one", () => {
    const provider = { type: "openai", baseUrl: "https://api.x.ai/v1" };
    const at = (model: string) =>
      translated(
        "responses",
        "chat",
        { model: "m", input: "hi", reasoning: { effort: "low" } },
        { provider, model },
      );
    for (const model of ["grok-3-mini", "grok-4.3", "grok-4.7-fast"])
      expect(at(model).json.reasoning_effort).toBe("low");
    for (const model of ["grok-4", "grok-4.1-fast", "grok-4.20"]) {
      expect(at(model).json.reasoning_effort).toBeUndefined();
      expect(at(model).dropped).toEqual(["reasoning"]);
    }
  });

  it("is said in DeepSeek's words", () => {
    const provider = { type: "openai", baseUrl: "https://api.deepseek.com" };
    const at = (effort: string) =>
      translated(
        "responses",
        "chat",
        { model: "p/m", input: "hi", reasoning: { effort } },
        {
          provider,
          model: "deepseek-v4-pro",
        },
      );
    expect(at("max").json.reasoning_effort).toBe("max");
    expect(at("xhigh").json.reasoning_effort).toBe("high");
    expect(at("minimal").dropped).toEqual(["reasoning_effort.minimal"]);
  });
});

describe("structured output by way of a tool", () => {
  const options = { model: "claude-3-7-sonnet-20250219" };
  const fn = (name: string) => ({ type: "function", function: { name, parameters: { type: "object" } } });
  const request = (more: object) => ({
    model: "p/m",
    messages: [hi],
    response_format: { type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } },
    tools: [fn("f")],
    ...more,
  });
  const names = (json: { tools: { name: string }[] }) => json.tools.map(({ name }) => name);

  it("leaves out the tools that may not be called", () => {
    const { json } = translated("chat", "messages", request({ tool_choice: "none" }), options);
    expect(names(json)).toEqual(["structured_output"]);
    expect(json.tool_choice).toEqual({ type: "tool", name: "structured_output" });
  });

  it("is one call where one was asked for", () => {
    const { json } = translated("chat", "messages", request({ parallel_tool_calls: false }), options);
    expect(json.tool_choice).toEqual({ type: "any", disable_parallel_tool_use: true });
  });

  it("tells of a choice that gives way to it", () => {
    for (const tool_choice of ["required", { type: "function", function: { name: "f" } }]) {
      expect(translated("chat", "messages", request({ tool_choice }), options).dropped).toContain(
        "tool_choice",
      );
    }
    expect(translated("chat", "messages", request({ tool_choice: "auto" }), options).dropped).toEqual([]);
  });

  it("takes a name that no tool of the client's has", () => {
    const tools = [fn("structured_output"), fn("structured_output_2")];
    const { json, context } = translated("chat", "messages", request({ tools }), options);
    expect(names(json)).toEqual(["structured_output", "structured_output_2", "structured_output_3"]);
    expect(context.structuredTool).toBe("structured_output_3");
  });
});

describe("a schema for Gemini", () => {
  const provider = { type: "openai", baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai" };
  const adapted = (parameters: object) => {
    const tools = [{ name: "f", input_schema: parameters }];
    const body = { model: "p/m", max_tokens: 9, messages: [hi], tools };
    const { json, dropped } = translated("messages", "chat", body, { provider });
    return { schema: json.tools[0].function.parameters, dropped };
  };
  const text = { type: "string" };

  it("stays whole, however large", () => {
    const names = Array.from({ length: 3000 }, (_, index) => `p${index}`);
    const { schema, dropped } = adapted({
      $defs: { t: text },
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, { type: "string", enum: ["a", "b"] }])),
      required: names,
      anyOf: [{ $ref: "#/$defs/t" }],
    });
    expect(schema.required).toEqual(names);
    expect(schema.properties.p2999).toEqual({ type: "string", enum: ["a", "b"] });
    expect(schema.anyOf).toEqual([text]);
    expect(dropped).toEqual([]);
  });

  it("has references put in place, wherever they point", () => {
    const { schema, dropped } = adapted({
      type: "object",
      properties: {
        a: text,
        "b/c": { type: "object", properties: { d: { $ref: "#/properties/a" } } },
        e: { $ref: "#/properties/b~1c", description: "like b" },
        list: { type: "array", items: { $ref: "#/definitions/x%20y" } },
      },
      definitions: { "x y": { type: "number" } },
    });
    const object = { type: "object", properties: { d: text } };
    expect(schema).toEqual({
      type: "object",
      properties: {
        a: text,
        "b/c": object,
        e: { ...object, description: "like b" },
        list: { type: "array", items: { type: "number" } },
      },
    });
    expect(dropped).toEqual([]);
  });

  it("loses what cannot be put in place, which is told", () => {
    const away = adapted({ type: "object", properties: { a: { $ref: "https://x.example/s.json" } } });
    expect(away).toEqual({ schema: { type: "object", properties: { a: {} } }, dropped: ["schema.$ref"] });
    const tree = adapted({
      $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } },
      type: "object",
      properties: { root: { $ref: "#/$defs/node" } },
    });
    expect(tree.schema.properties.root.properties.next).toEqual({ type: "object" });
    expect(tree.dropped).toEqual(["schema.$ref"]);
    const levels = Array.from({ length: 30 }, (_, at) => {
      const next = { $ref: `#/$defs/d${at + 1}` };
      return [`d${at}`, { type: "object", properties: { l: next, r: next } }];
    });
    const bomb = adapted({
      $defs: { ...Object.fromEntries(levels), d30: text },
      type: "object",
      properties: { a: { $ref: "#/$defs/d0" } },
    });
    expect(bomb.dropped).toEqual(["schema.$ref"]);
    expect(JSON.stringify(bomb.schema).length).toBeLessThan(2_000_000);
    const deep = Array.from({ length: 100 }).reduce<object>(
      (inner) => ({ type: "object", properties: { a: inner } }),
      text,
    );
    expect(adapted(deep).dropped).toEqual(["schema.depth"]);
  });

  it("lists texts alone", () => {
    const { schema, dropped } = adapted({
      type: "object",
      properties: {
        n: { type: "integer", enum: [1, 2] },
        s: { type: "string", enum: ["a", null] },
        data: { type: "object", default: { $ref: "#/nowhere" } },
      },
    });
    expect(schema.properties).toEqual({
      n: { type: "integer" },
      s: { type: "string", enum: ["a"], nullable: true },
      data: { type: "object" },
    });
    expect(dropped).toEqual(["schema.enum"]);
  });
});

describe("a conversation that ends with the assistant", () => {
  const messages = [hi, { role: "assistant", content: "Let me" }];
  const last = (model: string) =>
    translated("chat", "messages", { model: "p/m", messages }, { model }).json.messages.at(-1);
  const input = [hi, { role: "assistant", content: "Let me" }];
  const lastOfChat = (model: string) =>
    translated("responses", "chat", { model: "p/m", input }, { model }).json.messages.at(-1);

  it("is gone on with by models that take it, and asked to go on of those that do not", () => {
    for (const model of ["claude-sonnet-4-5", "claude-opus-4-5-20251101", "kimi-k2"])
      expect(last(model)).toMatchObject({ role: "assistant" });
    for (const model of ["claude-opus-4-6", "claude-sonnet-5", "claude-haiku-5-5"])
      expect(last(model)).toEqual({ role: "user", content: [{ type: "text", text: "(continue)" }] });
    expect(lastOfChat("some-model")).toMatchObject({ role: "assistant" });
    expect(lastOfChat("anthropic/claude-opus-4.6")).toEqual({ role: "user", content: "(continue)" });
  });
});
