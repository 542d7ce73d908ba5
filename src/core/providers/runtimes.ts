/** Programs that serve models on this machine and that are found by themselves. */
export type RuntimeId = "ollama" | "lmstudio" | "foundry-local";

/** How a local runtime is found and started. */
export interface Runtime {
  readonly id: RuntimeId;
  readonly label: string;
  /** The program that starts it. */
  readonly program: string;
  /** Its arguments for that. */
  readonly start: readonly string[];
  /** Where it listens if nobody has told it otherwise; Foundry Local takes any free port. */
  readonly port?: number;
}

/**
 * https://docs.ollama.com/faq, https://lmstudio.ai/docs/cli/server-start,
 * https://learn.microsoft.com/azure/foundry-local/reference/reference-cli
 */
export const RUNTIMES: Readonly<Record<RuntimeId, Runtime>> = {
  ollama: { id: "ollama", label: "Ollama", program: "ollama", start: ["serve"], port: 11434 },
  lmstudio: { id: "lmstudio", label: "LM Studio", program: "lms", start: ["server", "start"], port: 1234 },
  "foundry-local": {
    id: "foundry-local",
    label: "Foundry Local",
    program: "foundry",
    start: ["service", "start"],
  },
};

/** What a runtime's own program says of it. `unknown`: not what this program would say. */
export type ProgramStatus =
  | { readonly kind: "running"; readonly origin: string }
  | { readonly kind: "stopped" }
  | { readonly kind: "unknown" };

/**
 * Reads what Foundry Local says of itself. Its commands changed their name and form with 0.10:
 * `foundry service status` prints `🟢 Model management service is running on http://127.0.0.1:PORT/openai/status`, or
 * that it `is not running!`; `foundry server status -o json` prints `{"running", "state", "webUrls": ["http://…"]}`.
 * Each answers the other's command with a usage message. Other lines may stand around either.
 * https://github.com/microsoft/Foundry-Local
 */
export function foundryStatus(output: string): ProgramStatus {
  const status = jsonIn(output);
  if (status !== undefined) {
    const urls: unknown = status.webUrls;
    // A flag that says "not running" is stale in some versions while an address is still served.
    for (const url of Array.isArray(urls) ? urls : []) {
      const origin = loopbackOrigin(url);
      if (origin !== undefined) return { kind: "running", origin };
    }
    return typeof status.running === "boolean" || Array.isArray(urls)
      ? { kind: "stopped" }
      : { kind: "unknown" };
  }
  for (const [url] of output.matchAll(/https?:\/\/[^\s"',]+/g)) {
    const origin = loopbackOrigin(url);
    if (origin !== undefined) return { kind: "running", origin };
  }
  return /is not running|\bstate\s+stopped\b/i.test(output) ? { kind: "stopped" } : { kind: "unknown" };
}

/** Reads `lms server status --json --quiet`: `{"running":true,"port":1234}`. https://lmstudio.ai/docs/cli/server-status */
export function lmStudioStatus(output: string): ProgramStatus {
  const status = jsonIn(output);
  if (typeof status?.running !== "boolean") return { kind: "unknown" };
  const { running, port } = status;
  const usable = typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65_536;
  return running && usable ? { kind: "running", origin: `http://127.0.0.1:${port}` } : { kind: "stopped" };
}

/**
 * Where `OLLAMA_HOST` says that Ollama listens, as an origin on this machine: `0.0.0.0` is everywhere and so here too.
 * https://docs.ollama.com/faq
 * @returns undefined if it is elsewhere, or no address
 */
export function ollamaOrigin(host: string): string | undefined {
  const text = host.trim();
  if (text === "") return undefined;
  const whole = /^https?:\/\//i.test(text)
    ? text
    : `http://${text.startsWith(":") ? "127.0.0.1" : ""}${text}`;
  if (!URL.canParse(whole)) return undefined;
  const url = new URL(whole);
  if (url.hostname === "0.0.0.0" || url.hostname === "[::]") url.hostname = "127.0.0.1";
  if (url.port === "" && !/^https?:\/\//i.test(text)) url.port = "11434";
  return loopbackOrigin(url.href);
}

/** Scheme, host and port, if the host is this machine and the address http; undefined otherwise. */
export function loopbackOrigin(address: unknown): string | undefined {
  if (typeof address !== "string" || !URL.canParse(address)) return undefined;
  const { protocol, origin, hostname } = new URL(address);
  return protocol === "http:" && isLoopbackHost(hostname) ? origin : undefined;
}

/** Whether a host name, as `URL.hostname` has it, is this machine and nothing else. */
export function isLoopbackHost(hostname: string): boolean {
  return /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/i.test(hostname);
}

/** The ids in an OpenAI-like list of models; undefined if it is none. */
export function listedIds(body: unknown): readonly string[] | undefined {
  const data = memberOf(body, "data");
  return Array.isArray(data) ? data.flatMap((entry) => textOf(memberOf(entry, "id"))) : undefined;
}

/** The names in Ollama's `GET /api/tags`; undefined if it is no such list. https://docs.ollama.com/api/tags */
export function ollamaModels(body: unknown): readonly string[] | undefined {
  const models = memberOf(body, "models");
  return Array.isArray(models) ? models.flatMap((entry) => textOf(memberOf(entry, "name"))) : undefined;
}

/** Who has made the entries of an OpenAI-like list: `vllm`, `llamacpp`; undefined where they do not agree. */
export function listOwner(body: unknown): string | undefined {
  const data = memberOf(body, "data");
  const owners = new Set(Array.isArray(data) ? data.map((entry) => memberOf(entry, "owned_by")) : []);
  const [owner] = owners;
  return owners.size === 1 && typeof owner === "string" ? owner : undefined;
}

function jsonIn(output: string): Readonly<Record<string, unknown>> | undefined {
  const start = output.indexOf("{");
  const end = output.lastIndexOf("}");
  if (start < 0 || end < start) return undefined;
  try {
    const value: unknown = JSON.parse(output.slice(start, end + 1));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function textOf(value: unknown): string[] {
  return typeof value === "string" && value !== "" ? [value] : [];
}
