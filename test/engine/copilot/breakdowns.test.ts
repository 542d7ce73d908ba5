import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CopilotStage, ONE, RUNTIMES } from "../../support/copilot/stage";
import { eventually } from "../../support/waiting";

const [fake = { path: "" }] = RUNTIMES;

/** What a stream that was broken off must end with, in each protocol. */
const ENDS = {
  "/v1/chat/completions": /"error":\{/,
  "/v1/responses": /event: response\.failed/,
  "/v1/messages": /event: error/,
};

function body(path: string): object {
  const model = "gpt-5-mini";
  if (path === "/v1/responses") return { model, stream: true, input: "go" };
  return { model, stream: true, max_tokens: 100, messages: [{ role: "user", content: "go" }] };
}

describe("a fake Copilot runtime that goes wrong", () => {
  let stage: CopilotStage;
  beforeAll(async () => {
    stage = await CopilotStage.start({ runtime: fake.path });
    await stage.ids();
  });
  afterAll(() => stage.stop());

  it.each(Object.entries(ENDS))(
    "ends the stream on %s properly when it is killed, and serves the next",
    async (path, end) => {
      stage.github.answer = () => [{ content: "one " }, { content: "KILL_RUNTIME" }, { content: "three" }];
      const response = await stage.gateway.post(path, body(path));
      expect(response.status).toBe(200);
      const text = await response.text();
      expect(text).toContain("one ");
      expect(text).toMatch(end);
      expect(text).toContain("runtime has ended unexpectedly");
      expect(text).not.toContain("[DONE]");
      stage.github.answer = () => [{ content: "again" }];
      expect(await (await stage.gateway.post(path, body(path))).text()).toContain("again");
    },
  );

  it("answers with a status when it is killed before the first word", async () => {
    stage.github.answer = () => [
      {
        tool_calls: [
          { index: 0, id: "c", type: "function", function: { name: "w", arguments: "KILL_RUNTIME" } },
        ],
      },
    ];
    const response = await stage.chat({ stream: true });
    await response.text();
    stage.github.answer = () => [{ content: "again" }];
    expect(await (await stage.chat({})).text()).toContain("again");
  });

  it("ends requests and is started anew when it does not answer any more", { timeout: 40_000 }, async () => {
    stage.github.answer = () => [{ content: "one " }, { content: "FREEZE_RUNTIME" }, { content: "three" }];
    const text = await (await stage.chat({ stream: true })).text();
    expect(text).toContain("one ");
    expect(text).toMatch(/runtime does not answer/);
    stage.github.answer = () => [{ content: "again" }];
    expect(await (await stage.chat({})).text()).toContain("again");
  });
});

describe.each(RUNTIMES)("an answer that breaks off, by $name", ({ path }) => {
  let stage: CopilotStage;
  beforeAll(async () => {
    stage = await CopilotStage.start({ runtime: path });
    await stage.ids();
  });
  afterAll(() => stage.stop());

  it("is an error to the client, not a second beginning", async () => {
    stage.github.asked.length = 0;
    stage.github.answer = () => [{ content: "one " }, { content: "two " }, "cut"];
    const text = await (await stage.chat({ stream: true })).text();
    expect(text.match(/"content":"one "/g)).toHaveLength(1);
    expect(text).toContain('"error":{');
    expect(text).not.toContain("[DONE]");
    expect(stage.github.asked.length).toBeLessThanOrEqual(2);
  });

  it("tells of a token that was revoked meanwhile", async () => {
    stage.github.answer = ({ token }) => {
      const account = stage.github.accounts.get(token);
      if (account) account.revoked = true;
      return [{ content: "one " }, "cut"];
    };
    const text = await (await stage.chat({ stream: true })).text();
    expect(text).toContain('"error":{');
    stage.github.answer = () => [{ content: "fine" }];
    const next = await stage.chat({});
    expect(next.status).toBe(401);
    expect(await next.text()).not.toContain(ONE);
    const account = stage.github.accounts.get(ONE);
    if (account) account.revoked = false;
    await eventually(async () => (await stage.chat({})).status === 200, "the account's return");
  });
});

describe.each(RUNTIMES)("GitHub that stalls, by $name", ({ path }) => {
  let stage: CopilotStage;
  beforeAll(async () => {
    stage = await CopilotStage.start({
      runtime: path,
      provider: { timeouts: { firstByteSeconds: 1, betweenBytesSeconds: 0.5 } },
    });
    await stage.ids();
  });
  afterAll(() => stage.stop());

  it("between two pieces is given up in the provider's time, and let go", async () => {
    stage.github.answer = () => [{ content: "one " }, "stall"];
    const left = stage.github.closedEarly;
    const text = await (await stage.chat({ stream: true })).text();
    expect(text).toContain("one ");
    expect(text).toMatch(/"code":"provider_timeout"/);
    expect(text).not.toContain("[DONE]");
    await eventually(() => stage.github.closedEarly > left, "GitHub's answer to be left");
    stage.github.answer = () => [{ content: "again" }];
    expect(await (await stage.chat({})).text()).toContain("again");
  });

  it("before the first is a status", async () => {
    stage.github.answer = () => ["stall"];
    const response = await stage.chat({ stream: true });
    expect([response.status, await response.text()]).toEqual([504, expect.stringContaining("in time")]);
  });
});
