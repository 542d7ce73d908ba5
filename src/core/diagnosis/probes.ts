import type { Finding } from "./finding";

/**
 * What is tried of a provider, each by itself: that one works says nothing of the next.
 * list costs nothing; the others are requests to a model, some tokens each.
 */
export type ProbeKind = "list" | "answer" | "stream" | "tools";

/** The probes that cost tokens, in the order in which they are tried. */
export const PAID_PROBES = ["answer", "stream", "tools"] as const;
export type PaidProbe = (typeof PAID_PROBES)[number];

/** How a probe went. */
export interface ProbeResult {
  readonly probe: ProbeKind;
  /** works. warning: it does, but not as it should. fails. skipped: there was no point in trying. */
  readonly outcome: "works" | "warning" | "fails" | "skipped";
  /** One sentence, log-safe. */
  readonly sentence: string;
  /** Until the answer was whole, in milliseconds. */
  readonly latencyMs: number;
  /** Why it does not work, or not well. */
  readonly finding?: Finding;
}

export const PROBE_LABEL: Record<ProbeKind, string> = {
  list: "lists models",
  answer: "answers",
  stream: "streams",
  tools: "calls tools",
};

/** Models that no conversation can be had with, by what providers call them. */
const NOT_FOR_CHAT =
  /embed|whisper|tts|dall-?e|image|imagen|moderation|transcri|audio|speech|realtime|rerank|guard|veo|sora|babbage|davinci|instruct-0914|ocr|aqa|lyria|clip|bge-|nomic/i;
/** What cheap models are called, cheapest first. */
const CHEAP = [
  /nano/i,
  /flash-?lite/i,
  /\bmini\b|-mini/i,
  /haiku/i,
  /flash/i,
  /small|lite|tiny/i,
  /\b[1-9]b\b/i,
];

/**
 * The model to try: one for conversations, a cheap one where names tell. The order of the list decides where they do
 * not.
 */
export function suggestedModel(models: readonly string[]): string | undefined {
  const chat = models.filter((id) => !NOT_FOR_CHAT.test(id));
  for (const cheap of CHEAP) {
    const found = chat.find((id) => cheap.test(id));
    if (found !== undefined) return found;
  }
  return chat[0] ?? models[0];
}
