import { describe, expect, it } from "vitest";
import { createAnswerReader } from "../../../src/core/copilot/answer";
import { isCopilotFault } from "../../../src/core/copilot/contract";
import { rpcFault, sessionFault } from "../../../src/core/copilot/faults";
import { copilotModels, isSameModel, unitedModels } from "../../../src/core/copilot/models";
import { copilotQuota } from "../../../src/core/copilot/quota";
import { maskedToken, tokenFault } from "../../../src/core/copilot/tokens";

const event = (type: string, data: object = {}) => ({ type, data });

function statusOf(run: () => unknown): number {
  try {
    run();
  } catch (thrown) {
    if (isCopilotFault(thrown)) return thrown.error.status;
    throw thrown;
  }
  return 0;
}

describe("a session's events as an answer", () => {
  it("gives a call whose arguments did not stream all at once, and ends there", () => {
    const reader = createAnswerReader("m");
    const toolRequests = [{ toolCallId: "a", name: "look", arguments: { at: 1 } }];
    const events = reader.read(event("assistant.message", { model: "m", content: "", toolRequests }));
    expect(events).toEqual([
      { type: "start", model: "m" },
      { type: "toolStart", call: 0, id: "a", name: "look", custom: false },
      { type: "toolArguments", call: 0, text: '{"at":1}' },
      { type: "toolEnd", call: 0 },
      { type: "stop", reason: "toolCalls" },
    ]);
    expect(reader.isOver()).toBe(true);
    expect(reader.read(event("assistant.message_delta", { deltaContent: "more" }))).toEqual([]);
  });

  it("gives the arguments once, and those of a call that streamed none as the whole message has them", () => {
    const reader = createAnswerReader("m");
    const delta = (toolCallId: string, inputDelta: string) =>
      reader.read(event("assistant.tool_call_delta", { toolCallId, toolName: "look", inputDelta }));
    const events = [...delta("a", ""), ...delta("b", '{"at":'), ...delta("b", "1}")];
    const toolRequests = [
      { toolCallId: "a", name: "look", arguments: {} },
      { toolCallId: "b", name: "look", arguments: { at: 1 } },
    ];
    events.push(...reader.read(event("assistant.message", { model: "m", content: "", toolRequests })));
    const texts = (wanted: number) =>
      events.flatMap((one) => (one.type === "toolArguments" && one.call === wanted ? one.text : [])).join("");
    expect([texts(0), texts(1)]).toEqual(["{}", '{"at":1}']);
  });

  it("says no before a word of another model's answer", () => {
    for (const type of ["session.tools_updated", "model.call_start", "assistant.message"])
      expect(statusOf(() => createAnswerReader("m").read(event(type, { model: "other" })))).toBe(404);
    expect(isSameModel("gpt-4.1", "gpt-4.1-2025-04-14")).toBe(true);
    expect(isSameModel("gpt-4.1", "gpt-4.1-mini")).toBe(false);
  });

  it("is over where the model reached its limit, and where its stream just ended", () => {
    const delta = event("assistant.message_delta", { deltaContent: "Hello" });
    const cut = createAnswerReader("m");
    cut.read(delta);
    const usage = { inputTokens: 3, outputTokens: 2, finishReason: "length" };
    expect(cut.read(event("assistant.usage", usage)).at(-1)).toEqual({ type: "stop", reason: "length" });
    expect(cut.isOver()).toBe(true);
    const broken = createAnswerReader("m");
    broken.read(delta);
    expect(broken.read(event("model.call_finished", { outcome: "success" }))).toEqual([]);
    expect(statusOf(() => broken.read(event("model.call_finished", { outcome: "error" })))).toBe(502);
  });

  it("gives no answer to a conversation that the runtime has shortened", () => {
    const shortened = (messagesRemovedDuringTruncation: number) =>
      createAnswerReader("m").read(event("session.truncation", { messagesRemovedDuringTruncation }));
    expect(shortened(0)).toEqual([]);
    expect(statusOf(() => shortened(2))).toBe(400);
    expect(() => shortened(2)).toThrow("longer than");
  });

  it("counts no premium request for what follows from tools", () => {
    const usage = { inputTokens: 3, outputTokens: 2, cost: 10 };
    const of = (initiator: string) =>
      createAnswerReader("m").read(event("assistant.usage", { ...usage, initiator }))[0];
    expect(of("user")).toMatchObject({ usage: { premiumRequests: 10 } });
    expect(of("agent")).toMatchObject({ usage: { premiumRequests: 0 } });
  });

  it("fails at the first failed call, with its status, and on a turn without an answer", () => {
    const failed = (data: object) =>
      statusOf(() => createAnswerReader("m").read(event("model.call_failure", data)));
    expect(failed({ statusCode: 401 })).toBe(401);
    expect(failed({})).toBe(502);
    expect(
      statusOf(() => createAnswerReader("m").read(event("session.error", { errorType: "rate_limit" }))),
    ).toBe(429);
    const reader = createAnswerReader("m");
    expect(reader.read(event("session.idle"))).toEqual([]);
    reader.read(event("model.call_start", { model: "m" }));
    expect(statusOf(() => reader.read(event("session.idle")))).toBe(502);
  });
});

