import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { asObject, asString, isObject, parseJson } from "../../core/json/access";
import { failureIn } from "../../core/mcp/chatAnswer";
import { createSseParser } from "../../core/sse/parser";

type Id = string | number;

/**
 * MCP on the standard streams, carried on to a gateway that runs: each line is a POST to its `/mcp`, each message of an
 * answer a line. Which tools there are and what they do is the gateway's alone.
 * https://modelcontextprotocol.io/specification/2025-06-18/basic/transports
 */
export class StdioBridge {
  private readonly running = new Map<Id | symbol, AbortController>();
  private session: string | undefined;
  private version: string | undefined;

  constructor(
    private readonly url: URL,
    private readonly key: string,
    private readonly output: Writable,
  ) {}

  /** Until the input ends; what runs then is still answered, unless the signal ends it. */
  async run(input: Readable, signal: AbortSignal): Promise<void> {
    const lines = createInterface({ input });
    const end = (): void => {
      lines.close();
      input.destroy();
      for (const controller of this.running.values()) controller.abort();
    };
    signal.addEventListener("abort", end, { once: true });
    this.output.once("error", end);
    const sent = new Set<Promise<void>>();
    for await (const line of lines) {
      if (line.trim() === "") continue;
      const sending = this.send(line).finally(() => sent.delete(sending));
      sent.add(sending);
      // What follows needs to know what the two sides have agreed on.
      if (asObject(parseJson(line)).method === "initialize") await sending;
    }
    await Promise.all(sent);
  }

  /** Never rejects: what goes wrong becomes the answer. */
  private async send(line: string): Promise<void> {
    const message = parseJson(line);
    if (message === undefined) {
      this.answer({ id: null, error: { code: -32700, message: "The line is not valid JSON." } });
      return;
    }
    const { id, method } = asObject(message);
    const request =
      method !== undefined && (typeof id === "string" || typeof id === "number") ? id : undefined;
    this.cancel(message);
    const controller = new AbortController();
    const key = request ?? Symbol();
    this.running.set(key, controller);
    try {
      const answered = await this.post(line, method === "initialize", controller.signal);
      if (!answered && request !== undefined && !controller.signal.aborted) throw new Error("no answer");
    } catch (error) {
      if (request === undefined || controller.signal.aborted) return;
      const text =
        error instanceof Refusal
          ? error.message
          : `The gateway at ${this.url.origin} does not answer. Is it running?`;
      this.answer({ id: request, error: { code: -32000, message: text } });
    } finally {
      this.running.delete(key);
    }
  }

  /** The gateway hears of it, too; its answer to what was cancelled is not waited for. */
  private cancel(message: unknown): void {
    const { method, params } = asObject(message);
    if (method !== "notifications/cancelled") return;
    const { requestId } = asObject(params);
    if (typeof requestId === "string" || typeof requestId === "number") this.running.get(requestId)?.abort();
  }

  /** @returns whether an answer came @throws Refusal */
  private async post(body: string, begins: boolean, signal: AbortSignal): Promise<boolean> {
    const response = await fetch(this.url, {
      method: "POST",
      redirect: "error",
      headers: {
        authorization: `Bearer ${this.key}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...(this.session === undefined || begins ? {} : { "mcp-session-id": this.session }),
        ...(this.version === undefined || begins ? {} : { "mcp-protocol-version": this.version }),
      },
      body,
      signal,
    });
    if (begins) this.session = response.headers.get("mcp-session-id") ?? undefined;
    if (/^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "")) {
      let answered = false;
      const take = (events: readonly { readonly data: string }[]): void => {
        for (const { data } of events) answered = this.pass(parseJson(data), begins) || answered;
      };
      const parser = createSseParser();
      for await (const bytes of response.body ?? []) take(parser.push(bytes));
      take(parser.end());
      return answered;
    }
    const answer = parseJson(await response.text());
    if (isObject(answer) && answer.jsonrpc === "2.0" && answer.id !== null) return this.pass(answer, begins);
    if (response.ok) return false;
    const said = failureIn(answer) ?? asString(asObject(asObject(answer).error).message);
    throw new Refusal(said ?? `The gateway answered with HTTP ${response.status}.`);
  }

  /** @returns whether it was an answer, and not a notification on the way to it */
  private pass(message: unknown, begins: boolean): boolean {
    if (!isObject(message)) return false;
    if (begins) this.version = asString(asObject(message.result).protocolVersion) ?? this.version;
    this.write(message);
    return message.method === undefined;
  }

  private answer(fields: object): void {
    this.write({ jsonrpc: "2.0", ...fields });
  }

  private write(message: object): void {
    this.output.write(`${JSON.stringify(message)}\n`);
  }
}

/** What the gateway says against a message. */
class Refusal extends Error {}
