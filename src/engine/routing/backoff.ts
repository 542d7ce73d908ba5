import { ExponentialBackoff, fullJitterGenerator } from "cockatiel";
import { PosternError } from "../../core/errors";

/**
 * Milliseconds before a target that failed is tried again, drawn anew each time so that clients do not march in step.
 * Never none: who does not wait must not try again.
 */
export function backoffMs(failures: number): number {
  const factory = new ExponentialBackoff({
    initialDelay: 250,
    maxDelay: 8_000,
    generator: fullJitterGenerator,
  });
  let backoff = factory.next();
  for (let step = 1; step < failures; step += 1) backoff = backoff.next(undefined);
  return Math.max(1, backoff.duration);
}

/** How much of a wait is added to it at most, and how much that is at most. */
const SPREAD = { share: 0.1, mostMs: 2_000 };

/**
 * Milliseconds to wait on top of a wait that others wait for too, drawn anew each time: a provider that says to come
 * back in 10 s says so to all, and would be asked by all at the same moment.
 */
export function spreadMs(waitMs: number): number {
  return Math.random() * Math.min(waitMs * SPREAD.share, SPREAD.mostMs);
}

/** The client of a request, which may leave. */
export interface Presence {
  hasLeft(): boolean;
  /** @returns a function that ends the listening */
  onLeft(listener: () => void): () => void;
}

/** Waits. @throws PosternError client_left if the client goes meanwhile */
export function pause(milliseconds: number, client: Presence): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(timer);
      reject(new PosternError("client_left", "The client left before it was answered."));
    };
    const timer = setTimeout(() => {
      forget();
      resolve();
    }, milliseconds);
    const forget = client.onLeft(leave);
    if (client.hasLeft()) leave();
  });
}
