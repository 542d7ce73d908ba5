import { describe, expect, it } from "vitest";
import { StreamTap } from "../../../src/core/lane/streamTap";
import { translateError, translateResponse } from "../../../src/core/translation";
import { seenEvents } from "./support/sse";
import {
  chatStream,
  DONE,
  delta,
  fixedSurroundings,
  PLAIN_CONTEXT,
  translated,
  translateStream,
} from "./support/translate";

describe("reasoning details that come in several places of one turn", () => {
  const text = { type: "reasoning.text", text: "hm", format: "google-gemini-v1", index: 0 };
  const encrypted = { type: "reasoning.encrypted", data: "ZW5j", id: "call_1", index: 0 };
  const request = {
    model: "m",
    max_tokens: 9000,
    messages: [{ role: "user", content: "x" }],
    tools: [{ name: "run", input_schema: { type: "object" } }],
  };

  it("all go back to the provider that issued them, in their order", () => {
    const { context } = translated("messages", "chat", request);
    const { text: answer } = translateStream(
      "chat",
      "messages",
      [
        chatStream(
          delta({ reasoning: "hm", reasoning_details: [text] }),
          delta({ content: "Let me see." }),
          delta({
            reasoning_details: [encrypted],
            tool_calls: [{ index: 0, id: "call_1", function: { name: "run", arguments: "{}" } }],
          }),
          delta({}, "tool_calls"),
        ),
        DONE,
      ],
      { context },
    );
    const content: Record<string, unknown>[] = [];
    for (const { json } of seenEvents(answer)) {
      if (json.type === "content_block_start") content.push(json.content_block);
      const block = content.at(-1);
      if (json.delta?.type === "thinking_delta" && block) block.thinking += json.delta.thinking;
      if (json.delta?.type === "text_delta" && block) block.text += json.delta.text;
      if (json.delta?.type === "signature_delta" && block) block.signature = json.delta.signature;
    }
    const results = [{ type: "tool_result", tool_use_id: "call_1", content: "y" }];
    const messages = [
      ...request.messages,
      { role: "assistant", content },
      { role: "user", content: results },
    ];
    const back = translated("messages", "chat", { ...request, messages }).json.messages[1];
    expect(back.reasoning).toBe("hm");
    expect(back.reasoning_details).toEqual([text, encrypted]);
  });
});

describe("an answer whose text and calls come as choices of their own (GitHub Copilot's Claude)", () => {
  const choices = [
    { finish_reason: "tool_calls", message: { role: "assistant", content: "Let me see." } },
    ...["a", "b"].map((name) => ({
      finish_reason: "tool_calls",
      message: {
        role: "assistant",
        tool_calls: [{ id: `call_${name}`, type: "function", function: { name, arguments: "{}" } }],
      },
    })),
  ];
  const answered = (list: object[]) =>
    JSON.parse(
      translateResponse({
        from: "chat",
        to: "messages",
        body: { id: "x", model: "m", choices: list },
        context: PLAIN_CONTEXT,
        ...fixedSurroundings(),
      }).body,
    );

  it("is one answer", () => {
    const { content, stop_reason } = answered(choices);
    expect(content).toMatchObject([
      { type: "text", text: "Let me see." },
      { type: "tool_use", id: "call_a", name: "a" },
      { type: "tool_use", id: "call_b", name: "b" },
    ]);
    expect(stop_reason).toBe("tool_use");
  });

  it("is not one of several answers, which have an index each", () => {
    const { content } = answered(choices.map((choice, index) => ({ ...choice, index })));
    expect(content).toMatchObject([{ type: "text", text: "Let me see." }]);
  });

  it("has its reasoning in a field of its own", () => {
    const { text } = translateStream("chat", "messages", [
      chatStream(delta({ reasoning_text: "hm" }), delta({ content: "so" }), delta({}, "stop")),
      DONE,
    ]);
    const deltas = seenEvents(text).map(({ json }) => json.delta?.thinking ?? json.delta?.text);
    expect(deltas.filter((piece) => piece)).toEqual(["hm", "so"]);
  });
});

describe("Moonshot's usage", () => {
  const usage = { prompt_tokens: 100, completion_tokens: 7, total_tokens: 107 };
  const counts = { inputTokens: 100, outputTokens: 7 };

  it("is found within the choice, also where a stream only passes through", () => {
    const tap = new StreamTap("chat", true);
    const last = { choices: [{ index: 0, delta: {}, finish_reason: "stop", usage }] };
    for (const frame of [chatStream(delta({ content: "x" })), chatStream(last), DONE])
      expect(tap.onFrame(new TextEncoder().encode(frame))).toBe(true);
    expect(tap.usage()).toEqual(counts);
  });
});

