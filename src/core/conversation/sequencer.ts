import type { StreamEvent } from "./answer";

/** What may wait for a block before it; a provider that never ends a block must not fill our memory. */
const MAX_WAITING_CHARACTERS = 64 * 1024 * 1024;
/** What an event takes besides its text. */
const EVENT_SIZE = 32;

/** What began while a tool call was open: a call, or whatever came between two of them. */
interface Waiting {
  readonly call: number | undefined;
  readonly events: StreamEvent[];
  size: number;
  ended: boolean;
}

/**
 * Puts blocks one after another. Providers write parallel tool calls at the same time, or text while a call is
 * open; clients of Messages take one block at a time, and the order of the blocks is the order in which they
 * began. Everything goes through at once except what began while a tool call was open.
 */
export function createSequencer(limit = MAX_WAITING_CHARACTERS): (event: StreamEvent) => StreamEvent[] {
  let open: number | undefined;
  /** From `next` on; what is before it has been let through. */
  let waiting: Waiting[] = [];
  let next = 0;
  const calls = new Map<number, Waiting>();
  let size = 0;
  let over = false;

  const finish = (out: StreamEvent[], last: StreamEvent): StreamEvent[] => {
    over = true;
    out.push(last);
    return out;
  };

  /** The open call has ended: lets through what waited, up to the next call that is still being written. */
  const advance = (out: StreamEvent[]): void => {
    open = undefined;
    while (open === undefined && next < waiting.length) {
      const block = waiting[next++];
      if (!block) break;
      size -= block.size;
      for (const event of block.events) out.push(event);
      if (block.call === undefined) continue;
      if (calls.get(block.call) === block) calls.delete(block.call);
      if (!block.ended) open = block.call;
    }
    if (next < waiting.length) return;
    waiting = [];
    next = 0;
  };

  const wait = (event: StreamEvent): void => {
    const call = event.type === "toolStart" ? event.call : undefined;
    const ofCall = event.type === "toolArguments" || event.type === "toolEnd";
    const last = waiting.at(-1);
    let block = ofCall
      ? calls.get(event.call)
      : last?.call === undefined && call === undefined
        ? last
        : undefined;
    if (!block) {
      block = { call, events: [], size: 0, ended: false };
      waiting.push(block);
      if (call !== undefined) calls.set(call, block);
    }
    const grown = EVENT_SIZE + ("text" in event ? event.text.length : 0);
    block.events.push(event);
    block.size += grown;
    size += grown;
    if (event.type === "toolEnd") {
      block.ended = true;
      calls.delete(event.call);
    }
  };

  return (event) => {
    const out: StreamEvent[] = [];
    if (over) return out;
    if (event.type === "error") return finish(out, event);
    if (event.type === "stop") {
      // A decoder that forgot to end a call still lets the answer end.
      while (open !== undefined) {
        out.push({ type: "toolEnd", call: open });
        advance(out);
      }
      return finish(out, event);
    }
    if (event.type === "start" || event.type === "usage") out.push(event);
    else if (open === undefined) {
      if (event.type === "toolStart") open = event.call;
      out.push(event);
    } else if ((event.type === "toolArguments" || event.type === "toolEnd") && event.call === open) {
      out.push(event);
      if (event.type === "toolEnd") advance(out);
    } else wait(event);
    if (size <= limit) return out;
    return finish(out, {
      type: "error",
      error: {
        status: 502,
        message: "The provider wrote too much while a tool call was open.",
        code: "bad_stream",
      },
    });
  };
}
