import { findNodeAtLocation, parseTree } from "jsonc-parser";
import { environmentReference } from "../../core/config/reference";
import { loopbackOrigin } from "../../core/providers/runtimes";

/**
 * Changes to the raw setting `postern.providers`. They work on what the person wrote, so that entries with faults and
 * fields that are unknown survive an edit of another one.
 */
export type RawProviders = readonly unknown[];

/** Fields to change; undefined removes one. */
export type ProviderPatch = Readonly<Record<string, unknown>>;

/** The raw list, whatever stands in the settings. */
export function rawProviders(value: unknown): RawProviders {
  return Array.isArray(value) ? value : [];
}

/** The id as it stands in an entry, or the place that faulty entries are named by. */
export function entryId(entry: unknown, index: number): string {
  const id = isRecord(entry) ? entry.id : undefined;
  return typeof id === "string" ? id : `#${index + 1}`;
}

/** Where an entry stands now: at the place it was seen at, or, if the list has changed since, wherever its id is. */
export function indexOfEntry(list: RawProviders, id: string, seenAt: number): number {
  if (seenAt < list.length && entryId(list[seenAt], seenAt) === id) return seenAt;
  return list.findIndex((entry, index) => entryId(entry, index) === id);
}

export function insertEntry(list: RawProviders, entry: unknown, index = list.length): RawProviders {
  return [...list.slice(0, index), entry, ...list.slice(index)];
}

export function removeEntry(list: RawProviders, index: number): RawProviders {
  return list.filter((_, at) => at !== index);
}

/** Moves an entry to the place that another one has now; what is between makes room. */
export function moveEntry(list: RawProviders, from: number, to: number): RawProviders {
  const rest = removeEntry(list, from);
  return from in list ? insertEntry(rest, list[from], Math.max(0, Math.min(to, rest.length))) : list;
}

export function patchEntry(list: RawProviders, index: number, patch: ProviderPatch): RawProviders {
  return list.map((entry, at) => {
    if (at !== index) return entry;
    const merged = { ...(isRecord(entry) ? entry : {}), ...patch };
    return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
  });
}

/** Another address for an entry. A runtime is followed on this machine only. */
export function addressPatch(baseUrl: string): ProviderPatch {
  return loopbackOrigin(baseUrl) === undefined ? { baseUrl, runtime: undefined } : { baseUrl };
}

/** Where an entry stands in the text of settings.json; undefined if it does not stand there. */
export function providerEntryRange(
  settingsText: string,
  index: number,
  setting = "postern.providers",
): { readonly start: number; readonly end: number } | undefined {
  const root = parseTree(settingsText, undefined, { allowTrailingComma: true });
  const node = root && findNodeAtLocation(root, [setting, index]);
  return node && { start: node.offset, end: node.offset + node.length };
}

/** The literal credentials of an entry, which do not belong into the settings. */
export function literalCredentials(entry: unknown): {
  readonly apiKey?: string;
  readonly bearerToken?: string;
} {
  if (!isRecord(entry)) return {};
  const found: { apiKey?: string; bearerToken?: string } = {};
  for (const name of ["apiKey", "bearerToken"] as const) {
    const value = entry[name];
    if (typeof value === "string" && value.trim() !== "" && environmentReference(value) === undefined) {
      found[name] = value;
    }
  }
  return found;
}

/** An id that is not taken yet: openai, openai-2, openai-3 … */
export function freeId(list: RawProviders, wanted: string): string {
  const taken = new Set(list.map(entryId));
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted}-${number}`)) number++;
  return `${wanted}-${number}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
