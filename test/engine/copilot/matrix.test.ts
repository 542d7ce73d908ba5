import { existsSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { asArray, asObject, type JsonObject } from "../../../src/core/json/access";
import { fakeModel, type Step } from "../../support/copilot/fakeGitHub";
import { CopilotStage, newGitHub, REAL_RUNTIME, RUNTIMES } from "../../support/copilot/stage";

const SCHEMA = { type: "object", properties: { city: { type: "string" } } };
const CALL: Step[] = [
  { content: "Look: " },
  {
    tool_calls: [
      { index: 0, id: "call_a", type: "function", function: { name: "look", arguments: '{"city":' } },
    ],
  },
  { tool_calls: [{ index: 0, function: { arguments: '"Rome"}' } }] },
];
const CLIENTS = ["chat", "responses", "messages"] as const;
type Client = (typeof CLIENTS)[number];
const PATHS: Record<Client, string> = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  messages: "/v1/messages",
};

const ENDS: Record<Client, RegExp> = {
  chat: /data: \[DONE\]\n\n$/,
  responses: /event: response\.completed\n/,
  messages: /event: message_stop\n/,
};

/** The same question, with a tool and what it gave before, in each protocol. */
function question(client: Client, stream: boolean, results: boolean, model = "gpt-5-mini"): object {
  if (client === "responses") {
    const past = [
      { type: "function_call", call_id: "c0", name: "look", arguments: '{"city":"Oslo"}' },
      { type: "function_call_output", call_id: "c0", output: "rain" },
    ];
    const input = [{ role: "user", content: "weather?" }, ...(results ? past : [])];
    return { model, stream, input, tools: [{ type: "function", name: "look", parameters: SCHEMA }] };
  }
  if (client === "messages") {
    const past = [
      { role: "assistant", content: [{ type: "tool_use", id: "c0", name: "look", input: { city: "Oslo" } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c0", content: "rain" }] },
    ];
    const messages = [{ role: "user", content: "weather?" }, ...(results ? past : [])];
    return { model, stream, max_tokens: 100, messages, tools: [{ name: "look", input_schema: SCHEMA }] };
  }
  const call = { id: "c0", type: "function", function: { name: "look", arguments: '{"city":"Oslo"}' } };
  const past = [
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "c0", content: "rain" },
  ];
  const messages = [{ role: "user", content: "weather?" }, ...(results ? past : [])];
  return {
    model,
    stream,
    messages,
    tools: [{ type: "function", function: { name: "look", parameters: SCHEMA } }],
  };
}

interface Said {
  text: string;
  thinking: string;
  calls: [id: string, name: string, args: string][];
  stop: unknown;
  tokens: unknown;
}

/** A whole answer in one way for all protocols. */
function read(client: Client, body: JsonObject): Said {
  const said: Said = { text: "", thinking: "", calls: [], stop: undefined, tokens: undefined };
  const usage = asObject(body.usage);
  if (client === "chat") {
    const choice = asObject(asArray(body.choices)[0]);
    const message = asObject(choice.message);
    said.text = String(message.content ?? "");
    said.thinking = String(message.reasoning_content ?? "");
    said.calls = asArray(message.tool_calls).map((call) => {
      const { id, function: made } = asObject(call);
      return [String(id), String(asObject(made).name), String(asObject(made).arguments)];
    });
    said.stop = choice.finish_reason;
    said.tokens = usage.completion_tokens;
    return said;
  }
  for (const item of asArray(client === "messages" ? body.content : body.output).map(asObject)) {
    if (item.type === "text") said.text += item.text;
    if (item.type === "thinking") said.thinking += item.thinking;
    if (item.type === "tool_use")
      said.calls.push([String(item.id), String(item.name), JSON.stringify(item.input)]);
    if (item.type === "message")
      said.text += asArray(item.content)
        .map((part) => asObject(part).text)
        .join("");
    if (item.type === "reasoning")
      said.thinking += asArray(item.summary)
        .map((part) => asObject(part).text)
        .join("");
    if (item.type === "function_call")
      said.calls.push([String(item.call_id), String(item.name), String(item.arguments)]);
  }
  said.stop = client === "messages" ? body.stop_reason : body.status;
  said.tokens = usage.output_tokens;
  return said;
}

describe.each(RUNTIMES)("every protocol to a Copilot subscription by $name", ({ path }) => {
  let stage: CopilotStage;
  beforeAll(async () => {
    stage = await CopilotStage.start({ runtime: path });
    await stage.ids();
  }, 30_000);
  afterAll(() => stage.stop());
  beforeEach(() => {
    stage.github.asked.length = 0;
  });
  const ask = async (client: Client, stream: boolean, results = false) =>
    stage.gateway.post(PATHS[client], question(client, stream, results));

  describe.each(CLIENTS)("%s", (client) => {
    it("gets text with thinking and the usage", async () => {
      stage.github.answer = () => [
        { reasoning_content: "Hm." },
        { content: "Grüße " },
        { content: "\u{1f5fb}" },
      ];
      const said = read(client, asObject(await (await ask(client, false)).json()));
      expect(said).toMatchObject({ text: "Grüße \u{1f5fb}", calls: [], tokens: 7 });
      expect(said.thinking).toBe("Hm.");
    });

    it("gets a call of its tool, and asks with its result as the runtime's own going on", async () => {
      stage.github.answer = () => CALL;
      const said = read(client, asObject(await (await ask(client, false, true)).json()));
      expect(said.text).toBe("Look: ");
      expect(said.calls).toEqual([["call_a", "look", '{"city":"Rome"}']]);
      expect(said.stop).toBe({ chat: "tool_calls", responses: "completed", messages: "tool_use" }[client]);
      const [asked] = stage.github.asked;
      expect(asked?.headers["x-initiator"]).toBe("agent");
      expect(asked?.body.messages?.at(-1)).toMatchObject({
        role: "tool",
        tool_call_id: "c0",
        content: "rain",
      });
      expect(stage.github.asked).toHaveLength(1);
    });

    it("gets the same in a stream that comes to its end", async () => {
      stage.github.answer = () => CALL;
      const text = await (await ask(client, true)).text();
      expect(text).toMatch(ENDS[client]);
      expect(text).toContain("call_a");
      // The arguments as the model wrote them, piece by piece.
      expect(text).toContain(JSON.stringify('{"city":').slice(1, -1));
    });

    it("gets a refusal with its status and in its own shape", async () => {
      stage.github.answer = () => [{ status: 400, error: "this prompt is not allowed" }];
      const response = await ask(client, true);
      expect(response.status).toBe(400);
      const error = asObject(asObject(await response.json()).error);
      expect(error.message).toContain("this prompt is not allowed");
    });
  });
});

/** What GitHub answers in is the runtime's to choose, by what the model's entry names; the fake one has only the first. */
const UPSTREAM = {
  chat: { model: "gpt-5-mini", path: "/chat/completions" },
  responses: { model: "gpt-5.1-codex", path: "/responses" },
  messages: { model: "claude-sonnet-4.5", path: "/v1/messages" },
} as const;

describe.runIf(existsSync(REAL_RUNTIME))("every protocol to every one of GitHub's", () => {
  let stage: CopilotStage;
  beforeAll(async () => {
    const github = await newGitHub();
    github.models = Object.values(UPSTREAM).map(({ model, path }) =>
      fakeModel(model, 1, { supported_endpoints: [path] }),
    );
    stage = await CopilotStage.start({ runtime: REAL_RUNTIME }, github);
    await stage.ids();
  }, 30_000);
  afterAll(() => stage.stop());
  beforeEach(() => {
    stage.github.asked.length = 0;
  });
  const pairs = CLIENTS.flatMap((client) => CLIENTS.map((upstream) => [client, upstream] as const));

  it.each(pairs)("%s gets text, a call and the usage from %s, and goes on", async (client, upstream) => {
    const { model, path } = UPSTREAM[upstream];
    stage.github.answer = () => CALL;
    const first = await stage.gateway.post(PATHS[client], question(client, false, true, model));
    const said = read(client, asObject(await first.json()));
    expect(said).toMatchObject({ text: "Look: ", tokens: 7 });
    expect(said.calls.map(([, name, args]) => [name, JSON.parse(args)])).toEqual([
      ["look", { city: "Rome" }],
    ]);
    expect(stage.github.asked.map((asked) => asked.path)).toEqual([path]);
    expect(JSON.stringify(stage.github.asked[0]?.body)).toContain("rain");
    const streamed = await stage.gateway.post(PATHS[client], question(client, true, false, model));
    const text = await streamed.text();
    expect(text).toContain('"look"');
    expect(text).toMatch(ENDS[client]);
  });

  it.each(pairs)("%s gets a refusal from %s with its status", async (client, upstream) => {
    stage.github.answer = () => [{ status: 400, error: "this prompt is not allowed" }];
    const { model } = UPSTREAM[upstream];
    const response = await stage.gateway.post(PATHS[client], question(client, true, false, model));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("this prompt is not allowed");
  });
});
