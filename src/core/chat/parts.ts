/**
 * VS Code's chat messages as plain data: what `vscode.LanguageModelChatRequestMessage` holds, without its classes, so
 * that everything done with them needs no VS Code. See `LanguageModelInputPart` in vscode.d.ts.
 */
export type ChatPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "data"; readonly mimeType: string; readonly data: Uint8Array }
  /** Not in the stable API, but VS Code's own Chat sends it. */
  | {
      readonly kind: "thinking";
      readonly text: string;
      readonly metadata: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "toolCall"; readonly id: string; readonly name: string; readonly input: unknown }
  | ChatToolResult
  /** A tree of `@vscode/prompt-tsx`, which tools may return. */
  | { readonly kind: "promptTsx"; readonly value: unknown }
  /** A part of a kind that this version does not know. */
  | { readonly kind: "unknown" };

export interface ChatToolResult {
  readonly kind: "toolResult";
  /** Of the call that it answers. */
  readonly id: string;
  readonly parts: readonly ChatPart[];
  readonly isError: boolean;
}

export interface ChatMessage {
  readonly role: "user" | "assistant" | "system";
  readonly parts: readonly ChatPart[];
}

export interface ChatTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the tool's input. */
  readonly inputSchema?: object;
}

/** What an extension asks of a model. */
export interface ChatAsk {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ChatTool[];
  /** The model has to call one of the tools. */
  readonly toolRequired: boolean;
  /** `modelOptions` of the extension that asks; keys that begin with `_` are VS Code's own and go nowhere. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the person has chosen for this model in Chat's picker. */
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** What a model answers, piece by piece. */
export type AnswerPart =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "thinking";
      readonly text: string;
      /** Tells thinking blocks of one answer apart. */
      readonly id: string;
      /** What has to come back with the next request; whole with the end of a block. */
      readonly metadata?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "toolCall"; readonly id: string; readonly name: string; readonly input: object }
  | { readonly kind: "usage"; readonly usage: ChatUsage };

/** Token counts in the words of VS Code's context widget, which are those of Chat Completions. */
export interface ChatUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details?: { readonly cached_tokens: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
}
