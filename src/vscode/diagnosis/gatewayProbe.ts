import http from "node:http";
import type { GatewayInput } from "../../core/diagnosis/report/inputs";
import type { GatewayState } from "../../core/rpc/contract";
import { portOwner } from "./portOwner";

const TIMEOUT_MS = 10_000;

/**
 * Asks the gateway for its models as a tool would: over HTTP, with a gateway key.
 * @param key undefined where none is known as a whole
 * @param accepted how many gateway keys there are
 */
export async function probeGateway(
  gateway: GatewayState,
  key: string | undefined,
  accepted: number,
  signal: AbortSignal,
): Promise<GatewayInput> {
  if (gateway.state === "stopped") return { kind: "stopped" };
  if (gateway.state === "failed") {
    const { code, message, port } = gateway;
    const owner = code === "port_in_use" ? await portOwner(port, signal) : undefined;
    return { kind: "failed", code, message, port, ...(owner ? { owner } : {}) };
  }
  const { url } = gateway;
  if (accepted === 0) return { kind: "keyless", url };
  const begun = performance.now();
  // Of a key that was made elsewhere there is only its hash; that the gateway is there can be seen without one.
  const path = key === undefined ? "/health" : "/v1/models";
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const answer = await get(url + path, headers, TIMEOUT_MS, signal);
  if (typeof answer === "string") return { kind: "silent", url, code: answer };
  const latencyMs = Math.round(performance.now() - begun);
  return { kind: "answered", url, status: answer.status, latencyMs, withKey: key !== undefined };
}

/**
 * A GET through no proxy: VS Code's own `fetch` would ask one even for this machine.
 * @returns the system's error code where there was no answer
 */
export function get(
  url: string,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string } | string> {
  return new Promise((resolve) => {
    const request = http.get(url, { headers, signal, timeout: timeoutMs, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        // What is looked at stands at the beginning.
        if (size < 100_000) chunks.push(chunk);
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
      response.on("error", (error) => resolve(codeOf(error)));
    });
    request.on("timeout", () => request.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" })));
    request.on("error", (error) => resolve(codeOf(error)));
  });
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "no reason given";
}
