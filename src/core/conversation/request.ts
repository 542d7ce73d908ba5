import type { JsonObject } from "../json/access";
import type { WireProtocol } from "../protocols/wire";
import type { Seal } from "./seal";

/** Where the bytes of an image or a document are. */
export type MediaSource =
  | { readonly kind: "base64"; readonly mediaType: string; readonly data: string }
  | { readonly kind: "url"; readonly url: string };

/** Anthropic's mark "cache up to here", as it was sent. */
export type CacheMark = JsonObject;

export interface TextBlock {
  readonly kind: "text";
  readonly text: string;
  readonly cache?: CacheMark;
}
export interface ImageBlock {
  readonly kind: "image";
  readonly source: MediaSource;
  /** OpenAI's `detail`. */
  readonly detail?: string;
  readonly cache?: CacheMark;
}
export interface DocumentBlock {
  readonly kind: "document";
  readonly source: MediaSource;
  readonly name?: string;
  readonly cache?: CacheMark;
}
export interface ThinkingBlock {
  readonly kind: "thinking";
  readonly text: string;
  readonly seal?: Seal;
  /** Reasoning that only its issuer can read; it has no text. */
  readonly redacted?: boolean;
}
export interface RefusalBlock {
  readonly kind: "refusal";
  readonly text: string;
}
export interface ToolCallBlock {
  readonly kind: "toolCall";
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it; of a custom tool, the free text itself. */
  readonly argumentsText: string;
  readonly custom: boolean;
  readonly cache?: CacheMark;
}
export interface ToolResultBlock {
  readonly kind: "toolResult";
  readonly id: string;
  readonly blocks: readonly (TextBlock | ImageBlock | DocumentBlock)[];
  readonly isError: boolean;
  readonly cache?: CacheMark;
}

export type Block =
  | TextBlock
  | ImageBlock
  | DocumentBlock
  | ThinkingBlock
  | RefusalBlock
  | ToolCallBlock
  | ToolResultBlock;

/**
 * A turn. `system` is an instruction in the middle of a conversation; those at its beginning are the request's
 * `system`. Tool results stand in user turns, before anything else in them.
 */
export interface Message {
  readonly role: "user" | "assistant" | "system";
  readonly blocks: readonly Block[];
}

export interface FunctionTool {
  readonly kind: "function";
  readonly name: string;
  readonly description?: string;
  readonly schema?: JsonObject;
  readonly strict?: boolean;
  readonly cache?: CacheMark;
}
/** A tool that takes free text, such as Codex's `apply_patch`. */
export interface CustomTool {
  readonly kind: "custom";
  readonly name: string;
  readonly description?: string;
  /** OpenAI's `format`: plain text or a grammar. */
  readonly format?: JsonObject;
}
export type Tool = (FunctionTool | CustomTool) & {
  /** Responses: where the client declared it; `name` is then the flat name that stands for both. */
  readonly origin?: { readonly namespace: string; readonly name: string };
};

/** A search of the web that the provider itself runs. */
export interface WebSearch {
  /** What the client calls it, for the report where a provider has none. */
  readonly type: string;
  readonly allowedDomains?: readonly string[];
  readonly blockedDomains?: readonly string[];
  /** Both sides' `user_location` of type `approximate`. */
  readonly location?: JsonObject;
}

export type ToolChoice =
  | { readonly mode: "webSearch" }
  | { readonly mode: "auto" | "none" | "required"; readonly allowed?: readonly string[] }
  | { readonly mode: "tool"; readonly name: string };

export type Effort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";

/** What the client wants of the model's reasoning. */
export interface Reasoning {
  /** False where it was switched off in words. */
  readonly enabled: boolean;
  readonly effort?: Effort;
  readonly budgetTokens?: number;
  /** Whether the client wants to read it. */
  readonly visible?: boolean;
}

export type ResponseFormat =
  | { readonly kind: "jsonObject" }
  | {
      readonly kind: "jsonSchema";
      readonly schema: JsonObject;
      readonly name?: string;
      readonly description?: string;
      readonly strict?: boolean;
    };

export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly seed?: number;
  readonly logitBias?: JsonObject;
  /** 0 asks for the log probabilities of the chosen tokens alone. */
  readonly topLogprobs?: number;
}

/** A request to a model, in no protocol's words: a superset of what the three can say. */
export interface ConversationRequest {
  readonly system: readonly TextBlock[];
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly webSearch?: WebSearch;
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly maxTokens?: number;
  readonly stop: readonly string[];
  readonly sampling: Sampling;
  readonly reasoning?: Reasoning;
  readonly responseFormat?: ResponseFormat;
  readonly verbosity?: string;
  readonly stream: boolean;
  /** Chat Completions: whether a last chunk with the usage was asked for. */
  readonly includeUsage: boolean;
  /** Who uses the client's product. */
  readonly user?: string;
  /** Requests of one session share a prompt cache. */
  readonly cacheKey?: string;
  readonly serviceTier?: string;
  readonly store?: boolean;
  readonly metadata?: JsonObject;
  /** What only the protocol it came in knows; given back to that protocol, reported to every other. */
  readonly native: { readonly protocol: WireProtocol; readonly fields: JsonObject };
}
