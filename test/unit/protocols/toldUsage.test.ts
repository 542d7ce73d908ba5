import { describe, expect, it } from "vitest";
import { usageFromChat, usageToChat } from "../../../src/core/protocols/chat/usage";
import {
  type MessagesCounts,
  mergeCounts,
  messagesUsage,
  usageFromCounts,
} from "../../../src/core/protocols/messages/usage";
import { usageToResponses } from "../../../src/core/protocols/responses/usage";

describe("what is paid for beside a protocol's own counts", () => {
  it("is the ledger's, and a client is told the counts as they are: reasoning beside the output, cached elsewhere", () => {
    const usage = usageFromChat({
      prompt_tokens: 12,
      completion_tokens: 2,
      total_tokens: 354,
      completion_tokens_details: { reasoning_tokens: 340 },
      cached_tokens: 11,
    });
    expect(usage).toMatchObject({ inputTokens: 12, cachedInputTokens: 11, outputTokens: 342 });
    expect(messagesUsage(usage)).toMatchObject({
      input_tokens: 12,
      cache_read_input_tokens: 0,
      output_tokens: 2,
    });
    expect(usageToResponses(usage ?? {})).toMatchObject({ input_tokens: 12, output_tokens: 2 });
  });

  it("is the ledger's: a compaction before the answer", () => {
    const counts: MessagesCounts = {};
    mergeCounts(counts, {
      input_tokens: 600,
      output_tokens: 30,
      iterations: [
        { type: "compaction", input_tokens: 60_000, output_tokens: 500 },
        { type: "message", input_tokens: 600, output_tokens: 30 },
      ],
    });
    const usage = usageFromCounts(counts) ?? {};
    expect(usage).toMatchObject({ inputTokens: 60_600, outputTokens: 530 });
    expect(usageToChat(usage)).toMatchObject({
      prompt_tokens: 600,
      completion_tokens: 30,
      total_tokens: 630,
    });
  });
});
