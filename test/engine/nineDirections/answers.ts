import { expect } from "vitest";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { ask } from "./clients";
import type { Matrix } from "./matrix";
import { modelAt } from "./stage";

const NORMAL_STOP: Record<WireProtocol, string> = {
  chat: "stop",
  responses: "completed",
  messages: "end_turn",
};
const LENGTH_STOP: Record<WireProtocol, string> = {
  chat: "length",
  responses: "max_output_tokens",
  messages: "max_tokens",
};

const FAMILIES: Record<string, Record<WireProtocol, string>> = {
  "models that refuse to be asked": { chat: "gpt-4o", responses: "gpt-4o", messages: "claude-opus-4-7" },
  "models of no known family": { chat: "own-llm", responses: "own-llm", messages: "own-llm" },
};

/** What is said, in both ways, and why the model stopped. */
export function answers(matrix: Matrix): void {
  matrix.every("text over several turns", async (stage, direction) => {
    const { provider } = stage;
    provider.play(() => ({ text: 'Grüße aus 日本 🗻, and "quotes"\n\\ too.' }));
    const said = [
      { role: "user" as const, text: "Wie heißt du? 🙂" },
      { role: "assistant" as const, text: "Postern." },
      { role: "user" as const, text: "And on?\nTwo lines." },
    ];
    const told = await ask(stage, direction, { system: "Be brief.", said });
    expect(provider.refusals).toEqual([]);
    expect(told.text).toBe('Grüße aus 日本 🗻, and "quotes"\n\\ too.');
    expect(told.stop).toBe(NORMAL_STOP[direction.client]);
    expect(provider.last.system).toEqual(["Be brief."]);
    expect(provider.last.texts).toEqual(said);
    expect(provider.last.stream).toBe(direction.streaming);
  });

  matrix.every("an answer cut by its limit", async (stage, direction) => {
    stage.provider.play(() => ({ text: "Half an", length: true }));
    const told = await ask(stage, direction, { said: [{ role: "user", text: "hi" }] });
    expect(stage.provider.refusals).toEqual([]);
    expect([told.text, told.stop]).toEqual(["Half an", LENGTH_STOP[direction.client]]);
  });

  matrix.every("reasoning", async (stage, direction) => {
    stage.provider.play(() => ({ reasoning: "Erst denken, 🤔 then act.", text: "Done." }));
    const told = await ask(stage, direction, { said: [{ role: "user", text: "hi" }], reasoning: true });
    expect(stage.provider.refusals).toEqual([]);
    expect(stage.provider.last.reasoning).toBe(true);
    expect([told.reasoning, told.text]).toEqual(["Erst denken, 🤔 then act.", "Done."]);
  });

  for (const [family, models] of Object.entries(FAMILIES)) {
    matrix.translated(`a question with a wish for reasoning, to ${family}`, async (stage, direction) => {
      stage.provider.play(() => ({ text: "Done." }));
      const { client, provider } = direction;
      const model = modelAt(provider, models[provider]);
      const said = [{ role: "user" as const, text: `hi from ${client}` }];
      const told = await ask(stage, direction, { said, system: "Be brief.", reasoning: true }, model);
      expect(stage.provider.refusals).toEqual([]);
      expect(stage.provider.last.texts).toEqual(said);
      expect(told.text).toBe("Done.");
    });
  }

  matrix.every("parallel tool calls", async (stage, direction) => {
    stage.provider.play(() => ({
      text: "I ask twice.",
      calls: [
        { name: "weather", input: '{"city":"Köln"}' },
        { name: "time", input: '{"city":"日本"}' },
      ],
    }));
    const told = await ask(stage, direction, {
      said: [{ role: "user", text: "hi" }],
      tools: ["weather", "time"],
    });
    expect(stage.provider.refusals).toEqual([]);
    expect(stage.provider.last.tools.map(({ name }) => name)).toEqual(["weather", "time"]);
    expect(told.text).toBe("I ask twice.");
    expect(told.calls.map(({ name, input }) => [name, input])).toEqual([
      ["weather", { city: "Köln" }],
      ["time", { city: "日本" }],
    ]);
    expect(new Set(told.calls.map(({ id }) => id)).size).toBe(2);
  });

  matrix.every("usage as the SDK reports it", async (stage, direction) => {
    const { client, provider } = direction;
    stage.provider.play(() => ({
      reasoning: "Hm.",
      text: "ok",
      usage: { fresh: 70, cached: 30, output: 25, reasoning: 9 },
    }));
    const { usage } = await ask(stage, direction, {
      said: [{ role: "user", text: "hi" }],
      reasoning: true,
    });
    expect(stage.provider.refusals).toEqual([]);
    // Anthropic does not say how much of its output was reasoning.
    const reasoning = provider === "messages" ? {} : { reasoning_tokens: 9 };
    const expected = {
      chat: {
        prompt_tokens: 100,
        completion_tokens: 25,
        total_tokens: 125,
        prompt_tokens_details: { cached_tokens: 30 },
        completion_tokens_details: reasoning,
      },
      responses: {
        input_tokens: 100,
        output_tokens: 25,
        total_tokens: 125,
        input_tokens_details: { cached_tokens: 30 },
        output_tokens_details: reasoning,
      },
      messages: { input_tokens: 70, cache_read_input_tokens: 30, output_tokens: 25 },
    }[client];
    if (provider === "messages" && client === "chat")
      delete (expected as { completion_tokens_details?: unknown }).completion_tokens_details;
    expect(usage).toMatchObject(expected);
  });

  const PIXEL =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  matrix.every("images as base64 and by URL", async (stage, direction) => {
    stage.provider.play(() => ({ text: "A pixel and a picture." }));
    const images = [`data:image/png;base64,${PIXEL}`, "https://pictures.example/own.png"];
    await ask(stage, direction, { said: [{ role: "user", text: "What is this?" }], images });
    expect(stage.provider.refusals).toEqual([]);
    expect(stage.provider.last.images).toEqual(images);
    expect(stage.provider.last.texts).toEqual([{ role: "user", text: "What is this?" }]);
  });
}
