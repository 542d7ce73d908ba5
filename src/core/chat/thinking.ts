import type { ThinkingBlock } from "../conversation/request";
import { type Seal, unwrapSeal, wrapSeal } from "../conversation/seal";
import { asArray, asObject, asString } from "../json/access";

/** Our key in the metadata of a thinking part. */
const KEY = "postern";

/** A thinking block as it waits in VS Code's history for the next request. */
export interface KeptThinking {
  /** The seal in our wrapping, which names the provider it belongs to. */
  readonly seal: string;
  readonly text: string;
}

/**
 * The metadata of the part that ends a thinking block. VS Code's Chat joins the thinking parts of an answer to one and
 * keeps the last one's metadata, so each carries everything that has ended before it in the same answer.
 */
export function thinkingMetadata(kept: readonly KeptThinking[]): Record<string, unknown> {
  return { [KEY]: kept };
}

export function keepThinking(issuer: string, seal: Seal, text: string): KeptThinking {
  return { seal: wrapSeal(issuer, seal), text };
}

/**
 * The thinking blocks that the metadata of a part stands for. Without ours, the thinking is somebody else's: a block
 * without a seal, which encoders leave out and report.
 */
export function keptThinking(text: string, metadata: Readonly<Record<string, unknown>>): ThinkingBlock[] {
  const kept = asArray(metadata[KEY]).flatMap((value): ThinkingBlock[] => {
    const entry = asObject(value);
    const seal = unwrapSeal(asString(entry.seal) ?? "");
    if (!seal) return [];
    const redacted = seal.value.redacted === undefined ? {} : { redacted: true };
    return [{ kind: "thinking", text: asString(entry.text) ?? "", seal, ...redacted }];
  });
  if (kept.length > 0) return kept;
  return text === "" ? [] : [{ kind: "thinking", text }];
}

/** What makes two kept blocks the same one. */
export function sealKey(block: ThinkingBlock): string | undefined {
  return block.seal && JSON.stringify([block.seal, block.text]);
}
