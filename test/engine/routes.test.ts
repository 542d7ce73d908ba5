import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Gateway, providerEntry } from "../support/gateway";
import { json, type Player, ReplayProvider, stream } from "../support/replayProvider";

const answer = (text: string) =>
  json({
    id: "c1",
    object: "chat.completion",
    model: "upstream",
    choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
    usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  });
const refusal = (status: number, message: string, headers = {}, code?: string) =>
  json({ error: { message, type: "x", code } }, status, headers);
const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const ask = { messages: [{ role: "user", content: "hi" }] };

let one: ReplayProvider;
let two: ReplayProvider;
let gateway: Gateway;

const target = (provider: string) => ({ model: `${provider}/model-a` });
const ROUTES = [
  { name: "fast", targets: [target("one"), target("two")] },
  { name: "turns", strategy: "round-robin", affinity: false, targets: [target("one"), target("two")] },
  { name: "sticky", strategy: "round-robin", targets: [target("one"), target("two")] },
  { name: "single", targets: [target("one")] },
  { name: "beside", targets: [{ model: "one/model-b" }, target("two")] },
  { name: "half", targets: [{ model: "nowhere/x" }, target("two")] },
  { name: "lost", targets: [{ model: "nowhere/x" }] },
  { match: "gpt-4", targets: [target("two")] },
  { name: "model-a", targets: [target("two")] },
  { name: "sized", targets: [{ model: "sizes/large" }, { model: "sizes/small" }, { model: "nowhere/x" }] },
  { name: "nested", targets: [{ model: "fast" }] },
  { match: "claude-*", targets: [target("claude")] },
  { name: "talks", strategy: "round-robin", targets: [target("other-claude"), target("claude")] },
];

beforeAll(async () => {
  one = await ReplayProvider.start(answer("one"));
  two = await ReplayProvider.start(answer("two"));
});
afterAll(async () => {
  await one.stop();
  await two.stop();
});

// A gateway for each test: what it has learnt of a target is part of what is tested.
beforeEach(async () => {
  one.play = answer("one");
  two.play = answer("two");
  one.requests.length = 0;
  two.requests.length = 0;
  gateway = await Gateway.start({
    providers: [
      providerEntry(one.url, { id: "one" }),
      providerEntry(two.url, { id: "two" }),
      providerEntry(two.url, { id: "claude", type: "anthropic" }),
      providerEntry(one.url, { id: "other-claude", type: "anthropic" }),
      providerEntry(two.url, {
        id: "sizes",
        models: [
          { id: "large", contextWindow: 128_000 },
          { id: "small", contextWindow: 32_000 },
        ],
      }),
    ],
    config: { routes: ROUTES, routing: { maxAttempts: 3, maxWaitSeconds: 3 } },
  });
});
afterEach(() => gateway.stop());

const post = (model: string, more: object = {}, headers = {}) =>
  gateway.post("/v1/chat/completions", { model, ...ask, ...more }, headers);
const said = async (response: Response) => {
  const body = (await response.json()) as { choices?: { message: { content: string } }[] };
  return body.choices?.[0]?.message.content;
};
const once = (first: Player, then: Player): Player => {
  let calls = 0;
  return (exchange) => (calls++ === 0 ? first(exchange) : then(exchange));
};

