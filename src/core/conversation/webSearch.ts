import { asArray, isObject, type JsonObject } from "../json/access";
import type { DroppedReport } from "./dropped";
import type { WebSearch } from "./request";

/** Whether a hosted tool's type is a search of the web: `web_search_20250305`, `web_search`, `web_search_preview`. */
export function isWebSearch(type: unknown): type is string {
  return typeof type === "string" && type.startsWith("web_search");
}

const domains = (list: unknown): string[] => asArray(list).filter((domain) => typeof domain === "string");

/** What is carried of a search tool; the cache mark of a tool that the provider runs has nothing to mark. */
const KNOWN = new Set([
  "type",
  "name",
  "filters",
  "allowed_domains",
  "blocked_domains",
  "user_location",
  "cache_control",
]);

/** The tool as both protocols write it; Responses has the domains within `filters`. */
export function readWebSearch(type: string, tool: JsonObject, dropped: DroppedReport): WebSearch {
  const filters = isObject(tool.filters) ? tool.filters : tool;
  for (const [name, value] of Object.entries(tool)) {
    if (!KNOWN.has(name) && value !== null) dropped.add(`tools.web_search.${name}`);
  }
  const allowed = domains(filters.allowed_domains);
  const blocked = domains(filters.blocked_domains);
  return {
    type,
    ...(allowed.length > 0 ? { allowedDomains: allowed } : {}),
    ...(blocked.length > 0 ? { blockedDomains: blocked } : {}),
    ...(isObject(tool.user_location) ? { location: tool.user_location } : {}),
  };
}
