import type { IncomingMessage, ServerResponse } from "node:http";
import type { PosternError } from "../../core/errors";
import type { RequestTrace } from "./requestTrace";
import type { ResponseRelay } from "./responseRelay";

/** A client's request and the answer to it, with the headers of our own that the answer gets. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: Record<string, string>;
  readonly trace: RequestTrace;
  /** What passes the answer on at present, or did in the attempt before. */
  relay?: ResponseRelay;
  /** Why it must not go on, wherever it is. */
  taken?: PosternError;
  /** Who waits between two attempts, and must not any longer once it is taken. */
  onTaken?: () => void;
}
