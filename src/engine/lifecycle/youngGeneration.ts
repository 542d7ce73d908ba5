import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8 from allocating what requests are made of in the old generation. After thousands of streams that were open
 * at once it takes all of it for long-lived, for the life of the process: every later request then costs half as much
 * again, and its objects stay until the next full collection (docs/performance.md). To be called before any request.
 */
export function keepRequestsYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
