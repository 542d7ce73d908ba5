import { afterAll, beforeAll, describe, it } from "vitest";
import { codex } from "./agents";
import { Stage } from "./stage";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage?.close());

describe("Codex does a task with a tool", () => {
  it.each([
    "messages/claude-sonnet-4-5",
    "messages/claude-opus-4-7",
    "chat/own-llm",
    "chat/gpt-5.1",
    "chat/gpt-4o",
  ])("on %s", async (model) => {
    await stage.perform(codex, model);
  });
});
