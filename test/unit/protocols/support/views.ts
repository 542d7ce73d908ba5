import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import type { WireProtocol } from "../../../../src/core/protocols/wire";

/** An answer as the official SDK of its protocol understood it, in words that can be compared. */
export interface View {
  text: string;
  reasoning: string;
  tools: { name: string; args: unknown }[];
  stop: "stop" | "length" | "tools" | "filter" | "error" | "other";
  usage: { input: number; cached: number; output: number } | undefined;
}

const quiet = { logLevel: "off" as const, maxRetries: 0, apiKey: "none" };
const answering = (body: string | Uint8Array, type: string) => async () =>
  new Response(body as string, { status: 200, headers: { "content-type": type } });

// biome-ignore-start lint/suspicious/noExplicitAny: recordings have more in them than the types know
/** Feeds a stream to the SDK's stream helper. Rejects where the SDK does. */
export async function readStream(protocol: WireProtocol, body: string | Uint8Array): Promise<View> {
  const fetch = answering(body, "text/event-stream");
  if (protocol === "messages") {
    const client = new Anthropic({ ...quiet, fetch });
    const stream = client.messages.stream({
      model: "m",
      max_tokens: 1,
      messages: [{ role: "user", content: "x" }],
    });
    stream.on("error", () => {});
    return viewOf.messages(await stream.finalMessage());
  }
  const client = new OpenAI({ ...quiet, fetch });
  if (protocol === "responses") {
    const stream = client.responses.stream({ model: "m", input: "x" });
    stream.on("error", () => {});
    return viewOf.responses(await stream.finalResponse());
  }
  const stream = client.chat.completions.stream({
    model: "m",
    messages: [{ role: "user", content: "x" }],
    stream_options: { include_usage: true },
  });
  let reasoning = "";
  let text = "";
  stream.on("chunk", (chunk) => {
    const delta: any = chunk.choices.find((choice) => choice.index === 0)?.delta;
    reasoning +=
      textOf(delta?.reasoning_content) || textOf(delta?.reasoning) || thinkingParts(delta?.content);
    // The SDK adds up strings; Mistral's lists of parts it cannot.
    text += plainParts(delta?.content) + textOf(delta?.refusal);
  });
  stream.on("error", () => {});
  const final = await stream.finalChatCompletion();
  const usage = final.usage ?? (await stream.totalUsage());
  return { ...viewOf.chat({ ...final, usage }), reasoning, text };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const args = (value: unknown): unknown => {
  if (typeof value !== "string") return value ?? {};
  try {
    return value === "" ? {} : JSON.parse(value);
  } catch {
    return { unparsable: value };
  }
};
const thinkingParts = (content: unknown): string =>
  Array.isArray(content)
    ? content
        .flatMap((part: any) => (part.type === "thinking" ? part.thinking : []))
        .map((part: any) => part.text ?? "")
        .join("")
    : "";
const plainParts = (content: unknown): string =>
  Array.isArray(content)
    ? content.map((part: any) => (part.type === "text" ? part.text : "")).join("")
    : textOf(content);

export const viewOf = {
  messages(message: any): View {
    const of = (type: string) => message.content.filter((block: any) => block.type === type);
    const stops: Record<string, View["stop"]> = {
      end_turn: "stop",
      stop_sequence: "stop",
      max_tokens: "length",
      tool_use: "tools",
      refusal: "filter",
      model_context_window_exceeded: "length",
    };
    const { usage } = message;
    const cached = usage?.cache_read_input_tokens ?? 0;
    return {
      text: of("text")
        .map((block: any) => block.text)
        .join(""),
      reasoning: of("thinking")
        .map((block: any) => block.thinking)
        .join(""),
      tools: of("tool_use").map((block: any) => ({ name: block.name, args: args(block.input) })),
      stop: stops[message.stop_reason] ?? "other",
      usage: usage && {
        input: usage.input_tokens + cached + (usage.cache_creation_input_tokens ?? 0),
        cached,
        output: usage.output_tokens,
      },
    };
  },
  chat(completion: any): View {
    const choice = completion.choices[0];
    const message = choice.message ?? {};
    const stops: Record<string, View["stop"]> = {
      stop: "stop",
      length: "length",
      tool_calls: "tools",
      function_call: "tools",
      content_filter: "filter",
    };
    const { usage } = completion;
    const calls = (message.tool_calls ?? []).map((call: any) =>
      call.custom
        ? { name: call.custom.name, args: { input: call.custom.input } }
        : { name: call.function.name, args: args(call.function.arguments) },
    );
    if (message.function_call) {
      calls.push({ name: message.function_call.name, args: args(message.function_call.arguments) });
    }
    return {
      text: plainParts(message.content) + textOf(message.refusal),
      reasoning:
        textOf(message.reasoning_content) || textOf(message.reasoning) || thinkingParts(message.content),
      tools: calls,
      stop: stops[choice.finish_reason] ?? "other",
      usage: usage && {
        input: usage.prompt_tokens,
        cached: usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? 0,
        output: usage.completion_tokens,
      },
    };
  },
  responses(response: any): View {
    const of = (type: string) => response.output.filter((item: any) => item.type === type);
    const joined = (list: any) => (list ?? []).map((part: any) => part.text ?? part.refusal ?? "").join("");
    const tools = response.output.flatMap((item: any) => {
      if (item.type === "function_call") return [{ name: item.name, args: args(item.arguments) }];
      return item.type === "custom_tool_call" ? [{ name: item.name, args: { input: item.input } }] : [];
    });
    const { status, usage } = response;
    const filtered = response.incomplete_details?.reason === "content_filter";
    const ended = tools.length > 0 ? "tools" : "stop";
    return {
      text: of("message")
        .map((item: any) => joined(item.content))
        .join(""),
      reasoning: of("reasoning")
        .map((item: any) => joined(item.content) || joined(item.summary))
        .join(""),
      tools,
      stop:
        status === "failed" ? "error" : status === "incomplete" ? (filtered ? "filter" : "length") : ended,
      usage: usage && {
        input: usage.input_tokens,
        cached: usage.input_tokens_details?.cached_tokens ?? 0,
        output: usage.output_tokens,
      },
    };
  },
};
// biome-ignore-end lint/suspicious/noExplicitAny: see above
