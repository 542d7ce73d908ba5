/**
 * Changes to raw settings that are lists of entries with a name (`postern.gateway.keys`, `postern.budgets`). They work on
 * what the person wrote, so that entries with faults and fields that are unknown survive an edit of another one.
 */
export type RawEntries = readonly unknown[];

/** Fields to change; undefined removes one. */
export type EntryPatch = Readonly<Record<string, unknown>>;

/** The raw list, whatever stands in the settings. */
export function rawEntries(value: unknown): RawEntries {
  return Array.isArray(value) ? value : [];
}

export function nameOfEntry(entry: unknown): string | undefined {
  const name = isRecord(entry) ? entry.name : undefined;
  return typeof name === "string" ? name : undefined;
}

/** The first entry of a name, which is the one that counts. */
export function entryNamed(list: RawEntries, name: string): Record<string, unknown> | undefined {
  const found = list.find((entry) => nameOfEntry(entry) === name);
  return isRecord(found) ? found : undefined;
}

/** @throws Error if there is none of the name: changing another one would be wrong */
export function patchNamed(list: RawEntries, name: string, patch: EntryPatch): RawEntries {
  const index = indexOf(list, name);
  return list.map((entry, at) => {
    if (at !== index) return entry;
    const merged = { ...(isRecord(entry) ? entry : {}), ...patch };
    return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
  });
}

/** @throws Error if there is none of the name */
export function removeNamed(list: RawEntries, name: string): RawEntries {
  const index = indexOf(list, name);
  return list.filter((_, at) => at !== index);
}

/** A name that is not taken yet: ci, ci 2, ci 3 … */
export function freeName(list: RawEntries, wanted: string): string {
  const taken = new Set(list.map(nameOfEntry));
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted} ${number}`)) number++;
  return `${wanted} ${number}`;
}

function indexOf(list: RawEntries, name: string): number {
  const index = list.findIndex((entry) => nameOfEntry(entry) === name);
  if (index < 0) throw new Error(`"${name}" is not in the settings any more.`);
  return index;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
