import { existsSync } from "node:fs";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CopilotStage, ONE, RUNTIMES } from "../../support/copilot/stage";
import { GATEWAY_KEY, run, temporaryFolder } from "../../support/gateway";
import { eventually } from "../../support/waiting";

const PARAMETERS = {
  type: "object" as const,
  properties: { city: { type: "string" } },
  required: ["city"],
};
const WEATHER = {
  type: "function" as const,
  function: { name: "get_weather", description: "The weather", parameters: PARAMETERS },
};
/** A word, then two calls at once, as a model streams them. */
const TWO_CALLS = [
  { content: "Let me look." },
  {
    tool_calls: [
      { index: 0, id: "call_a", type: "function", function: { name: "get_weather", arguments: "" } },
    ],
  },
  { tool_calls: [{ index: 0, function: { arguments: '{"city": ' } }] },
  { tool_calls: [{ index: 0, function: { arguments: '"Rome"}' } }] },
  {
    tool_calls: [
      {
        index: 1,
        id: "call_b",
        type: "function",
        function: { name: "get_weather", arguments: '{"city":"Oslo"}' },
      },
    ],
  },
];
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

describe.each(RUNTIMES)("a Copilot subscription by $name", ({ path }) => {
  let stage: CopilotStage;
  let openai: OpenAI;
  let anthropic: Anthropic;
  beforeAll(async () => {
    stage = await CopilotStage.start({ runtime: path });
    openai = new OpenAI({ apiKey: GATEWAY_KEY, baseURL: `${stage.gateway.url}/v1`, maxRetries: 0 });
    anthropic = new Anthropic({ apiKey: GATEWAY_KEY, baseURL: stage.gateway.url, maxRetries: 0 });
  }, 30_000);
  afterAll(() => stage.stop());
  beforeEach(() => {
    stage.github.asked.length = 0;
    stage.github.answer = () => [{ content: "Hello" }, { content: " there" }];
  });

  it("answers a streamed Chat Completions request, with the usage", async () => {
    const response = await stage.chat({ stream: true, stream_options: { include_usage: true } });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expect(text).toContain('"content":"Hello"');
    expect(text).toContain('"content":" there"');
    expect(text).toContain('"finish_reason":"stop"');
    expect(text).toContain('"prompt_tokens":30');
    expect(text).toContain('"cached_tokens":10');
    expect(text.trim().endsWith("data: [DONE]")).toBe(true);
    expect(stage.github.asked).toHaveLength(1);
    expect(stage.github.asked[0]?.token).toBe(ONE);
    expect(response.headers.get("x-postern-provider")).toBe("copilot");
  });

  it("answers in one piece where no stream is wanted", async () => {
    const answer = (await (await stage.chat({})).json()) as OpenAI.ChatCompletion;
    expect(answer.choices[0]?.message.content).toBe("Hello there");
    expect(answer.usage?.total_tokens).toBe(37);
  });

  it("streams a tool call to curl", async () => {
    stage.github.answer = () => TWO_CALLS;
    const body = {
      model: "copilot/gpt-5-mini",
      stream: true,
      messages: [{ role: "user", content: "weather?" }],
      tools: [WEATHER],
    };
    const { stdout, code } = await run("curl", [
      ...["-sS", "-N", `${stage.gateway.url}/v1/chat/completions`],
      ...["-H", `Authorization: Bearer ${GATEWAY_KEY}`, "-H", "content-type: application/json"],
      ...["-d", JSON.stringify(body)],
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /"id":"call_a"[\s\S]*Rome[\s\S]*"id":"call_b"[\s\S]*Oslo[\s\S]*tool_calls[\s\S]*\[DONE\]/,
    );
  });

  it("streams parallel tool calls to the OpenAI SDK, in Chat Completions and in Responses", async () => {
    stage.github.answer = () => TWO_CALLS;
    const chat = await openai.chat.completions
      .stream({ model: "gpt-5-mini", messages: [{ role: "user", content: "weather?" }], tools: [WEATHER] })
      .finalChatCompletion();
    const calls = chat.choices[0]?.message.tool_calls ?? [];
    expect(calls.map((call) => call.type === "function" && call.function.arguments)).toEqual([
      '{"city": "Rome"}',
      '{"city":"Oslo"}',
    ]);
    expect(chat.choices[0]?.finish_reason).toBe("tool_calls");
    const response = await openai.responses
      .stream({
        model: "gpt-5-mini",
        input: "weather?",
        tools: [{ type: "function", name: "get_weather", parameters: PARAMETERS, strict: false }],
      })
      .finalResponse();
    expect(
      response.output.flatMap((item) => (item.type === "function_call" ? [item.name, item.call_id] : [])),
    ).toEqual(["get_weather", "call_a", "get_weather", "call_b"]);
    expect(stage.github.asked).toHaveLength(2);
  });

  it("streams parallel tool calls to the Anthropic SDK, and goes on from their results without a new premium request", async () => {
    stage.github.answer = () => TWO_CALLS;
    const tools = [{ name: "get_weather", description: "The weather", input_schema: PARAMETERS }];
    const question = { role: "user" as const, content: "weather?" };
    const base = { model: "claude-sonnet-4.5", max_tokens: 500, tools, system: "Be brief." };
    const first = await anthropic.messages.stream({ ...base, messages: [question] }).finalMessage();
    expect(first.stop_reason).toBe("tool_use");
    const uses = first.content.flatMap((block) => (block.type === "tool_use" ? [block] : []));
    expect(uses.map(({ input }) => input)).toEqual([{ city: "Rome" }, { city: "Oslo" }]);
    const results = uses.map(({ id }, at) => ({
      type: "tool_result" as const,
      tool_use_id: id,
      content: at === 0 ? "sunny" : "rain",
    }));
    stage.github.answer = () => [{ content: "Sunny in Rome, rain in Oslo." }];
    const second = await anthropic.messages
      .stream({
        ...base,
        messages: [
          question,
          { role: "assistant", content: first.content },
          { role: "user", content: results },
        ],
      })
      .finalMessage();
    expect(second.content.map((block) => block.type === "text" && block.text)).toEqual([
      "Sunny in Rome, rain in Oslo.",
    ]);
    const [asked, again] = stage.github.asked;
    expect(asked?.headers["x-initiator"]).toBe("user");
    expect(again?.headers["x-initiator"]).toBe("agent");
    const said = (again?.body.messages ?? []).map(({ role, content, tool_calls, tool_call_id }) => ({
      role,
      content,
      ...(tool_call_id === undefined ? {} : { tool_call_id }),
      ...(Array.isArray(tool_calls)
        ? {
            calls: tool_calls.map((call) => [
              call.id,
              call.function.name,
              JSON.parse(call.function.arguments),
            ]),
          }
        : {}),
    }));
    expect(said).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "weather?" },
      {
        role: "assistant",
        content: "Let me look.",
        calls: [
          ["call_a", "get_weather", { city: "Rome" }],
          ["call_b", "get_weather", { city: "Oslo" }],
        ],
      },
      { role: "tool", content: "sunny", tool_call_id: "call_a" },
      { role: "tool", content: "rain", tool_call_id: "call_b" },
    ]);
  });

  it("hands a call of a tool that is not there to the client, runs nothing and asks no second time", async () => {
    stage.github.answer = () => [
      {
        tool_calls: [
          {
            index: 0,
            id: "call_z",
            type: "function",
            function: { name: "bash", arguments: '{"command":"touch /tmp/x"}' },
          },
        ],
      },
    ];
    const answer = (await (await stage.chat({ tools: [WEATHER] })).json()) as OpenAI.ChatCompletion;
    const [call] = answer.choices[0]?.message.tool_calls ?? [];
    expect(call?.type === "function" && call.function.name).toBe("bash");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(stage.github.asked).toHaveLength(1);
  });

  it("declares only the client's tools", async () => {
    await (await stage.chat({ tools: [WEATHER] })).text();
    await (await stage.chat({})).text();
    expect(stage.github.asked.map(({ body }) => body.tools?.map((tool) => tool.function.name) ?? [])).toEqual(
      [["get_weather"], []],
    );
  });

  it("takes tools of the client's that are named as the runtime's own, and runs none of them", async () => {
    const folder = temporaryFolder();
    const touched = join(folder.path, "touched");
    const names = ["bash", "view", "create", "edit", "grep", "glob", "task", "web_fetch"];
    const tools = names.map((name) => ({ type: "function", function: { name, parameters: PARAMETERS } }));
    const args = JSON.stringify({ command: `touch ${touched}`, description: "d" });
    stage.github.answer = () => [
      {
        tool_calls: [
          { index: 0, id: "call_b", type: "function", function: { name: "bash", arguments: args } },
        ],
      },
    ];
    const response = await stage.chat({ tools });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    const [call] = (JSON.parse(text) as OpenAI.ChatCompletion).choices[0]?.message.tool_calls ?? [];
    expect(call?.type === "function" && [call.function.name, call.function.arguments]).toEqual([
      "bash",
      args,
    ]);
    expect(stage.github.asked.map(({ body }) => body.tools?.map((tool) => tool.function.name))).toEqual([
      names,
    ]);
    // What is asked after it has gone through the same runtime.
    await (await stage.chat({})).text();
    expect(existsSync(touched)).toBe(false);
    folder.remove();
  });

  it("sends what was said before as it was said, with an image", async () => {
    const content = [
      { type: "text", text: "what is it?" },
      { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}` } },
    ];
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "hi" },
      { role: "assistant", content: "hey \u{1f44b} “you”" },
      { role: "user", content },
    ];
    const text = await (await stage.chat({ messages })).text();
    expect(text).toContain("Hello there");
    const sent = stage.github.asked[0]?.body.messages ?? [];
    expect(sent.slice(0, 3).map(({ content: said }) => said)).toEqual([
      "Be brief.",
      "hi",
      "hey \u{1f44b} “you”",
    ]);
    expect(JSON.stringify(sent[3])).toContain("what is it?");
    expect(JSON.stringify(sent[3])).toContain("data:image/");
  });

  it("leaves nothing out of a conversation that is longer than the model's window", async () => {
    const call = { id: "c0", type: "function", function: { name: "get_weather", arguments: "{}" } };
    const messages = [
      { role: "user", content: "weather?" },
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "c0", content: "rain ".repeat(200_000) },
    ];
    stage.github.answer = () => [{ status: 400, error: "prompt is too long" }];
    const response = await stage.chat({ messages, tools: [WEATHER] });
    // GitHub says that it is too long; shortened, it would be answered as if nothing were missing.
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("prompt is too long");
    const sent = stage.github.asked[0]?.body.messages ?? [];
    expect(sent.filter(({ role }) => role !== "system")).toHaveLength(3);
  });

  it("gives an answer that is cut, by its limit or otherwise, once and as it is", async () => {
    const choice = async () => {
      const answer = (await (await stage.chat({})).json()) as OpenAI.ChatCompletion;
      return answer.choices[0];
    };
    stage.github.answer = () => [{ content: "Hello" }, { content: " there" }, { finish: "length" }];
    expect(await choice()).toMatchObject({ finish_reason: "length", message: { content: "Hello there" } });
    stage.github.answer = () => [{ content: "Hello" }, "end"];
    expect((await stage.chat({})).status).toBe(502);
    // It would be asked again after a second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const begun = stage.github.asked.map(({ body }) => body.messages?.at(-1)?.content);
    expect(begun.filter((content) => content === "hello")).toHaveLength(2);
    // Of what the runtime adds by itself the first may be on its way before it hears that it is over.
    expect(begun.length).toBeLessThanOrEqual(3);
  });

  it("offers tools whatever their schema is, and names what of it cannot be said", async () => {
    const tool = (name: string, parameters: object) => ({ type: "function", function: { name, parameters } });
    const value = { type: "string" };
    const tools = [
      tool("empty", {}),
      tool("untyped", { properties: { value } }),
      tool("maybe", { type: ["object", "null"], properties: { value } }),
      tool("either", { anyOf: [{ type: "object", properties: { value } }, { type: "null" }] }),
    ];
    const response = await stage.chat({ tools });
    expect(response.status).toBe(200);
    const sent = stage.github.asked[0]?.body.tools ?? [];
    expect(sent.map((one) => one.function.name)).toEqual(["empty", "untyped", "maybe", "either"]);
    expect(JSON.stringify(sent.slice(1)).match(/"value":\{"type":"string"\}/g)).toHaveLength(3);
    expect(response.headers.get("x-postern-dropped")).toBe("schema.anyOf");
  });

  it("names what the SDK has no word for", async () => {
    const response = await stage.chat({
      temperature: 0.2,
      max_tokens: 10,
      stop: ["x"],
      tool_choice: "required",
      tools: [WEATHER],
    });
    await response.text();
    expect(response.headers.get("x-postern-dropped")?.split(", ").sort()).toEqual([
      "max_tokens",
      "stop",
      "temperature",
      "tool_choice",
    ]);
    expect((await stage.chat({})).headers.get("x-postern-dropped")).toBeNull();
  });

  it("carries a JSON schema", async () => {
    const schema = {
      type: "object",
      properties: { a: { type: "string" } },
      required: ["a"],
      additionalProperties: false,
    };
    const response_format = { type: "json_schema", json_schema: { name: "thing", schema, strict: true } };
    await (await stage.chat({ response_format })).text();
    expect(JSON.stringify(stage.github.asked[0]?.body.response_format)).toContain(
      '"additionalProperties":false',
    );
  });

  it("never lets a model be replaced: one that nobody has is a 404, one that has gone as well", async () => {
    const unknown = await stage.chat({ model: "copilot/no-such-model" });
    expect(unknown.status).toBe(404);
    expect(await unknown.text()).toContain("no-such-model");
    const { models } = stage.github;
    stage.github.models = models.filter((model) => (model as { id: string }).id !== "claude-sonnet-4.5");
    try {
      // A runtime that has listed the models keeps its list for a while; it may let the model be asked for itself.
      const gone = await stage.chat({ model: "claude-sonnet-4.5" });
      const text = await gone.text();
      const asked = stage.github.asked.map(({ body }) => body.model);
      expect(
        asked.every((model) => model === "claude-sonnet-4.5"),
        asked.join(),
      ).toBe(true);
      if (asked.length === 0) {
        expect(gone.status).toBe(404);
        expect(text).toContain("replaced");
      }
    } finally {
      stage.github.models = models;
    }
    expect(stage.github.asked.filter(({ body }) => body.model === "gpt-5-mini")).toEqual([]);
  });

  it("serves the subscription's models under other tools' names of it, and not the one that chooses by itself", async () => {
    expect(await stage.ids()).toEqual([
      "gpt-5-mini",
      "claude-sonnet-4.5",
      "copilot/gpt-5-mini",
      "copilot/claude-sonnet-4.5",
    ]);
    expect((await stage.chat({ model: "github/gpt-5-mini" })).status).toBe(200);
    expect((await stage.chat({ model: "auto" })).status).toBe(404);
  });

  it("passes on GitHub's refusals with their status", async () => {
    stage.github.answer = () => [{ status: 429, error: "too many requests" }];
    const limited = await stage.chat({});
    expect(limited.status).toBe(429);
    expect(await limited.text()).toContain("too many requests");
    stage.github.answer = () => [{ status: 402, error: "no more premium requests" }];
    expect((await stage.chat({ stream: true })).status).toBe(402);
  });

  it("stops asking when the client leaves", async () => {
    stage.github.answer = () => Array.from({ length: 400 }, () => ({ content: "word " }));
    const leaving = new AbortController();
    const response = await stage.gateway.fetch("/v1/chat/completions", {
      method: "POST",
      signal: leaving.signal,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "gpt-5-mini",
        stream: true,
        messages: [{ role: "user", content: "go" }],
      }),
    });
    const reader = response.body?.getReader();
    await reader?.read();
    leaving.abort();
    await eventually(() => stage.github.closedEarly > 0, "the end of GitHub's answer");
  });
});
