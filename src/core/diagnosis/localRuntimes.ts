import { isLocalAddress } from "../providers/baseUrl";

/** A server that people run on their own machine. */
export interface LocalRuntime {
  readonly name: string;
  /** Told by the id or the name that a person gives it. */
  readonly called: RegExp;
  /** Where it listens unless it is told otherwise; none where the port is another one each time. */
  readonly port?: number;
  /** Starts it, in a terminal. */
  readonly start: string;
  /** Says where it listens, where its port changes. */
  readonly where?: string;
}

export const LOCAL_RUNTIMES: readonly LocalRuntime[] = [
  { name: "Ollama", called: /ollama/i, port: 11434, start: "ollama serve" },
  { name: "LM Studio's server", called: /lm-?_?studio/i, port: 1234, start: "lms server start" },
  {
    name: "Foundry Local",
    called: /foundry/i,
    start: "foundry service start",
    where: "foundry service status",
  },
];

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
export function isLoopback(url: URL): boolean {
  return isLocalAddress(url.href) && /^(localhost|127\.|\[::1\]|.*\.localhost$)/.test(url.hostname);
}
