import { asArray, asObject, isObject, type JsonObject, nonEmpty } from "../json/access";
import { fromBase64 } from "../text/encode";

/** What of a Messages request is counted: texts for a tokenizer, and tokens by rule of thumb. */
export interface Countable {
  readonly texts: readonly string[];
  readonly tokens: number;
}

/** Around each message, and once before the answer: https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken */
const MESSAGE_TOKENS = 3;
/** Around each declared tool; from the same place, which says 7 to 10. */
const TOOL_TOKENS = 8;
/** The most that Anthropic counts for an image it need not shrink: https://platform.claude.com/docs/en/build-with-claude/vision */
const IMAGE_TOKENS = 1_600;
/** A page of a PDF has 1,500 to 3,000 tokens of text: https://platform.claude.com/docs/en/build-with-claude/pdf-support */
const PAGE_TOKENS = 2_000;
/** How much base64 a page of a PDF is taken to be. */
const PAGE_CHARACTERS = 64 * 1024;

/**
 * Walks a request of `count_tokens`. It is not checked: what is no text, image or document is left out, since a
 * count that is a little off serves better than none.
 */
export function countableOf(body: JsonObject): Countable {
  const counter = new Counter();
  counter.content(body.system);
  const messages = asArray(body.messages);
  const loop = messages.findLastIndex((message) => isSpoken(asObject(message)));
  messages.forEach((message, index) => {
    counter.tokens += MESSAGE_TOKENS;
    counter.content(asObject(message).content, index > loop);
  });
  counter.tokens += MESSAGE_TOKENS;
  for (const tool of asArray(body.tools)) {
    if (!isObject(tool)) continue;
    counter.tokens += TOOL_TOKENS;
    counter.text(tool.name);
    counter.text(tool.description);
    counter.json(tool.input_schema);
  }
  return counter;
}

/** Whether a message is something a person said, and not just the results of tools. */
function isSpoken({ role, content }: JsonObject): boolean {
  if (role !== "user") return false;
  return !Array.isArray(content) || content.some((block) => asObject(block).type !== "tool_result");
}

class Counter implements Countable {
  readonly texts: string[] = [];
  tokens = 0;

  text(value: unknown): void {
    const text = nonEmpty(value);
    if (text !== undefined) this.texts.push(text);
  }

  json(value: unknown): void {
    if (value !== undefined) this.texts.push(JSON.stringify(value));
  }

  /** @param withThinking earlier turns' thinking is not given to the model again, and not counted by Anthropic either */
  content(content: unknown, withThinking = false): void {
    this.text(content);
    for (const value of asArray(content)) {
      const block = asObject(value);
      switch (block.type) {
        case "image":
          this.tokens += IMAGE_TOKENS;
          break;
        case "document":
          this.document(block);
          break;
        case "tool_use":
        case "server_tool_use":
          this.text(block.name);
          this.json(block.input);
          break;
        case "thinking":
          if (withThinking) this.text(block.thinking);
          break;
        case "tool_reference":
          this.text(block.tool_name);
          break;
        default:
          this.text(block.text);
          this.content(block.content);
      }
    }
  }

  private document(block: JsonObject): void {
    this.text(block.title);
    this.text(block.context);
    const source = asObject(block.source);
    if (source.type === "text") this.text(source.data);
    else if (source.type === "content") this.content(source.content);
    else if (source.type === "base64" && typeof source.data === "string") {
      const text = source.media_type === "application/pdf" ? undefined : fromBase64(source.data);
      if (text === undefined) this.tokens += PAGE_TOKENS * Math.ceil(source.data.length / PAGE_CHARACTERS);
      else this.text(text);
    } else this.tokens += PAGE_TOKENS;
  }
}
