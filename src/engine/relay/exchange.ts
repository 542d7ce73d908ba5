import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestTrace } from "./requestTrace";
import type { ResponseRelay } from "./responseRelay";

/** A client's request and the answer to it, with the headers of our own that the answer gets. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: Record<string, string>;
  readonly trace: RequestTrace;
  /** What passes the answer on at present. */
  relay?: ResponseRelay;
}
