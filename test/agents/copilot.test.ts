import { afterAll, beforeAll, describe, it } from "vitest";
import { type CopilotForm, copilot } from "./agents";
import { Stage } from "./stage";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage?.close());

const WAYS: readonly (readonly [CopilotForm, string])[] = [
  // One that the CLI knows by name: with a tool of free text, and with max_tokens, which the model refuses.
  ["chat", "gpt-5.5"],
  ["chat", "responses/gpt-5.1"],
  ["chat", "messages/claude-sonnet-4-5"],
  ["responses", "chat/gpt-4o"],
  ["responses", "messages/claude-opus-4-7"],
  ["messages", "chat/own-llm"],
  ["messages", "responses/gpt-5.1"],
];

describe("the Copilot CLI does a task with a tool", () => {
  it.each(WAYS)("speaking %s, on %s", async (form, model) => {
    await stage.perform((task) => copilot(form, task), model);
  });
});
