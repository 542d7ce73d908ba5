import { asArray, isObject, type JsonObject } from "../json/access";
import type { WebSearch } from "./request";

/** Whether a hosted tool's type is a search of the web: `web_search_20250305`, `web_search`, `web_search_preview`. */
export function isWebSearch(type: unknown): type is string {
  return typeof type === "string" && type.startsWith("web_search");
}

const domains = (list: unknown): string[] => asArray(list).filter((domain) => typeof domain === "string");

/** The tool as both protocols write it; Responses has the domains within `filters`. */
export function readWebSearch(type: string, tool: JsonObject): WebSearch {
  const filters = isObject(tool.filters) ? tool.filters : tool;
  const allowed = domains(filters.allowed_domains);
  const blocked = domains(filters.blocked_domains);
  return {
    type,
    ...(allowed.length > 0 ? { allowedDomains: allowed } : {}),
    ...(blocked.length > 0 ? { blockedDomains: blocked } : {}),
    ...(isObject(tool.user_location) ? { location: tool.user_location } : {}),
  };
}
