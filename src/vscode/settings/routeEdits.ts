import { routeEntryName } from "../../core/config/routes";
import type { RouteRow } from "../common/target";
import { patchEntry } from "./providerEdits";

/**
 * Changes to the raw setting `postern.routes`. They work on what the person wrote, so that entries with faults and
 * fields that are unknown survive an edit of another one.
 */
export type RawRoutes = readonly unknown[];

type TargetRow = Extract<RouteRow, { kind: "routeTarget" }>;

/** @throws Error where the setting is something else than a list: writing would lose what the person has there */
export function rawRoutes(value: unknown): RawRoutes {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error("The setting postern.routes is not a list; mend it first.");
  return value;
}

/** Where a route stands now: at the place it was seen at, or, if the list has changed since, wherever its name is. */
export function indexOfRoute(list: RawRoutes, { name, index }: { name: string; index: number }): number {
  if (index < list.length && routeEntryName(list[index], index) === name) return index;
  return list.findIndex((entry, at) => routeEntryName(entry, at) === name);
}

/** The targets as they stand in an entry, whatever they are. */
export function rawTargets(entry: unknown): readonly unknown[] {
  const targets = fields(entry).targets;
  return Array.isArray(targets) ? targets : [];
}

/** Where a target stands now among those of its route; -1 if it is not there any more. */
export function indexOfTarget(entry: unknown, { model, at }: Pick<TargetRow, "model" | "at">): number {
  const targets = rawTargets(entry);
  const isIt = (target: unknown): boolean => fields(target).model === model;
  return isIt(targets[at]) ? at : targets.findIndex(isIt);
}

/** Puts other targets into a route. */
export function withTargets(list: RawRoutes, index: number, targets: readonly unknown[]): RawRoutes {
  return patchEntry(list, index, { targets });
}

/** What a new id makes of an entry: a pattern has a wildcard. */
export function idPatch(id: string): {
  readonly name: string | undefined;
  readonly match: string | undefined;
} {
  return isPattern(id) ? { name: undefined, match: id } : { name: id, match: undefined };
}

export function isPattern(id: string): boolean {
  return /[*?]/.test(id);
}

/** The fields of an entry or a target; none where it is no object. */
export function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
