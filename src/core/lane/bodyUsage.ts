import type { Usage } from "../conversation/usage";
import type { JsonObject } from "../json/access";
import { withHostedCalls, withHostedCallsIn, withServiceTier } from "../protocols/billing";
import type { WireProtocol } from "../protocols/wire";
import { reportedUsage } from "./reportedUsage";

/** Bodies up to here are parsed whole; of larger ones (embeddings, images) only the two ends are looked at. */
export const WHOLE_BODY_BYTES = 256 * 1024;
/** How much of a large body's start and end is looked at. */
export const END_BYTES = 16 * 1024;

/** The usage a provider reported in a plain JSON answer; undefined where it reported none. */
export function usageOfBody(
  protocol: WireProtocol,
  { usage, output, service_tier: tier }: JsonObject,
): Usage | undefined {
  if (usage === undefined) return undefined;
  return reportedUsage(protocol, withServiceTier(withHostedCalls(usage, output), tier));
}

/** The same for a body too large to parse: the last `"usage"` object that stands in one of its ends. */
export function usageOfEnds(protocol: WireProtocol, head: Uint8Array, tail: Uint8Array): Usage | undefined {
  for (const end of [tail, head]) {
    const text = new TextDecoder().decode(end);
    const tier = /"service_tier"\s*:\s*"([\w-]+)"/.exec(text)?.[1];
    const report = withHostedCallsIn(usageObjectIn(text), text);
    const usage = reportedUsage(protocol, withServiceTier(report, tier));
    if (usage) return usage;
  }
  return undefined;
}

/** The last `"usage"` object in a piece of JSON. */
export function usageObjectIn(text: string): unknown {
  for (
    let at = text.lastIndexOf('"usage"');
    at >= 0;
    at = at === 0 ? -1 : text.lastIndexOf('"usage"', at - 1)
  ) {
    const found = objectAfterColon(text, at + '"usage"'.length);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Usage objects hold numbers and objects of numbers, so counting braces finds their end. */
function objectAfterColon(text: string, from: number): unknown {
  const start = /^\s*:\s*(?=\{)/.exec(text.slice(from, from + 20));
  if (!start) return undefined;
  const open = from + start[0].length;
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === "{") depth += 1;
    else if (text[at] === "}") depth -= 1;
    if (depth === 0) {
      try {
        return JSON.parse(text.slice(open, at + 1));
      } catch {
        return undefined;
      }
    }
  }
  return undefined;
}
