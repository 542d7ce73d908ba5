import type { WireError } from "../protocols/errorShape";
import type { RefusalBlock, TextBlock, ThinkingBlock, ToolCallBlock } from "./request";
import type { Seal } from "./seal";
import type { Usage } from "./usage";

/** Why a model stopped. */
export type StopReason =
  | "stop"
  | "stopSequence"
  | "length"
  | "contextWindow"
  | "toolCalls"
  | "contentFilter"
  | "refusal"
  | "pause";

export type AnswerText = TextBlock & { readonly logprobs?: readonly unknown[] };

export type AnswerCall = ToolCallBlock & { readonly seal?: Seal; readonly namespace?: string };

/** What a model may answer with. */
export type AnswerBlock = AnswerText | ThinkingBlock | RefusalBlock | AnswerCall;

/** A model's whole answer. */
export interface Answer {
  readonly id?: string;
  readonly model?: string;
  readonly blocks: readonly AnswerBlock[];
  readonly usage?: Usage;
  readonly stop: StopReason;
  readonly stopSequence?: string;
}

/**
 * A model's answer while it is being written. Decoders may let blocks overlap; after the sequencer each block is
 * whole before the next begins, and nothing follows `stop` or `error`.
 */
export type StreamEvent =
  | { readonly type: "start"; readonly id?: string; readonly model?: string }
  | { readonly type: "textDelta"; readonly text: string; readonly logprobs?: readonly unknown[] }
  | { readonly type: "refusalDelta"; readonly text: string }
  | { readonly type: "thinkingDelta"; readonly text: string }
  /** Ends a thinking block, or stands for one without text. */
  | { readonly type: "thinkingEnd"; readonly seal?: Seal; readonly redacted?: boolean }
  /** The open text block ends; the next text is another block. */
  | { readonly type: "textEnd" }
  | {
      readonly type: "toolStart";
      /** Tells calls apart that are written at the same time. */
      readonly call: number;
      readonly id: string;
      readonly name: string;
      readonly custom: boolean;
      readonly namespace?: string;
      readonly seal?: Seal;
    }
  | { readonly type: "toolArguments"; readonly call: number; readonly text: string }
  | { readonly type: "toolEnd"; readonly call: number }
  | { readonly type: "usage"; readonly usage: Usage }
  | { readonly type: "stop"; readonly reason: StopReason; readonly stopSequence?: string }
  | { readonly type: "error"; readonly error: WireError };

/** Reads a provider's stream. Neither method throws; what cannot be read is an `error` event. */
export interface StreamDecoder {
  /** @param data the event's data; @param name its `event:` field, empty where there is none */
  event(data: string, name: string): StreamEvent[];
  /** The provider closed the stream. */
  end(): StreamEvent[];
}

/** Writes a client's stream: the text of server-sent events. */
export interface StreamEncoder {
  encode(event: StreamEvent): string;
  /** What keeps the client waiting while the provider is silent. */
  keepAlive(): string;
}
