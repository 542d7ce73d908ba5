import type { ModelConfig } from "../config/schema";
import type { FoundKey, FoundProvider, Skipped } from "./imported";

/** One model of a list in which each says anew where it is and with which key. */
export interface FoundModel extends Omit<FoundProvider, "models" | "keys"> {
  readonly model?: ModelConfig;
  readonly key?: FoundKey;
}

/** Puts models of one provider together: the same type, address and headers. Several keys become its pool. */
export function groupedProviders(models: readonly FoundModel[]): FoundProvider[] {
  const groups = new Map<string, { first: FoundModel; all: FoundModel[] }>();
  for (const found of models) {
    const { type, wireApi, baseUrl, apiVersion, headers } = found;
    const key = JSON.stringify([type, wireApi, baseUrl, apiVersion, headers]);
    const group = groups.get(key);
    if (group) group.all.push(found);
    else groups.set(key, { first: found, all: [found] });
  }
  return [...groups.values()].map(({ first, all }) => {
    const { model: _, key: __, ...provider } = first;
    return {
      ...provider,
      at: all.length === 1 ? first.at : `${first.at} and ${all.length - 1} more`,
      models: all.flatMap(({ model }) => (model ? [model] : [])),
      keys: uniqueKeys(all.flatMap(({ key }) => (key ? [key] : []))),
      notes: [...new Set(all.flatMap(({ notes }) => notes))],
    };
  });
}

function uniqueKeys(keys: readonly FoundKey[]): FoundKey[] {
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
}

/** The parts of a file that nothing is made of, by their names alone. */
export function unused(
  root: Readonly<Record<string, unknown>>,
  carried: readonly string[],
  why: Readonly<Record<string, string>>,
): Skipped[] {
  return Object.keys(root).flatMap((name) =>
    carried.includes(name) ? [] : [{ what: name, why: why[name] ?? "it has no counterpart here" }],
  );
}

/** Says that a key is no text: as a number it may have lost digits already. */
export function noteNumber(key: unknown, notes: string[]): void {
  if (typeof key === "number")
    notes.push(
      "its key stands there as a number, which may not be what was written; put it in quotes, or enter it again",
    );
}

/** A positive whole number, as token counts are. */
export function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}
