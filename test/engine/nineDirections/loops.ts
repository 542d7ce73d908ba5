import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import type OpenAI from "openai";
import { zodFunction } from "openai/helpers/zod";
import { expect } from "vitest";
import { z } from "zod";
import type { Seen } from "../../support/scripted/seen";
import type { Turn } from "../../support/scripted/turn";
import { TOOL_SCHEMA } from "./clients";
import type { Direction, Matrix } from "./matrix";
import { modelAt, type Stage } from "./stage";

const City = z.object({ city: z.string() });
const weather = ({ city }: { city: string }): string => `${city}: 21 °C ☀`;
const THOUGHT = "Two cities are asked for.";

/** Two calls at once, and then a text that quotes both results. */
function twoCities(seen: Seen): Turn {
  if (!seen.answersResult) {
    return {
      reasoning: THOUGHT,
      text: "Let me look.",
      calls: [
        { name: "weather", input: '{"city":"Köln"}' },
        { name: "weather", input: '{"city":"日本"}' },
      ],
    };
  }
  return { text: `Both: ${seen.results.map(({ text }) => text).join(" and ")}.` };
}

/** The loop of an SDK's own tool runner; returns the final text. */
type Loop = (stage: Stage, model: string, streaming: boolean) => Promise<string>;

const chatLoop: Loop = async ({ openai }, model, streaming) => {
  const body = {
    model,
    messages: [{ role: "user" as const, content: "How warm?" }],
    tools: [zodFunction({ name: "weather", parameters: City, function: weather })],
    reasoning_effort: "low" as const,
  };
  const runner = streaming
    ? openai.chat.completions.runTools({ ...body, stream: true })
    : openai.chat.completions.runTools({ ...body, stream: false });
  return (await runner.finalContent()) ?? "";
};

const messagesLoop: Loop = async ({ anthropic }, model, streaming) => {
  const message = await anthropic.beta.messages
    .toolRunner({
      model,
      max_tokens: 4000,
      messages: [{ role: "user", content: "How warm?" }],
      thinking: { type: "enabled", budget_tokens: 2048 },
      tools: [betaZodTool({ name: "weather", description: "Own tool", inputSchema: City, run: weather })],
      stream: streaming,
    })
    .runUntilDone();
  return message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
};

const responsesLoop: Loop = async ({ openai }, model, streaming) => {
  const input: OpenAI.Responses.ResponseInputItem[] = [{ role: "user", content: "How warm?" }];
  for (;;) {
    const body = {
      model,
      input,
      store: false,
      reasoning: { effort: "low" as const, summary: "auto" as const },
      include: ["reasoning.encrypted_content" as const],
      tools: [{ type: "function" as const, name: "weather", parameters: TOOL_SCHEMA, strict: true }],
    };
    const response = streaming
      ? await lastResponse(await openai.responses.create({ ...body, stream: true }))
      : await openai.responses.create(body);
    const calls = response.output.flatMap((item) => (item.type === "function_call" ? [item] : []));
    if (calls.length === 0) return textOf(response);
    input.push(...(response.output as OpenAI.Responses.ResponseInputItem[]));
    for (const { call_id, arguments: text } of calls)
      input.push({ type: "function_call_output", call_id, output: weather(City.parse(JSON.parse(text))) });
  }
};

const textOf = ({ output }: OpenAI.Responses.Response): string =>
  output
    .flatMap((item) => (item.type === "message" ? item.content : []))
    .map((part) => (part.type === "output_text" ? part.text : ""))
    .join("");

/** The whole response; the SDK's stream helper adds fields of its own, which OpenAI would not take back. */
async function lastResponse(
  events: AsyncIterable<OpenAI.Responses.ResponseStreamEvent>,
): Promise<OpenAI.Responses.Response> {
  for await (const event of events) if (event.type === "response.completed") return event.response;
  throw new Error("the stream did not complete");
}

const LOOPS = { chat: chatLoop, responses: responsesLoop, messages: messagesLoop };

/** Tool loops: with the SDK's own runner where it has one. */
export function loops(matrix: Matrix): void {
  matrix.every("a tool loop", async (stage, direction) => {
    const { client, provider, streaming } = direction;
    stage.provider.play(twoCities);
    const text = await LOOPS[client](stage, modelAt(provider), streaming);
    expect(stage.provider.refusals).toEqual([]);
    expect(text).toBe("Both: Köln: 21 °C ☀ and 日本: 21 °C ☀.");
    const { last } = stage.provider;
    expect(last.calls.map(({ name, input }) => [name, JSON.parse(input)])).toEqual([
      ["weather", { city: "Köln" }],
      ["weather", { city: "日本" }],
    ]);
    expect(last.results.map(({ text: said }) => said)).toEqual(["Köln: 21 °C ☀", "日本: 21 °C ☀"]);
    expect(last.results.map(({ id }) => id)).toEqual(last.calls.map(({ id }) => id));
    expect(last.texts).toEqual([
      { role: "user", text: "How warm?" },
      { role: "assistant", text: "Let me look." },
    ]);
    if (carriesThinking(direction)) expect(last.thinking).toEqual([THOUGHT]);
  });
}

/** A Chat client has no place for another protocol's seal; what it sends back is its own business. */
const carriesThinking = ({ client }: Direction): boolean => client !== "chat";
