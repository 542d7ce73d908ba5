import type { Replayable } from "../render/requestActions";

/**
 * Sends a kept request through the gateway, and waits for the end of its answer.
 * @returns the HTTP status
 */
export async function replay(
  gatewayUrl: string,
  gatewayKey: string,
  { path, headers, body }: Replayable,
  signal: AbortSignal,
): Promise<number> {
  const response = await fetch(`${gatewayUrl}${path}`, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${gatewayKey}` },
    body,
    signal,
  });
  // It is read to its end, since a client that leaves would cut it; what it says is in the new request.
  for await (const _ of response.body ?? []);
  return response.status;
}