describe("an error", () => {
  const told = (body: object, to: "messages" | "responses" = "messages"): string =>
    JSON.parse(
      translateError({ from: "chat", to, status: 400, body: JSON.stringify(body), headers: {} }).body,
    ).error.message;
  const openRouter = (raw: unknown) => ({
    error: { message: "Provider returned error", code: 400, metadata: { raw, provider_name: "X" } },
  });

  it.each([
    ['{"error":{"message":"no such tool"}}'],
    [{ error: { message: "no such tool" } }],
    ["no such tool"],
  ])("of the provider behind OpenRouter is told: %j", (raw) => {
    expect(told(openRouter(raw))).toBe("Provider returned error: no such tool");
  });

  it("of the provider behind OpenRouter is understood", () => {
    const raw = '{"error":{"message":"This model\'s maximum context length is 4097 tokens"}}';
    expect(told(openRouter(raw))).toContain("prompt is too long");
  });

  it("of OpenRouter itself is told once", () => {
    expect(told({ error: { message: "No endpoints found.", code: 404 } })).toBe("No endpoints found.");
    expect(told({ error: { message: "slow down", metadata: { raw: "slow down" } } })).toBe("slow down");
  });

  it("in Cloudflare's list is told", () => {
    const body = { success: false, result: null, errors: [{ code: 5007, message: "No such model" }] };
    expect(told(body)).toBe("No such model");
  });
});

describe("Mistral", () => {
  const provider = { type: "openai", baseUrl: "https://api.mistral.ai/v1" };
  const user = (content: unknown) => ({ role: "user", content });
  const use = { type: "tool_use", id: "toolu_1", name: "run", input: {} };
  const result = (content: unknown) => ({ type: "tool_result", tool_use_id: "toolu_1", content });
  const tools = [{ name: "run", input_schema: { type: "object" } }];
  const roles = (
    last: object[],
    model = "mistral-large-latest",
    from: { type: string; baseUrl: string } = provider,
  ) => {
    const messages = [user("x"), { role: "assistant", content: [use] }, user(last)];
    const body = { model: "m", max_tokens: 99, messages, tools };
    const { json } = translated("messages", "chat", body, { provider: from, model });
    return json.messages.map(({ role }: { role: string }) => role);
  };
  const text = { type: "text", text: "And hurry." };
  const image = { type: "image", source: { type: "url", url: "https://x.example/a.png" } };

  it("is not asked for the usage of a stream, which it tells unasked", () => {
    const body = { model: "m", max_tokens: 99, stream: true, messages: [user("x")] };
    expect(translated("messages", "chat", body, { provider }).json.stream_options).toBeUndefined();
    expect(translated("messages", "chat", body).json.stream_options).toEqual({ include_usage: true });
  });

  it("has no user right behind a tool", () => {
    const spoken = ["user", "assistant", "tool", "assistant", "user"];
    expect(roles([result("y"), text])).toEqual(spoken);
    expect(roles([result([image])])).toEqual(spoken);
    expect(roles([result("y")])).toEqual(["user", "assistant", "tool"]);
    const router = { type: "openai", baseUrl: "https://openrouter.ai/api/v1" };
    expect(roles([result("y"), text], "mistralai/devstral-medium", router)).toEqual(spoken);
    expect(roles([result("y"), text], "some-model", router)).toEqual(["user", "assistant", "tool", "user"]);
  });

  it("is not asked for log probabilities, as Groq is not", () => {
    const body = { model: "m", input: "x", include: ["message.output_text.logprobs"], top_logprobs: 2 };
    const groq = { type: "openai", baseUrl: "https://api.groq.com/openai/v1" };
    for (const to of [provider, groq]) {
      const { json, dropped } = translated("responses", "chat", body, { provider: to });
      expect(json.logprobs).toBeUndefined();
      expect(dropped).toEqual(["logprobs", "top_logprobs"]);
    }
  });
});

describe("models that take no word on parallel calls", () => {
  const tools = [{ type: "function", name: "f", parameters: {}, strict: false }];
  const asked = (parallel: boolean, model: string, baseUrl: string) => {
    const body = { model: "m", input: "x", tools, parallel_tool_calls: parallel };
    const { json, dropped } = translated("responses", "chat", body, {
      provider: { type: "openai", baseUrl },
      model,
    });
    return { said: json.parallel_tool_calls, dropped };
  };

  it.each([
    ["o4-mini", "https://api.openai.com/v1"],
    ["gpt-oss-120b", "https://api.cerebras.ai/v1"],
  ])("are not told: %s", (model, baseUrl) => {
    expect(asked(false, model, baseUrl)).toEqual({ said: undefined, dropped: ["parallel_tool_calls"] });
    // It is what they do where nothing is said.
    expect(asked(true, model, baseUrl)).toEqual({ said: undefined, dropped: [] });
  });

  it("are few", () => {
    expect(asked(false, "gpt-5.4", "https://api.openai.com/v1")).toEqual({ said: false, dropped: [] });
  });
});

describe("a tool without parameters", () => {
  const body = {
    model: "m",
    input: "x",
    tools: [{ type: "function", name: "f", parameters: null, strict: false }],
  };
  const parameters = (baseUrl: string) =>
    translated("responses", "chat", body, { provider: { type: "openai", baseUrl } }).json.tools[0].function
      .parameters;

  it("has none, in the words that servers want", () => {
    expect(parameters("https://llm.example.com/v1")).toEqual({ type: "object", properties: {} });
    expect(parameters("https://generativelanguage.googleapis.com/v1beta/openai")).toBeUndefined();
  });
});
