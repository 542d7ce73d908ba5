import { setImmediate } from "node:timers/promises";
import type { JsonObject } from "../../core/json/access";
import { countableOf } from "../../core/tokens/countable";
import { sampleOf } from "../../core/tokens/slices";

/** How long counting may keep other requests waiting, in milliseconds. */
const TURN_MS = 5;

/** The tokens of a `count_tokens` request, estimated; a long one is counted by a sample (docs/gateway.md). */
export async function estimateTokens(body: JsonObject): Promise<number> {
  // Loaded when it is first needed: most never count.
  const { countTokens } = await import("./cl100k");
  const { texts, tokens } = countableOf(body);
  const { slices, scale } = sampleOf(texts);
  let counted = 0;
  let turn = performance.now();
  for (const slice of slices) {
    if (performance.now() - turn > TURN_MS) {
      await setImmediate();
      turn = performance.now();
    }
    counted += countTokens(slice);
  }
  return tokens + Math.round(counted * scale);
}
