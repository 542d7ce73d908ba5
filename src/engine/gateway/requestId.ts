import { randomUUID } from "node:crypto";

/**
 * An id for one request, by which its answer and the log find each other. It begins with the time, so that the ledger's
 * indexes grow at their end: of ids at random each would change a page of its own.
 * @param now milliseconds since the epoch
 */
export function newRequestId(now = Date.now()): string {
  return `req_${now.toString(16).padStart(12, "0")}${randomUUID().slice(-12)}`;
}
