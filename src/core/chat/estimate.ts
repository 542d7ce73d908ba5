import type { ChatMessage, ChatPart } from "./parts";
import { promptTsxText } from "./promptTsx";

/** Around each message: https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken */
const MESSAGE_TOKENS = 3;
/** What Anthropic counts at most for an image: https://platform.claude.com/docs/en/build-with-claude/vision */
const IMAGE_TOKENS = 1_600;
/** A page of a PDF, and the bytes that are taken for one (as the gateway does, docs/gateway.md). */
const PAGE_TOKENS = 2_000;
const PAGE_BYTES = 48 * 1024;

/**
 * The tokens of a text, estimated. VS Code asks for each piece of a prompt many times while it puts one together, so
 * this is one walk over the characters: words by their length, digits by threes, other signs each by itself, letters
 * of scripts that tokenizers know less of by one or more. Rather too many than too few, since prompts are cut to fit.
 */
export function estimateText(text: string): number {
  let tokens = 0;
  let letters = 0;
  let digits = 0;
  let spaces = 0;
  const flush = (): void => {
    if (letters > 0) tokens += letters <= 8 ? 1 : Math.ceil(letters / 4.5);
    if (digits > 0) tokens += Math.ceil(digits / 3);
    // One space belongs to the word behind it.
    if (spaces > 1) tokens += 1 + Math.floor(spaces / 16);
    letters = 0;
    digits = 0;
    spaces = 0;
  };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90)) {
      // camelCase is written in pieces.
      if (digits > 0 || spaces > 0 || (code <= 90 && letters > 0 && !isUpper(text.charCodeAt(at - 1))))
        flush();
      letters++;
    } else if (code === 32 || code === 9) {
      if (letters > 0 || digits > 0) flush();
      spaces++;
    } else if (code >= 48 && code <= 57) {
      if (letters > 0 || spaces > 0) flush();
      digits++;
    } else {
      flush();
      tokens += signTokens(code);
    }
  }
  flush();
  return Math.ceil(tokens);
}

/** Line ends and signs often share a token with their neighbours; few scripts but Latin, Greek and Cyrillic do. */
function signTokens(code: number): number {
  if (code === 10) return 0.6;
  if (code < 0x80) return 0.75;
  if (code < 0x590) return 0.6;
  return code < 0x2000 ? 1.25 : 1.1;
}

function isUpper(code: number): boolean {
  return code >= 65 && code <= 90;
}

/** The tokens of a message, estimated. */
export function estimateMessage({ parts }: ChatMessage): number {
  return MESSAGE_TOKENS + parts.reduce((sum, part) => sum + estimatePart(part), 0);
}

function estimatePart(part: ChatPart): number {
  switch (part.kind) {
    case "text":
    case "thinking":
      return estimateText(part.text);
    case "toolCall":
      return estimateText(part.name) + estimateText(JSON.stringify(part.input ?? {}));
    case "toolResult":
      return part.parts.reduce((sum, inner) => sum + estimatePart(inner), MESSAGE_TOKENS);
    case "promptTsx":
      return estimateText(promptTsxText(part.value));
    case "data":
      if (part.mimeType.startsWith("image/")) return IMAGE_TOKENS;
      if (part.mimeType === "application/pdf") return PAGE_TOKENS * Math.ceil(part.data.length / PAGE_BYTES);
      return part.mimeType.includes("/") ? Math.ceil(part.data.length / 3) : 0;
    default:
      return 0;
  }
}
