import type { Answer } from "../../conversation/answer";
import { foldEvents } from "../../conversation/foldAnswer";
import { createSequencer } from "../../conversation/sequencer";
import { isObject } from "../../json/access";
import type { WireError } from "../errorShape";
import { malformed } from "../providerError";
import { readStreamError } from "../streamError";
import { createResponsesDecoder } from "./decodeStream";

/** A whole answer of a Responses provider: read as the last event of a stream is. An error inside a 200 is an error. */
export function decodeResponsesAnswer(body: unknown, newId: (prefix: string) => string): Answer | WireError {
  if (!isObject(body)) return malformed("it is not a JSON object");
  if (!Array.isArray(body.output)) {
    return isObject(body.error) || body.message !== undefined || body.detail !== undefined
      ? readStreamError(body)
      : malformed("it has no output");
  }
  if (body.status === "in_progress" || body.status === "queued") return malformed("it is not finished");
  const sequence = createSequencer();
  const events = createResponsesDecoder(newId).response(body).flatMap(sequence);
  const failed = events.find((event) => event.type === "error");
  if (failed) return failed.error;
  return foldEvents(events) ?? malformed("it does not end");
}
