import type { ChatArguments } from "../../core/mcp/tools";

/** The answer to a call of `chat`, or why there is none. */
export interface ChatReply {
  readonly text: string;
  /** For a person; there may be a text all the same. */
  readonly failure?: string;
  readonly finishReason?: string;
  /** Which target has answered, what it has used, what could not be carried over. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What MCP's tools do, for one caller. */
export interface McpBackend {
  readonly version: string;
  /** @param progress told the characters so far, now and then */
  chat(args: ChatArguments, signal: AbortSignal, progress: (characters: number) => void): Promise<ChatReply>;
  /** Waits a little for lists that are being asked for. */
  models(): Promise<object>;
  quota(): Promise<object>;
}
