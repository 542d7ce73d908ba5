import { randomUUID } from "node:crypto";

/** An id for one request, by which its answer and the log find each other. */
export function newRequestId(): string {
  return `req_${randomUUID().replaceAll("-", "").slice(-24)}`;
}
