import { isLoopbackHost, RUNTIMES, type Runtime } from "../providers/runtimes";

/** A server that people run on their own machine. */
export interface LocalRuntime {
  readonly name: string;
  /** Told by the id that a person gives it. */
  readonly called: RegExp;
  /** Where it listens unless it is told otherwise; none where the port is another one each time. */
  readonly port?: number;
  /** Starts it, in a terminal. */
  readonly start: string;
  /** Says where it listens, where its port changes. */
  readonly where?: string;
}

export const LOCAL_RUNTIMES: readonly LocalRuntime[] = [
  runtime(RUNTIMES.ollama, /ollama/i),
  runtime(RUNTIMES.lmstudio, /lm[-_. ]?studio/i),
  { ...runtime(RUNTIMES["foundry-local"], /foundry/i), where: "foundry service status" },
];

function runtime({ label, program, start, port }: Runtime, called: RegExp): LocalRuntime {
  return {
    name: label,
    called,
    start: [program, ...start].join(" "),
    ...(port === undefined ? {} : { port }),
  };
}

/** Which runtime a provider is meant to be, by its port or its name; undefined for what is not on this machine. */
export function runtimeOf(provider: {
  readonly id: string;
  readonly baseUrl: string;
}): LocalRuntime | undefined {
  const url = new URL(provider.baseUrl);
  const named = LOCAL_RUNTIMES.find(({ called }) => called.test(provider.id));
  const atPort = LOCAL_RUNTIMES.find(({ port }) => port !== undefined && String(port) === url.port);
  const found = atPort ?? named;
  return found && isLoopback(url) ? found : undefined;
}

/** Whether an address is of this very machine. */
export function isLoopback({ hostname }: URL): boolean {
  return isLoopbackHost(hostname) || hostname.endsWith(".localhost");
}
