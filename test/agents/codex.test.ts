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
    // In Codex's catalogue: with tools of free text, and with tools declared in the conversation.
    "gpt-5.5",
    "gpt-6-sol",
  ])("on %s", async (model) => {
    await stage.perform(codex, model);
  });
});