describe("a route", () => {
  it("is a model id that its first target answers to, and is listed first", async () => {
    const response = await post("fast");
    expect(await said(response)).toBe("one");
    expect(response.headers.get("x-postern-provider")).toBe("one");
    expect(response.headers.get("x-postern-attempts")).toBe("1");
    expect(JSON.parse((await one.last.body).toString()).model).toBe("model-a");
    const { data } = (await (await gateway.fetch("/v1/models")).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id).slice(0, 7)).toEqual([
      "fast",
      "turns",
      "sticky",
      "single",
      "beside",
      "half",
      "lost",
    ]);
    expect((await gateway.fetch("/v1/models/fast")).status).toBe(200);
  });

  it.each([
    ["500", refusal(500, "broken")],
    ["529", refusal(529, "overloaded")],
    ["429", refusal(429, "slow down", { "retry-after": "60" })],
    ["401", refusal(401, "bad key")],
    ["404 for the model", refusal(404, "The model `model-a` does not exist", {}, "model_not_found")],
    ["400 for the length", refusal(400, "too long", {}, "context_length_exceeded")],
    ["a closed connection", ({ response }: Parameters<Player>[0]) => response.destroy()],
    [
      "a web page",
      ({ response }: Parameters<Player>[0]) =>
        response.writeHead(200, { "content-type": "text/html" }).end("<p>"),
    ],
  ])("goes on to the next target after %s", async (_, player) => {
    one.play = player;
    const response = await post("fast");
    expect(await said(response)).toBe("two");
    expect(response.headers.get("x-postern-attempts")).toBe("2");
    expect(response.headers.get("x-postern-provider")).toBe("two");
    expect(one.requests).toHaveLength(1);
  });

  it("does not try a request again that nobody could answer, and passes the refusal on to the byte", async () => {
    one.play = refusal(400, "messages: must not be empty", { "x-ratelimit-remaining-requests": "7" });
    const response = await post("fast");
    expect(response.status).toBe(400);
    expect(await response.text()).toBe(
      JSON.stringify({ error: { message: "messages: must not be empty", type: "x" } }),
    );
    expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("7");
    expect(two.requests).toHaveLength(0);
  });

  it("tells the last refusal when every target refuses, with its retry-after, after no more than maxAttempts", async () => {
    one.play = refusal(503, "down", { "retry-after": "100" });
    two.play = refusal(429, "slow", { "retry-after": "90" });
    const response = await post("fast");
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("90");
    expect(one.requests.length + two.requests.length).toBe(2);
  });

  it("gives a failing target up to maxAttempts tries when there is no other", async () => {
    one.play = once(refusal(500, "x"), once(refusal(502, "x"), answer("late")));
    const response = await post("single");
    expect(await said(response)).toBe("late");
    expect(response.headers.get("x-postern-attempts")).toBe("3");
    one.play = refusal(500, "x");
    one.requests.length = 0;
    expect((await post("single")).status).toBe(500);
    expect(one.requests).toHaveLength(3);
  });

  it("asks many targets for one answer without a word of warning from Node", async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `p${index}`);
    const many = await Gateway.start({
      providers: ids.map((id) => providerEntry(one.url, { id })),
      config: { routes: [{ name: "many", targets: ids.map(target) }], routing: { maxAttempts: 10 } },
    });
    one.play = refusal(500, "broken");
    const response = await many.post("/v1/chat/completions", { model: "many", ...ask });
    expect(response.status).toBe(500);
    expect(response.headers.get("x-postern-attempts")).toBe("10");
    // None a second time while there is one that was not asked yet.
    expect(response.headers.get("x-postern-provider")).toBe("p9");
    expect(one.requests).toHaveLength(10);
    await many.stop();
    expect(many.stderr).not.toContain("MaxListenersExceededWarning");
  });

  it("waits for a limited provider where no other is free", async () => {
    one.play = once(refusal(429, "slow", { "retry-after": "1" }), answer("at last"));
    expect(await said(await post("single"))).toBe("at last");
    expect(one.requests).toHaveLength(2);
  });

  it("waits as well where the limit is told with a web page, as by a network in front of a provider", async () => {
    const page: Player = ({ response }) =>
      response.writeHead(429, { "content-type": "text/html" }).end("<p>Too many requests</p>");
    one.play = once(page, answer("at last"));
    const began = performance.now();
    expect(await said(await post("single"))).toBe("at last");
    expect(performance.now() - began).toBeGreaterThan(1_500);
  });

  it("waits for as long as such a page's headers say, and tells the client where nobody waits", async () => {
    const page =
      (headers: Record<string, string>): Player =>
      ({ response }) =>
        response.writeHead(429, { "content-type": "text/html", ...headers }).end("<p>Too many requests</p>");
    one.play = page({ "retry-after": "60" });
    expect(await said(await post("fast"))).toBe("two");
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await said(await post("fast", {}, { "session-id": "another" }))).toBe("two");
    expect(one.requests).toHaveLength(1);
    const response = await post("one/model-b");
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "60"]);
    one.play = page({ "retry-after-ms": "1200" });
    expect((await post("one/model-b")).headers.get("retry-after")).toBe("2");
  });

  it("does not ask a limited target again before its time", async () => {
    one.play = refusal(429, "slow", { "retry-after": "60" });
    await (await post("fast")).text();
    expect(one.requests).toHaveLength(1);
    expect(await said(await post("fast"))).toBe("two");
    expect(one.requests).toHaveLength(1);
  });

  it("nor one that failed and said when to come again", async () => {
    one.play = refusal(503, "overloaded", { "retry-after": "60" });
    for (const session of ["a", "b"])
      expect(await said(await post("fast", {}, { "session-id": session }))).toBe("two");
    expect(one.requests).toHaveLength(1);
  });

  it("leaves a target alone that fails again and again", async () => {
    one.play = refusal(500, "x");
    for (let turn = 0; turn < 5; turn += 1) {
      const response = await post("fast", {}, { "session-id": `another-${turn}` });
      expect(await said(response)).toBe("two");
    }
    expect(one.requests).toHaveLength(3);
  });

  it("never goes on once the client has content, and ends the stream as an error", async () => {
    one.play = async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chunk({ role: "assistant", content: "begun" }));
      setTimeout(() => response.destroy(), 20);
    };
    const text = await (await post("fast", { stream: true })).text();
    expect(text).toContain("begun");
    expect(text).toMatch(/"error"/);
    expect(two.requests).toHaveLength(0);
  });

  it("goes on after a stream that fails in its first event, even behind a comment", async () => {
    one.play = stream([": processing\n\n", 'data: {"error":{"message":"overloaded","code":503}}\n\n']);
    two.play = stream([chunk({ content: "two" }), chunk({}, "stop"), "data: [DONE]\n\n"]);
    const response = await post("fast", { stream: true });
    const text = await response.text();
    expect(text).toBe(`${chunk({ content: "two" }) + chunk({}, "stop")}data: [DONE]\n\n`);
    expect(response.headers.get("x-postern-attempts")).toBe("2");
  });

  it.each([
    [
      "fails",
      [chunk({ role: "assistant", content: "" }), 'data: {"error":{"message":"overloaded","code":503}}\n\n'],
    ],
    ["breaks off", [chunk({ role: "assistant", content: null })]],
    [
      "fails behind what Azure's filter says",
      [
        'data: {"id":"","object":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]}\n\n',
        'data: {"error":{"message":"overloaded","code":503}}\n\n',
      ],
    ],
  ])("goes on after a stream that has named its role and %s before it said a word", async (_, events) => {
    one.play = stream(events);
    two.play = stream([chunk({ content: "two" }), chunk({}, "stop"), "data: [DONE]\n\n"]);
    const response = await post("fast", { stream: true });
    expect(await response.text()).toBe(`${chunk({ content: "two" }) + chunk({}, "stop")}data: [DONE]\n\n`);
    expect(response.headers.get("x-postern-attempts")).toBe("2");
  });

  it("tells a stream's early failure as it came when nothing else is left", async () => {
    const failure = ': processing\n\ndata: {"error":{"message":"no such thing","code":400}}\n\n';
    one.play = stream([failure]);
    const response = await post("fast", { stream: true });
    expect(await response.text()).toBe(failure);
    expect(two.requests).toHaveLength(0);
  });

  it("takes its targets in turn", async () => {
    const answers = [];
    for (let turn = 0; turn < 4; turn += 1) answers.push(await said(await post("turns")));
    expect(answers).toEqual(["one", "two", "one", "two"]);
  });

  it("and counting tokens takes nobody's turn", async () => {
    const answers = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const counted = await gateway.post("/v1/messages/count_tokens", { model: "turns", ...ask });
      expect(counted.status).toBe(200);
      answers.push(await said(await post("turns")));
    }
    expect(answers).toEqual(["one", "two", "one", "two"]);
  });

  it("and counting tokens settles no conversation where it was counted", async () => {
    one.play = two.play = (exchange) =>
      (exchange.path.includes("count_tokens")
        ? json({ input_tokens: 3 })
        : json({ id: "m", type: "message", role: "assistant", content: [], stop_reason: "end_turn" }))(
        exchange,
      );
    const homes = [];
    for (const session of ["a", "b", "c", "d"]) {
      const body = { model: "talks", max_tokens: 10, ...ask };
      const headers = { "x-claude-code-session-id": session };
      const counted = await gateway.post("/v1/messages/count_tokens", body, headers);
      expect(await counted.json()).toEqual({ input_tokens: 3 });
      const answered = await gateway.post("/v1/messages", body, headers);
      homes.push(answered.headers.get("x-postern-provider"));
    }
    expect(homes).toEqual(["other-claude", "claude", "other-claude", "claude"]);
  });

  it("keeps a conversation on its target while that is well, by session or by how it begins", async () => {
    const turn = async (session: string) => said(await post("sticky", {}, { "session-id": session }));
    const first = await turn("a");
    const second = await turn("b");
    expect([first, second].sort()).toEqual(["one", "two"]);
    for (let index = 0; index < 3; index += 1) {
      expect(await turn("a")).toBe(first);
      expect(await turn("b")).toBe(second);
    }
    const opening = { role: "user", content: "begin" };
    const home = await said(await post("sticky", { messages: [opening] }));
    const grown = [opening, { role: "assistant", content: "yes" }, { role: "user", content: "more" }];
    for (let index = 0; index < 3; index += 1)
      expect(await said(await post("sticky", { messages: grown }))).toBe(home);
    (first === "one" ? one : two).play = refusal(500, "x");
    expect(await turn("a")).toBe(second);
  });

  it("passes over a target that does not exist, and says so where none does", async () => {
    expect(await said(await post("half"))).toBe("two");
    const response = await post("lost");
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("nowhere/x");
    expect(gateway.stderr).toMatch(/route \\?"half\\?" cannot use nowhere\/x/);
  });

  it("stands for other ids by a pattern, but not for a provider's own address", async () => {
    expect(await said(await post("gpt-4"))).toBe("two");
    expect(two.last.path).toBe("/v1/chat/completions");
    two.play = json({
      id: "m",
      type: "message",
      role: "assistant",
      model: "model-a",
      content: [{ type: "text", text: "from messages" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 1, output_tokens: 1 },
    });
    expect(await said(await post("claude-opus-9"))).toBe("from messages");
    expect(two.last.path).toBe("/v1/messages");
    expect((await post("claude/claude-opus-9")).status).toBe(404);
  });

  it("lets a client that leaves while it waits go, and asks nobody again", async () => {
    one.play = refusal(429, "slow", { "retry-after": "2" });
    const leaving = new AbortController();
    const asked = one.next();
    const request = gateway.fetch("/v1/chat/completions", {
      method: "POST",
      body: JSON.stringify({ model: "single", ...ask }),
      signal: leaving.signal,
    });
    await (await asked).closed;
    leaving.abort();
    await expect(request).rejects.toThrow();
    // Longer than it would have waited for its target.
    await new Promise((resolve) => setTimeout(resolve, 2_300));
    expect(one.requests).toHaveLength(1);
  });
});

