import { invalid } from "./invalid";
import type { Block, Message, ToolResultBlock } from "./request";

interface OpenMessage {
  readonly role: Message["role"];
  readonly blocks: Block[];
  /** A user turn that holds nothing but tool results. */
  readonly results: boolean;
}

/**
 * Builds the turns of a conversation. Tool results get a user turn of their own, right behind the turn with their
 * calls; a result without a call, or where it may not stand, is refused and never guessed at.
 */
export class TurnBuilder {
  readonly #messages: OpenMessage[] = [];
  /** Unanswered calls, by id: the assistant turn they stand in. */
  readonly #calls = new Map<string, OpenMessage>();

  /** @param lateResults whether a result may come after other turns (Responses), and is put where it belongs */
  constructor(private readonly lateResults: boolean) {}

  /** An assistant's blocks; they join the turn that is being written. */
  assistant(blocks: readonly Block[]): void {
    if (blocks.length === 0) return;
    let last = this.#messages.at(-1);
    if (last?.role !== "assistant") {
      last = { role: "assistant", blocks: [], results: false };
      this.#messages.push(last);
    }
    for (const block of blocks) last.blocks.push(block);
    for (const block of blocks) if (block.kind === "toolCall") this.#calls.set(block.id, last);
  }

  user(blocks: readonly Block[]): void {
    if (blocks.length > 0) this.#messages.push({ role: "user", blocks: [...blocks], results: false });
  }

  system(blocks: readonly Block[]): void {
    if (blocks.length > 0) this.#messages.push({ role: "system", blocks: [...blocks], results: false });
  }

  result(result: ToolResultBlock): void {
    const turn = this.#calls.get(result.id);
    if (!turn) {
      throw invalid(
        `A tool result refers to the call ${JSON.stringify(result.id.slice(0, 80))}, which is not there or was answered before.`,
      );
    }
    this.#calls.delete(result.id);
    const at = this.#messages.indexOf(turn) + 1;
    const next = this.#messages[at];
    if (next?.results) {
      if (at < this.#messages.length - 1 && !this.lateResults) throw misplaced(result.id);
      next.blocks.push(result);
      return;
    }
    if (next && !this.lateResults) throw misplaced(result.id);
    this.#messages.splice(at, 0, { role: "user", blocks: [result], results: true });
  }

  build(): Message[] {
    return this.#messages.map(({ role, blocks }) => ({ role, blocks }));
  }
}

function misplaced(id: string) {
  return invalid(
    `The tool result for the call ${JSON.stringify(id.slice(0, 80))} must come right after the turn with the call.`,
  );
}

/** Whether a turn holds nothing but tool results. */
export function isResults(message: Message): boolean {
  return (
    message.role === "user" &&
    message.blocks.length > 0 &&
    message.blocks.every((block) => block.kind === "toolResult")
  );
}

/** The index from which on a model is still in the midst of its tool calls: after the last thing a person said. */
export function currentLoopStart(messages: readonly Message[]): number {
  return messages.findLastIndex((message) => message.role === "user" && !isResults(message)) + 1;
}

/** What a user is taken to have said where a conversation must have a user's turn and has none. */
export const GO_ON = "(continue)";

/** An instruction in the midst of a conversation, for models that know none: it keeps its place as marked text. */
export function asReminder(text: string): string {
  return `<system-reminder>\n${text}\n</system-reminder>`;
}

/** The text of a turn's text blocks. */
export function textOf(blocks: readonly Block[], separator: string): string {
  return blocks
    .flatMap((block) => (block.kind === "text" && block.text !== "" ? [block.text] : []))
    .join(separator);
}

/** A result's text; a failure, which only Messages can mark, is said in words. */
export function resultText(result: ToolResultBlock): string {
  const text = textOf(result.blocks, "\n");
  return result.isError && !/^(?:\s*<tool_use_error>|\W*error)/i.test(text) ? `Error: ${text}` : text;
}
