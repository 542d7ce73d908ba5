import type { Usage } from "../conversation/usage";
import { usageFromChat } from "../protocols/chat/usage";
import { type MessagesCounts, mergeCounts, usageFromCounts } from "../protocols/messages/usage";
import { usageFromResponses } from "../protocols/responses/usage";
import type { WireProtocol } from "../protocols/wire";

/**
 * Reads a provider's usage object into our one way of counting. Only what is there is taken: an absent, negative or
 * broken number stays absent.
 */
export function reportedUsage(protocol: WireProtocol, usage: unknown): Usage | undefined {
  switch (protocol) {
    case "chat":
      return usageFromChat(usage);
    case "responses":
      return usageFromResponses(usage);
    case "messages": {
      const counts: MessagesCounts = {};
      mergeCounts(counts, usage);
      return usageFromCounts(counts);
    }
  }
}

/** Later reports are cumulative, so each field's last one counts. */
export function mergeUsage(earlier: Usage | undefined, later: Usage | undefined): Usage | undefined {
  return earlier && later ? { ...earlier, ...later } : (later ?? earlier);
}