describe("a refusal", () => {
  it.each([
    [401, /Sign in again, or enter another token\. GitHub says: no/],
    [402, /multiplier 0, or another account/],
    [403, /permission Copilot Requests/],
  ])("of status %i says what can be done", (statusCode, words) => {
    expect(sessionFault({ errorType: "query", statusCode, message: '{"message":"no"}' })).toMatchObject({
      error: { status: statusCode, message: expect.stringMatching(words) },
    });
  });

  it("of an RPC repeats nothing of it", () => {
    const fault = rpcFault(new Error("Request session.resume failed with message: gho_secret and a prompt"));
    expect(fault.message).toMatch(/^The Copilot runtime failed on this request\. Try again/);
  });
});

describe("what an account has", () => {
  const listed = {
    models: [
      { id: "auto" },
      {
        id: "free",
        billing: { multiplier: 0 },
        policy: { state: "enabled" },
        capabilities: { supports: { vision: true } },
      },
      { id: "off", billing: { multiplier: 1 }, policy: { state: "disabled" } },
      { id: "unknown" },
    ],
  };

  it("are its models with their multipliers; one that is not known is not free", () => {
    const models = copilotModels(listed);
    expect(models.map(({ id, facts }) => [id, facts.premiumMultiplier])).toEqual([
      ["free", 0],
      ["off", 1],
      ["unknown", undefined],
    ]);
    expect(models[1]?.unavailable).toContain("switched off");
    expect(unitedModels([models, [{ id: "off", facts: {} }]])[1]?.unavailable).toBeUndefined();
  });

  it("is a quota with a date only if that is still to come, and none where it is unlimited", () => {
    const snapshot = {
      entitlementRequests: 300,
      usedRequests: 310,
      overage: 10,
      resetDate: "2026-11-20T10:00:00Z",
    };
    const answer = {
      quotaSnapshots: {
        premium_interactions: snapshot,
        chat: { isUnlimitedEntitlement: true, entitlementRequests: -1 },
      },
    };
    const [figure, ...others] = copilotQuota(answer, Date.parse("2026-11-20T10:00:01Z"));
    expect(others).toEqual([]);
    expect(figure).toEqual({
      unit: "premiumRequests",
      window: "month",
      limit: 300,
      remaining: 0,
      overage: 10,
      basis: "reported",
    });
    expect(copilotQuota(answer, 0)[0]?.resetsAt).toBe(Date.parse("2026-11-20T10:00:00Z"));
  });

  it("is a token of a kind that Copilot takes, shown by its ends only", () => {
    for (const token of ["gho_x", "ghu_x", "github_pat_x"]) expect(tokenFault(token)).toBeUndefined();
    expect(tokenFault("ghp_x")).toContain("classic");
    expect(tokenFault("ghs_x")).toContain("installation");
    expect(tokenFault("sk-x")).toContain("none of the tokens");
    expect(maskedToken("github_pat_11ABCDEFGHIJKLMNOP")).toBe("github_pat...MNOP");
    expect(maskedToken("gho_short")).toBe("...");
  });
});
