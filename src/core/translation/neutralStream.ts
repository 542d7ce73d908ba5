import type { StreamDecoder, StreamEvent } from "../conversation/answer";
import { isObject, parseJson } from "../json/access";
import { incomplete, malformed } from "../protocols/providerError";
import { dataEvent } from "../sse/format";

/** The content type under which an answer of no protocol is relayed inside the engine: neutral events, each as JSON. */
export const NEUTRAL_STREAM = "text/event-stream";

/** An event on its way through the relay, as one server-sent event. */
export function neutralEvent(event: StreamEvent): string {
  return dataEvent(event);
}

/** Reads what `neutralEvent` wrote. */
export function createNeutralDecoder(): StreamDecoder {
  let over = false;
  return {
    event: (data) => {
      const event = parseJson(data);
      if (!isObject(event) || typeof event.type !== "string")
        return [{ type: "error", error: malformed("an event is none") }];
      over ||= event.type === "stop" || event.type === "error";
      return [event as unknown as StreamEvent];
    },
    end: () => (over ? [] : [{ type: "error", error: incomplete() }]),
  };
}
