import type { Clock } from "../core/credentials/askedCredentials";

/** The machine's time. Waiting for something keeps nothing alive. */
export const systemClock: Clock = {
  now: Date.now,
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
