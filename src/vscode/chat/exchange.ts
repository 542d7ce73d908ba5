import { randomBytes } from "node:crypto";
import { type AnswerReader, createAnswerReader } from "../../core/chat/answerReader";
import { type ChatRequest, chatRequest } from "../../core/chat/chatRequest";
import { type ChatFailure, chatFailure, cutBeforeAnswer, filtered } from "../../core/chat/failure";
import type { AnswerPart, ChatAsk } from "../../core/chat/parts";
import { PosternError } from "../../core/errors";
import { readErrorBody } from "../../core/protocols/providerError";
import { type ChatOrigin, callerHeaders } from "../../core/rpc/callerHeaders";
import type { Log } from "../common/log";
import type { ChatModel } from "../render/chatModel";
import type { PrivateClient, PrivateResponse } from "./privateClient";

/** More of an error's text is of no use to anybody. */
const MAX_ERROR_BYTES = 256 * 1024;

const AROUND = {
  now: () => Date.now(),
  newId: (prefix: string): string => prefix + randomBytes(12).toString("hex"),
};

/** A request that failed in a way that a person has to hear of. */
export class ChatFailureError extends Error {
  constructor(readonly failure: ChatFailure) {
    super(failure.message);
    this.name = "ChatFailureError";
  }
}

export interface ExchangeOptions {
  readonly ask: ChatAsk;
  readonly model: Pick<ChatModel, "target" | "from">;
  readonly origin: ChatOrigin;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  readonly report: (part: AnswerPart) => void;
}

/** One request of Chat and its answer, over the engine's private socket. */
export class ChatExchange {
  /** Providers that refuse to sum up their models' reasoning, by address. */
  private readonly withoutSummaries = new Set<string>();

  constructor(
    private readonly client: Pick<PrivateClient, "send">,
    private readonly log: Log,
  ) {}

  /**
   * Reports the answer's parts as they come. Returns quietly where the signal ended it.
   * @throws ChatFailureError
   */
  async run(options: ExchangeOptions): Promise<void> {
    const { model, signal } = options;
    const { baseUrl } = model.target.provider;
    const summaries = !this.withoutSummaries.has(baseUrl);
    try {
      const refusal = await this.once(options, summaries);
      if (refusal === undefined) return;
      if (!summaries || !refusesSummaries(refusal.message)) throw new ChatFailureError(refusal);
      // Nothing of the answer was lost, and the reasoning itself is not: only its summary is not shown.
      this.withoutSummaries.add(baseUrl);
      this.log.info(`Chat: ${model.from} gives no summaries of reasoning; asked without.`);
      const again = await this.once(options, false);
      if (again) throw new ChatFailureError(again);
    } catch (error) {
      if (signal.aborted) return;
      throw failureOf(error);
    }
  }

  /** @returns what the request was refused with, before anything was answered */
  private async once(options: ExchangeOptions, summaries: boolean): Promise<ChatFailure | undefined> {
    const { ask, model, origin, userAgent, signal } = options;
    const asked = chatRequest(ask, model.target, summaries);
    const response = await this.client.send(
      {
        path: asked.path,
        body: asked.body,
        headers: {
          ...callerHeaders(origin),
          "user-agent": userAgent,
          ...(asked.protocol === "messages" ? { "anthropic-version": "2023-06-01" } : {}),
        },
      },
      signal,
    );
    this.tellDropped(model.target.id, asked, response);
    if (response.status < 200 || response.status > 299) return refusalOf(response, model.from);
    await this.read(asked, response, options);
    return undefined;
  }

  private async read(asked: ChatRequest, response: PrivateResponse, options: ExchangeOptions): Promise<void> {
    const { model, report } = options;
    const type = String(response.headers["content-type"] ?? "");
    const reader: AnswerReader = createAnswerReader(asked, !/\bjson\b/i.test(type), AROUND);
    let said = false;
    const tell = (parts: readonly AnswerPart[]): void => {
      for (const part of parts) {
        said ||= part.kind === "text" || part.kind === "toolCall";
        report(part);
      }
    };
    try {
      for await (const chunk of response.body) {
        tell(reader.push(chunk));
        if (reader.ended()) break;
      }
    } catch (error) {
      if (!reader.ended()) throw new Error(cutOff(error));
    }
    tell(reader.end());
    const end = reader.ended();
    if (end?.kind === "failed") {
      const own = end.error.code === "bad_tool_call";
      throw new ChatFailureError(chatFailure(end.error, own ? undefined : model.from));
    }
    if (end?.reason === "contentFilter" && !said) throw new ChatFailureError(filtered(model.from));
    const cut = end?.reason === "length" || end?.reason === "contextWindow";
    if (cut && !said) throw new ChatFailureError(cutBeforeAnswer(model.from));
    if (cut) this.log.warn(`Chat: the answer of ${model.target.id} was cut by its length limit.`);
  }

  private tellDropped(id: string, { notCarried }: ChatRequest, { headers }: PrivateResponse): void {
    const elsewhere = headers["x-postern-dropped"];
    // Thinking of another model is left behind whenever the person changes models.
    const own = notCarried.filter((name) => name !== "thinking");
    const names = [...own, ...(elsewhere === undefined ? [] : [String(elsewhere)])];
    if (names.length > 0) this.log.info(`Chat: ${id} was not sent: ${names.join(", ")}`);
  }
}

async function refusalOf(response: PrivateResponse, from: string): Promise<ChatFailure> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ERROR_BYTES) break;
  }
  const error = readErrorBody(Buffer.concat(chunks).toString("utf8"), response.status);
  const retryAfter = Number(response.headers["retry-after"]);
  // Postern's own texts say what to do.
  const own = response.headers["x-postern-error"] !== undefined;
  return chatFailure(error, own ? undefined : from, Number.isFinite(retryAfter) ? retryAfter : undefined);
}

/** https://community.openai.com: "Your organization must be verified to generate reasoning summaries." */
function refusesSummaries(message: string): boolean {
  return /verif\w*.{0,60}reasoning summar|reasoning summar.{0,60}verif/i.test(message);
}

function cutOff(error: unknown): string {
  const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
  return `Postern's engine went away before the answer was complete${code}. Try again; "Postern: Show Log" says more.`;
}

function failureOf(error: unknown): ChatFailureError {
  if (error instanceof ChatFailureError) return error;
  const kind = error instanceof PosternError && error.status === 404 ? "NotFound" : "Unknown";
  return new ChatFailureError({ kind, message: error instanceof Error ? error.message : String(error) });
}
