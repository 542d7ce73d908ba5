import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { expect } from "vitest";
import { z } from "zod";
import { asObject } from "../../../src/core/json/access";
import type { Matrix } from "./matrix";
import { modelAt, type Stage } from "./stage";

const Answer = z.object({
  city: z.string().describe("where"),
  degrees: z.number().int().min(-90).max(60),
  signs: z.array(z.enum(["sun", "rain"])),
  note: z.object({ text: z.string() }).nullable(),
});
const ANSWER = { city: "Köln", degrees: 21, signs: ["sun"], note: { text: "schön" } };

/** What an SDK's helper made of the answer. */
type Parse = (stage: Stage, model: string, streaming: boolean) => Promise<unknown>;

const messages = [{ role: "user" as const, content: "Answer as JSON." }];

const chatParse: Parse = async ({ openai }, model, streaming) => {
  const body = { model, messages, response_format: zodResponseFormat(Answer, "weather") };
  const completion = streaming
    ? await openai.chat.completions.stream({ ...body, stream: true }).finalChatCompletion()
    : await openai.chat.completions.parse(body);
  return completion.choices[0]?.message.parsed;
};

const responsesParse: Parse = async ({ openai }, model, streaming) => {
  const body = { model, input: messages, store: false, text: { format: zodTextFormat(Answer, "weather") } };
  const response = streaming
    ? await openai.responses.stream({ ...body, stream: true }).finalResponse()
    : await openai.responses.parse(body);
  return response.output_parsed;
};

const messagesParse: Parse = async ({ anthropic }, model, streaming) => {
  const body = { model, messages, max_tokens: 4000, output_config: { format: zodOutputFormat(Answer) } };
  const message = streaming
    ? await anthropic.messages.stream(body).finalMessage()
    : await anthropic.messages.parse(body);
  return message.parsed_output;
};

const PARSERS = { chat: chatParse, responses: responsesParse, messages: messagesParse };

/** Structured output, with each SDK's own helpers. */
export function structured(matrix: Matrix): void {
  matrix.every("structured output", async (stage, { client, provider, streaming }) => {
    stage.provider.play(() => ({ text: JSON.stringify(ANSWER) }));
    const parsed = await PARSERS[client](stage, modelAt(provider), streaming);
    expect(stage.provider.refusals).toEqual([]);
    expect(parsed).toEqual(ANSWER);
    const schema = asObject(stage.provider.last.schema);
    expect(Object.keys(asObject(schema.properties))).toEqual(Object.keys(ANSWER));
    expect(schema.required).toEqual(Object.keys(ANSWER));
  });
}
