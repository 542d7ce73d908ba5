import type Anthropic from "@anthropic-ai/sdk";
import type OpenAI from "openai";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { modelAt, type Stage } from "./stage";

/** A question that every protocol can ask. */
export interface Question {
  readonly system?: string;
  readonly said: readonly { readonly role: "user" | "assistant"; readonly text: string }[];
  /** Addresses or data URLs that go with the last thing said. */
  readonly images?: readonly string[];
  readonly tools?: readonly string[];
  readonly reasoning?: boolean;
}

/** An answer as an official SDK reported it. */
export interface Told {
  readonly text: string;
  readonly reasoning: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly stop: string;
  /** As the SDK has them, under its own names. */
  readonly usage: unknown;
}

export const TOOL_SCHEMA = {
  type: "object" as const,
  properties: { city: { type: "string" as const } },
  required: ["city"],
  additionalProperties: false,
};

export function ask(
  stage: Pick<Stage, "openai" | "anthropic">,
  { client, provider, streaming }: { client: WireProtocol; provider: WireProtocol; streaming: boolean },
  question: Question,
  model = modelAt(provider),
): Promise<Told> {
  if (client === "chat") return askChat(stage.openai, model, streaming, question);
  if (client === "responses") return askResponses(stage.openai, model, streaming, question);
  return askMessages(stage.anthropic, model, streaming, question);
}

async function askChat(client: OpenAI, model: string, streaming: boolean, question: Question): Promise<Told> {
  const said = question.said.map(({ role, text }, index): OpenAI.ChatCompletionMessageParam => {
    const images = index === question.said.length - 1 ? (question.images ?? []) : [];
    if (role === "assistant") return { role, content: text };
    if (images.length === 0) return { role, content: text };
    const parts = images.map((url) => ({ type: "image_url" as const, image_url: { url } }));
    return { role, content: [{ type: "text", text }, ...parts] };
  });
  const body: OpenAI.ChatCompletionCreateParamsNonStreaming = {
    model,
    messages: [...(question.system ? [{ role: "system" as const, content: question.system }] : []), ...said],
    max_completion_tokens: 4000,
    ...(question.tools
      ? {
          tools: question.tools.map((name) => ({
            type: "function" as const,
            function: { name, description: "Own tool", parameters: TOOL_SCHEMA },
          })),
        }
      : {}),
    ...(question.reasoning ? { reasoning_effort: "low" as const } : {}),
  };
  let reasoning = "";
  const reasoningIn = (part: unknown): string => {
    const found = (part as { reasoning_content?: unknown }).reasoning_content;
    return typeof found === "string" ? found : "";
  };
  let completion: OpenAI.ChatCompletion;
  if (streaming) {
    const stream = client.chat.completions.stream({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    stream.on("chunk", (chunk) => {
      reasoning += reasoningIn(chunk.choices[0]?.delta ?? {});
    });
    completion = await stream.finalChatCompletion();
  } else {
    completion = await client.chat.completions.create(body);
    reasoning = reasoningIn(completion.choices[0]?.message ?? {});
  }
  const [choice] = completion.choices;
  const calls = (choice?.message.tool_calls ?? []).flatMap((call) =>
    call.type === "function"
      ? [{ id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) }]
      : [],
  );
  return {
    text: choice?.message.content ?? "",
    reasoning,
    calls,
    stop: choice?.finish_reason ?? "",
    usage: completion.usage,
  };
}

async function askResponses(
  client: OpenAI,
  model: string,
  streaming: boolean,
  question: Question,
): Promise<Told> {
  const input = question.said.map(({ role, text }, index): OpenAI.Responses.ResponseInputItem => {
    const images = index === question.said.length - 1 ? (question.images ?? []) : [];
    if (role === "assistant" || images.length === 0) return { role, content: text };
    const parts = images.map((image_url) => ({
      type: "input_image" as const,
      image_url,
      detail: "auto" as const,
    }));
    return { role, content: [{ type: "input_text", text }, ...parts] };
  });
  const body: OpenAI.Responses.ResponseCreateParamsNonStreaming = {
    model,
    input,
    store: false,
    max_output_tokens: 4000,
    ...(question.system ? { instructions: question.system } : {}),
    ...(question.tools
      ? {
          tools: question.tools.map((name) => ({
            type: "function" as const,
            name,
            description: "Own tool",
            parameters: TOOL_SCHEMA,
            strict: true,
          })),
        }
      : {}),
    ...(question.reasoning
      ? {
          reasoning: { effort: "low" as const, summary: "auto" as const },
          include: ["reasoning.encrypted_content" as const],
        }
      : {}),
  };
  const response = streaming
    ? await client.responses.stream({ ...body, stream: true }).finalResponse()
    : await client.responses.create(body);
  return {
    text: response.output_text,
    reasoning: response.output
      .flatMap((item) => (item.type === "reasoning" ? item.summary.map((part) => part.text) : []))
      .join(""),
    calls: response.output.flatMap((item) =>
      item.type === "function_call"
        ? [{ id: item.call_id, name: item.name, input: JSON.parse(item.arguments) }]
        : [],
    ),
    stop: response.incomplete_details?.reason ?? response.status ?? "",
    usage: response.usage,
  };
}

async function askMessages(
  client: Anthropic,
  model: string,
  streaming: boolean,
  question: Question,
): Promise<Told> {
  const messages = question.said.map(({ role, text }, index): Anthropic.MessageParam => {
    const images = index === question.said.length - 1 ? (question.images ?? []) : [];
    if (images.length === 0) return { role, content: text };
    return { role, content: [{ type: "text", text }, ...images.map(imageBlock)] };
  });
  const body: Anthropic.MessageCreateParamsNonStreaming = {
    model,
    messages,
    max_tokens: 4000,
    ...(question.system ? { system: question.system } : {}),
    ...(question.tools
      ? {
          tools: question.tools.map((name) => ({
            name,
            description: "Own tool",
            input_schema: TOOL_SCHEMA,
          })),
        }
      : {}),
    ...(question.reasoning ? { thinking: { type: "enabled" as const, budget_tokens: 2048 } } : {}),
  };
  const message = streaming
    ? await client.messages.stream(body).finalMessage()
    : await client.messages.create(body);
  const text = (type: string, key: string): string =>
    message.content
      .map((block) => (block.type === type ? String((block as unknown as Record<string, string>)[key]) : ""))
      .join("");
  return {
    text: text("text", "text"),
    reasoning: text("thinking", "thinking"),
    calls: message.content.flatMap((block) =>
      block.type === "tool_use" ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    stop: message.stop_reason ?? "",
    usage: message.usage,
  };
}

function imageBlock(url: string): Anthropic.ImageBlockParam {
  const data = /^data:(image\/png);base64,(.*)$/.exec(url);
  if (!data) return { type: "image", source: { type: "url", url } };
  return { type: "image", source: { type: "base64", media_type: "image/png", data: data[2] ?? "" } };
}
