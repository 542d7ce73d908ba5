import { afterAll, beforeAll, describe, it } from "vitest";
import { claudeCode } from "./agents";
import { Stage } from "./stage";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage?.close());

describe("Claude Code does a task with a tool", () => {
  it.each([
    "chat/own-llm",
    "chat/gpt-5.1",
    "chat/gpt-4o",
    "responses/gpt-5.1",
    "responses/gpt-4o",
    "messages/claude-sonnet-4-5",
  ])("on %s", async (model) => {
    await stage.perform(claudeCode, model);
  });
});
