import type { StreamEvent } from "./answer";

/** What may wait for a block before it; a provider that never ends a block must not fill our memory. */
const MAX_WAITING_CHARACTERS = 64 * 1024 * 1024;

/**
 * Puts blocks one after another. Providers write parallel tool calls at the same time, or text while a call is
 * open; clients of Messages take one block at a time, and the order of the blocks is the order in which they
 * began. Everything goes through at once except what began while a tool call was open.
 */
export function createSequencer(limit = MAX_WAITING_CHARACTERS): (event: StreamEvent) => StreamEvent[] {
  let open: number | undefined;
  let waiting: StreamEvent[] = [];
  let size = 0;
  let over = false;

  const finish = (out: StreamEvent[], last: StreamEvent): StreamEvent[] => {
    over = true;
    out.push(last);
    return out;
  };

  /** Lets an event through, or makes it wait. */
  const step = (event: StreamEvent, out: StreamEvent[]): void => {
    if (event.type === "start" || event.type === "usage") out.push(event);
    else if (open === undefined) {
      if (event.type === "toolStart") open = event.call;
      out.push(event);
    } else if ((event.type === "toolArguments" || event.type === "toolEnd") && event.call === open) {
      out.push(event);
      if (event.type === "toolEnd") {
        open = undefined;
        const before = waiting;
        waiting = [];
        size = 0;
        for (const held of before) step(held, out);
      }
    } else {
      waiting.push(event);
      if ("text" in event) size += event.text.length;
    }
  };

  /** A decoder that forgot to end a call still lets the answer end. */
  const release = (out: StreamEvent[]): void => {
    while (open !== undefined) step({ type: "toolEnd", call: open }, out);
  };

  return (event) => {
    const out: StreamEvent[] = [];
    if (over) return out;
    if (event.type === "error") return finish(out, event);
    if (event.type === "stop") {
      release(out);
      return finish(out, event);
    }
    step(event, out);
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
