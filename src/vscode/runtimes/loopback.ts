import http from "node:http";
import { loopbackOrigin } from "../../core/providers/runtimes";

const TIMEOUT_MS = 1500;
const MAX_BYTES = 1024 * 1024;

/** What a local server has answered. */
export interface LoopbackAnswer {
  readonly status: number;
  readonly text: string;
  /** The text as JSON; undefined if it is none. */
  readonly json: unknown;
}

/**
 * Asks a server on this machine, with no key, and nowhere else: an address that is not loopback is not asked, and a
 * redirect is not followed.
 * @returns undefined if nothing answers in time
 */
export function askLoopback(url: string, signal: AbortSignal): Promise<LoopbackAnswer | undefined> {
  if (loopbackOrigin(url) === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const request = http.get(
      url,
      { agent: false, headers: { accept: "application/json, text/plain" }, signal: limit },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_BYTES) request.destroy();
          else chunks.push(chunk);
        });
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, text, json: parsed(text) });
        });
        response.on("close", () => resolve(undefined));
      },
    );
    request.on("error", () => resolve(undefined));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
