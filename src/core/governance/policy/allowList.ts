import { matchesGlob } from "../../text/glob";
import type { PolicyTarget } from "./facts";

/**
 * Whether a rule's list allows a target. An entry is `provider` or `provider/model`, both globs; what stands after the
 * first slash is the model, whose id may have slashes of its own.
 */
export function isAllowed(allow: readonly string[], { provider, model }: PolicyTarget): boolean {
  return allow.some((entry) => {
    const slash = entry.indexOf("/");
    if (slash < 0) return matchesGlob(entry, provider);
    return matchesGlob(entry.slice(0, slash), provider) && matchesGlob(entry.slice(slash + 1), model);
  });
}
