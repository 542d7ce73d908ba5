/**
 * The tokenizer, a file of its own in the package (dist/tokenizer.js): its table is larger than all of the engine.
 * cl100k_base is GPT-4's. No provider's own tokenizer is known for every model, and between those of today's models
 * English text differs by a few percent.
 */
import { countTokens as count, setMergeCacheSize } from "gpt-tokenizer/encoding/cl100k_base";

// What it remembers are pieces of prompts; a few of the most frequent are enough.
setMergeCacheSize(2_000);

/** A prompt that speaks of special tokens has them as plain text. */
const OPTIONS = { disallowedSpecial: new Set<string>() };

export function countTokens(text: string): number {
  return count(text, OPTIONS);
}
