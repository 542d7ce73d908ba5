import { type IncomingMessage, request } from "node:http";
import { within } from "./waiting";

/** What a window asks over the private socket, and how. */
export interface PrivateAsk {
  readonly path: string;
  /** None where a test wants to come without one. */
  readonly token?: string;
  readonly url?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that has begun. */
export interface PrivateAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** The whole body; rejects if it is cut off. */
  text(): Promise<string>;
  leave(): void;
}

/** Sends a request over the private socket. Rejects where nobody listens there. */
export function askPrivately(asked: PrivateAsk): Promise<PrivateAnswer> {
  const { path, token, url = "/v1/chat/completions", body = '{"model":"model-a"}' } = asked;
  const answer = new Promise<PrivateAnswer>((resolve, reject) => {
    const sent = request({
      socketPath: path,
      path: url,
      method: "POST",
      agent: false,
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...asked.headers,
      },
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const text = new Promise<string>((whole, cut) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => whole(Buffer.concat(chunks).toString()));
        response.on("error", cut);
        response.on("close", () => cut(new Error("the answer was cut off")));
      });
      text.catch(() => {});
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: () => within(text, "the end of the answer"),
        leave: () => sent.destroy(),
      });
    });
    sent.end(body);
  });
  return within(answer, "an answer on the private socket");
}