describe("what is told of a route", () => {
  it("its name is among those that may have been meant", async () => {
    const response = await post("fsat");
    expect(response.status).toBe(404);
    expect(await response.text()).toMatch(/Did you mean fast[?,]/);
  });

  it("it stands before a model of its name, which is reached by its provider", async () => {
    expect(await said(await post("model-a"))).toBe("two");
    expect(await said(await post("one/model-a"))).toBe("one");
  });

  it("its limits are the smallest of its targets', and Claude Code's picker is given a name that it shows", async () => {
    type Listed = { id: string; context_window?: number; display_name?: string; max_input_tokens?: number };
    const listed = async (headers: Record<string, string> = {}) => {
      const response = await gateway.fetch("/v1/models", { headers });
      return ((await response.json()) as { data: Listed[] }).data;
    };
    const find = (models: readonly Listed[], id: string) => models.find((model) => model.id === id);
    expect(find(await listed(), "sized")?.context_window).toBe(32_000);
    expect(find(await listed(), "fast")).not.toHaveProperty("context_window");
    const anthropic = await listed({ "anthropic-version": "2023-06-01" });
    expect(find(anthropic, "claude-via-postern/sized")).toMatchObject({
      display_name: "sized (route)",
      max_input_tokens: 32_000,
    });
    const response = await post("claude-via-postern/fast");
    expect(await said(response)).toBe("one");
    expect(response.headers.get("x-postern-attempts")).toBe("1");
  });

  it("it cannot lead to another route", async () => {
    const response = await post("nested");
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("leads to models only");
    expect(one.requests).toHaveLength(0);
  });

  it("a key that may not use one model is still used for another", async () => {
    one.play = refusal(403, "no access to model-a");
    expect(await said(await post("fast"))).toBe("two");
    one.play = answer("one");
    expect(await said(await post("beside"))).toBe("one");
  });
});

describe("a model addressed by itself", () => {
  it("has its provider's refusal passed on at once: clients try again by themselves", async () => {
    one.play = refusal(429, "slow", { "retry-after": "1" });
    const response = await post("one/model-a");
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(response.headers.get("x-postern-attempts")).toBeNull();
    expect(one.requests).toHaveLength(1);
  });

  it("is waited for where the client never tries again", async () => {
    one.play = once(refusal(429, "slow", { "retry-after": "1" }), answer("at last"));
    const response = await post("one/model-a", {}, { "user-agent": "codex_cli_rs/0.1" });
    expect(await said(response)).toBe("at last");
  });
});
