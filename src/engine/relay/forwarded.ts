import type { IncomingMessage } from "node:http";
import { steersByMember } from "../../core/providers/steering";
import { firstValue } from "../../core/text/firstValue";

/** The request headers, one value each. */
export function firstValues(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, firstValue(value)]),
  );
}

/** Claude Code's `?beta=true` and the like belong to the request; Azure's api-version is ours to say. */
export function forwardQuery(target: string, url: URL): void {
  const at = target.indexOf("?");
  if (at < 0) return;
  for (const [name, value] of new URLSearchParams(target.slice(at + 1))) {
    if (name === "api-version" || name === "key" || steersByMember(name)) continue;
    url.searchParams.append(name, value);
  }
}

/** What of a request's query is not sent on because it would steer a gateway behind this one. */
export function steeringInQuery({ url = "" }: IncomingMessage): string[] {
  const at = url.indexOf("?");
  return at < 0 ? [] : [...new URLSearchParams(url.slice(at + 1)).keys()].filter(steersByMember);
}
