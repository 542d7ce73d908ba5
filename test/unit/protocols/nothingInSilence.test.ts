import { describe, expect, it } from "vitest";
import { translated } from "./support/translate";

describe("what a Responses client says beside its tools", () => {
  const request = (tools: unknown[]) => ({ model: "p/m", input: "hi", tools });

  it.each(["chat", "messages"] as const)("of a namespace is read by the model of a %s provider", (to) => {
    const tool = (name: string, description?: string) => ({
      type: "function",
      name,
      parameters: {},
      description,
    });
    const { json } = translated(
      "responses",
      to,
      request([
        {
          type: "namespace",
          name: "crm",
          description: "Customers. Ask first.",
          tools: [tool("find", "Finds."), tool("drop")],
        },
      ]),
    );
    const text = JSON.stringify(json.tools);
    expect(text.split("Customers. Ask first.")).toHaveLength(2);
    expect(text).toContain("crm: Customers. Ask first.\\n\\nFinds.");
  });

  it("of a search of the web is reported where it cannot be said", () => {
    const { dropped } = translated(
      "responses",
      "messages",
      request([{ type: "web_search", external_web_access: true, search_content_types: ["text"] }]),
    );
    expect(dropped).toEqual(
      expect.arrayContaining([
        "tools.web_search.external_web_access",
        "tools.web_search.search_content_types",
      ]),
    );
  });
});

const user = { role: "user", content: "hi" };
const schema = { type: "object", properties: {}, required: [], additionalProperties: false };

describe("a wish in words that mean nothing elsewhere is reported", () => {
  it.each([
    [{ response_format: { type: "structural_tag", structures: [] } }, "response_format"],
    [{ reasoning_effort: "ultra" }, "reasoning_effort"],
    [{ reasoning: { effort: "ultra" } }, "reasoning.effort"],
    [{ tools: [{ type: "function", function: { name: "f" } }], tool_choice: "validated" }, "tool_choice"],
  ])("of Chat Completions: %j", (more, name) => {
    for (const to of ["responses", "messages"] as const)
      expect(translated("chat", to, { model: "m", messages: [user], ...more }).dropped).toContain(name);
  });

  it.each([
    [{ text: { format: { type: "grammar", definition: "x" } } }, "text.format"],
    [{ reasoning: { effort: "ultra" } }, "reasoning.effort"],
    [{ top_logprobs: 3 }, "top_logprobs"],
    [{ tools: [{ type: "function", name: "f" }], tool_choice: "validated" }, "tool_choice"],
  ])("of Responses: %j", (more, name) => {
    for (const to of ["chat", "messages"] as const)
      expect(translated("responses", to, { model: "m", input: "hi", ...more }).dropped).toContain(name);
  });

  it.each([
    [{ output_config: { format: { type: "regex", pattern: "a+" } } }, "output_config.format"],
    [{ output_config: { effort: "ultra" } }, "output_config.effort"],
    [{ tools: [{ name: "f", input_schema: schema, input_examples: [{ a: 1 }] }] }, "tools.input_examples"],
    [
      { tools: [{ name: "f", input_schema: schema, allowed_callers: ["code_execution_20250825"] }] },
      "tools.allowed_callers",
    ],
    [{ messages: [user, { role: "system", output_config: { effort: "low" } }] }, "messages.output_config"],
    [
      {
        tools: [],
        messages: [
          { role: "system", content: [{ type: "tool_removal", tool: { type: "mcp_tool_reference" } }] },
        ],
      },
      "content.tool_removal",
    ],
  ])("of Messages: %j", (more, name) => {
    for (const to of ["chat", "responses"] as const)
      expect(
        translated("messages", to, { model: "m", max_tokens: 99, messages: [user], ...more }).dropped,
      ).toContain(name);
  });

  it.each([
    [{ output_schema: { type: "object" } }, "tools.output_schema"],
    [{ async: true }, "tools.async"],
    [{ allowed_callers: ["programmatic"] }, "tools.allowed_callers"],
  ])("of a tool of Responses: %j", (more, name) => {
    const tools = [{ type: "function", name: "f", parameters: schema, strict: false, ...more }];
    for (const to of ["chat", "messages"] as const)
      expect(translated("responses", to, { model: "m", input: "hi", tools }).dropped).toEqual([name]);
  });

  it("and what says the default is not", () => {
    const chat = { model: "m", messages: [user], response_format: { type: "text" } };
    expect(translated("chat", "messages", chat).dropped).toEqual([]);
    const responses = { model: "m", input: "hi", text: { format: { type: "text" } }, top_logprobs: 0 };
    expect(translated("responses", "messages", responses).dropped).toEqual([]);
    const tools = [{ name: "f", input_schema: schema, allowed_callers: ["direct"], defer_loading: true }];
    const messages = { model: "m", max_tokens: 99, messages: [user], tools };
    expect(translated("messages", "chat", messages).dropped).toEqual([]);
  });
});

describe("strict tools", () => {
  it("are reported by Messages, as by the others where they cannot be had", () => {
    const tools = [{ type: "function", function: { name: "f", strict: true, parameters: schema } }];
    const { json, dropped } = translated("chat", "messages", { model: "m", messages: [user], tools });
    expect(json.tools).toHaveLength(1);
    expect(dropped).toEqual(["tools.strict"]);
  });
});

describe("a search of the web among additional tools", () => {
  it("is asked for, or reported", () => {
    const item = { type: "additional_tools", role: "developer", tools: [{ type: "web_search" }] };
    const body = { model: "m", input: [item, user] };
    expect(translated("responses", "messages", body).json.tools).toMatchObject([{ name: "web_search" }]);
    expect(translated("responses", "chat", body).dropped).toContain("tools.web_search");
  });
});

describe("the name of a text file", () => {
  const data = "data:text/plain;base64,aGVsbG8=";
  const file = {
    role: "user",
    content: [{ type: "file", file: { filename: "notes.txt", file_data: data } }],
  };
  const input = { role: "user", content: [{ type: "input_file", filename: "notes.txt", file_data: data }] };
  const source = { type: "text", media_type: "text/plain", data: "hello" };
  const document = { role: "user", content: [{ type: "document", title: "notes.txt", source }] };

  it("stands before its text where there is no file of text", () => {
    const written = [
      translated("chat", "responses", { model: "m", messages: [file] }).json.input[0].content[0].text,
      translated("responses", "chat", { model: "m", input: [input] }).json.messages[0].content,
      translated("messages", "chat", { model: "m", max_tokens: 9, messages: [document] }).json.messages[0]
        .content,
      translated("messages", "responses", { model: "m", max_tokens: 9, messages: [document] }).json.input[0]
        .content[0].text,
    ];
    for (const text of written) expect(text).toBe("notes.txt\nhello");
  });

  it("is the title of a document of Messages", () => {
    const { json } = translated("chat", "messages", { model: "m", messages: [file] });
    expect(json.messages[0].content[0]).toMatchObject({ type: "document", title: "notes.txt" });
  });
});

describe("thinking between tools alone", () => {
  it("is thinking switched off", () => {
    const thinking = { type: "between_tools" };
    const body = { model: "m", max_tokens: 99, messages: [user], thinking };
    const off = translated("messages", "responses", { ...body, thinking: { type: "disabled" } });
    expect(translated("messages", "responses", body).json).toEqual(off.json);
  });
});
