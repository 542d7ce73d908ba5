import { asArray, asCount, asObject, asString, isObject, parseJson } from "../json/access";
import { createSseParser, type SseEvent } from "../sse/parser";
import type { ChatArguments } from "./tools";

/** A Chat Completions request for a call of the tool `chat`. */
export function chatBody({ model, prompt, system, temperature, max_tokens }: ChatArguments): string {
  return JSON.stringify({
    model,
    messages: [
      ...(system === undefined ? [] : [{ role: "system", content: system }]),
      { role: "user", content: prompt },
    ],
    ...(temperature === undefined ? {} : { temperature }),
    ...(max_tokens === undefined ? {} : { max_tokens }),
    stream: true,
    stream_options: { include_usage: true },
  });
}

/** What came of a call of the tool `chat`. */
export interface ChatOutcome {
  readonly text: string;
  /** Why the model stopped, in OpenAI's words; absent where it did not come to an end. */
  readonly finishReason?: string;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** What went wrong, for a person. */
  readonly failure?: string;
}

/** Gathers a streamed Chat Completions answer. */
export class ChatAnswer {
  private readonly parser = createSseParser();
  private readonly pieces: string[] = [];
  private refusal = "";
  private finishReason: string | undefined;
  private failure: string | undefined;
  private usage: { inputTokens?: number; outputTokens?: number } = {};
  /** Characters so far. */
  length = 0;

  push(bytes: Uint8Array): void {
    for (const event of this.parser.push(bytes)) this.read(event);
  }

  /** The stream is over, well or not. */
  end(): ChatOutcome {
    for (const event of this.parser.end()) this.read(event);
    const { finishReason, usage } = this;
    const text = this.pieces.join("") || this.refusal;
    const failure = this.failure ?? (finishReason === undefined ? "The answer was cut off." : undefined);
    return {
      text,
      ...(finishReason === undefined ? {} : { finishReason }),
      ...usage,
      ...(failure === undefined ? {} : { failure }),
    };
  }

  private read({ data }: SseEvent): void {
    const chunk = parseJson(data);
    if (!isObject(chunk)) return;
    if (chunk.error !== undefined) this.failure ??= failureIn(chunk) ?? "The provider failed.";
    const choice = asObject(asArray(chunk.choices)[0]);
    const delta = asObject(choice.delta);
    const text = asString(delta.content) ?? "";
    if (text !== "") this.pieces.push(text);
    this.refusal += asString(delta.refusal) ?? "";
    this.length += text.length;
    this.finishReason = asString(choice.finish_reason) ?? this.finishReason;
    if (isObject(chunk.usage)) {
      const inputTokens = asCount(chunk.usage.prompt_tokens);
      const outputTokens = asCount(chunk.usage.completion_tokens);
      this.usage = {
        ...(inputTokens === undefined ? {} : { inputTokens }),
        ...(outputTokens === undefined ? {} : { outputTokens }),
      };
    }
  }
}

/** The message of an error in OpenAI's shape. */
export function failureIn(body: unknown): string | undefined {
  const { error } = asObject(body);
  return asString(error) ?? asString(asObject(error).message);
}

/** The same of an answer that came whole: some servers answer so whatever was asked for. */
export function wholeAnswer(body: unknown): ChatOutcome {
  const choice = asObject(asArray(asObject(body).choices)[0]);
  const answer = new ChatAnswer();
  const chunk = { ...asObject(body), choices: [{ ...choice, delta: choice.message }] };
  answer.push(new TextEncoder().encode(`data: ${JSON.stringify(chunk)}\n\n`));
  return answer.end();
}
