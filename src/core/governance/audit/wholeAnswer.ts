import type { AnswerBlock, StreamEvent } from "../../conversation/answer";
import { foldEvents } from "../../conversation/foldAnswer";
import { createSequencer } from "../../conversation/sequencer";
import { asArray, asObject, isObject } from "../../json/access";
import type { WireProtocol } from "../../protocols/wire";
import { createSseParser } from "../../sse/parser";
import { isEventStream } from "../../translation/answer";
import { streamDecoder } from "../../translation/codecs";
import { withoutLooseEnd } from "./cutText";

/**
 * An answer as it is kept. A stream is put together again, because a secret that came in two pieces can be found only
 * in one, and because nobody can read it otherwise; what is no stream stays as it is, but for what it says of each
 * token: there a secret stands in pieces that nobody can find.
 * @param text what the client got
 * @param isCut more came than is here, so the last word of each piece may be the first half of a secret
 */
export function wholeAnswer(protocol: WireProtocol, text: string, isCut = false): string {
  if (!isEventStream(text)) return withoutLogprobs(protocol, text);
  let calls = 0;
  const newId = (prefix: string): string => `${prefix}${++calls}`;
  const parser = createSseParser();
  const decoder = streamDecoder(protocol, { now: () => 0, newId });
  const received = [...parser.push(new TextEncoder().encode(text)), ...parser.end()];
  const events = [
    ...received.flatMap(({ data, event }) => decoder.event(data, event)),
    ...decoder.end(),
  ].flatMap(createSequencer());
  const failed = events.find((event) => event.type === "error");
  const answer = foldEvents(failed ? [...before(events, failed), { type: "stop", reason: "stop" }] : events);
  const { stop, blocks, ...said } = answer ?? { stop: undefined, blocks: [] };
  return JSON.stringify({
    ...said,
    blocks: blocks.map((block) => keptBlock(block, isCut)),
    ...(failed ? { error: failed.error.message } : { stop }),
    // It is not what was sent to the letter, and says so.
    putTogetherFrom: "stream",
  });
}

const LOGPROBS = '"logprobs"';

function withoutLogprobs(protocol: WireProtocol, text: string): string {
  if (protocol === "messages" || !text.includes(LOGPROBS)) return text;
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    // Cut in the middle of them. What comes before, the answer's text mostly, can be searched.
    return text.slice(0, text.indexOf(LOGPROBS));
  }
  const items = asArray(asObject(answer)[protocol === "chat" ? "choices" : "output"]);
  const holders = protocol === "chat" ? items : items.flatMap((item) => asArray(asObject(item).content));
  const telling = holders.filter((holder) => isObject(holder) && isTelling(holder.logprobs));
  for (const holder of telling) delete (holder as { logprobs?: unknown }).logprobs;
  return telling.length === 0 ? text : JSON.stringify(answer);
}

/** Null and an empty list say nothing, and need not be taken out. */
function isTelling(logprobs: unknown): boolean {
  return Array.isArray(logprobs) ? logprobs.length > 0 : isObject(logprobs);
}

/** What came before an error; a tool's call that was open then is closed. */
function before(events: readonly StreamEvent[], failed: StreamEvent): StreamEvent[] {
  const open = new Set<number>();
  const kept = events.slice(0, events.indexOf(failed));
  for (const event of kept) {
    if (event.type === "toolStart") open.add(event.call);
    if (event.type === "toolEnd") open.delete(event.call);
  }
  return [...kept, ...[...open].map((call): StreamEvent => ({ type: "toolEnd", call }))];
}

function keptBlock(block: AnswerBlock, isCut: boolean): AnswerBlock {
  const whole = (text: string): string => (isCut ? withoutLooseEnd(text) : text);
  switch (block.kind) {
    case "toolCall":
      return { ...block, argumentsText: whole(block.argumentsText) };
    case "text":
      // Without what is known of each token: told one by one, a secret's pieces can be found by nobody.
      return { kind: "text", text: whole(block.text) };
    default:
      return { ...block, text: whole(block.text) };
  }
}
