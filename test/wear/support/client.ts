import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { GATEWAY_KEY } from "../../support/gateway";
import type { Wish } from "./busyProvider";

export interface Asked {
  readonly request: ClientRequest;
  /** The head of the answer, or undefined where the connection broke before. */
  readonly begun: Promise<IncomingMessage | undefined>;
  /** Status and whole text, or undefined where it was not whole. */
  readonly whole: Promise<{ status: number; text: string } | undefined>;
}

/** A client of a gateway that makes many requests and keeps nothing of them. */
export class Client {
  private readonly agent: Agent;

  constructor(
    private readonly port: number,
    connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  ask(wish: Wish, more: object = {}, model = "model-a"): Asked {
    const body = JSON.stringify({ model, stream: wish !== "answer", messages: [], wish, ...more });
    const sent = request({
      port: this.port,
      host: "127.0.0.1",
      path: "/v1/chat/completions",
      method: "POST",
      agent: this.agent,
      headers: { "x-api-key": GATEWAY_KEY, "content-length": Buffer.byteLength(body) },
    });
    const begun = new Promise<IncomingMessage | undefined>((resolve) => {
      sent.once("response", resolve);
      sent.once("error", () => resolve(undefined));
      sent.once("close", () => resolve(undefined));
    });
    const whole = begun.then(async (answer) => {
      if (!answer) return undefined;
      let text = "";
      try {
        for await (const chunk of answer) text += chunk;
      } catch {
        return undefined;
      }
      return answer.complete ? { status: answer.statusCode ?? 0, text } : undefined;
    });
    sent.end(body);
    return { request: sent, begun, whole };
  }

  /** Runs `work` so many times, as many at once as there are connections. */
  async times(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
    let next = 0;
    const worker = async () => {
      while (next < count) {
        const index = next;
        next += 1;
        await work(index);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
  }

  close(): void {
    this.agent.destroy();
  }
}
