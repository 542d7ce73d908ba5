import { routeEntryName } from "../../core/config/routes";
import type { Strategy } from "../../core/config/schema";
import { Turns } from "../../core/turns";
import type { RouteRow } from "../common/target";
import {
  insertEntry,
  moveEntry,
  type ProviderPatch,
  patchEntry,
  removeEntry,
} from "../settings/providerEdits";
import {
  fields,
  idPatch,
  indexOfRoute,
  indexOfTarget,
  type RawRoutes,
  rawRoutes,
  rawTargets,
  withTargets,
} from "../settings/routeEdits";

/** Where the setting `postern.routes` is read and written. */
export interface RouteSettings {
  /** As it stands, whatever it is. */
  routes(): unknown;
  writeRoutes(list: RawRoutes): Thenable<void>;
}

export type RouteEntryRow = Extract<RouteRow, { kind: "route" }>;
export type TargetRow = Extract<RouteRow, { kind: "routeTarget" }>;

/** Puts back what an edit has changed, and nothing else that has been changed since. */
export type Undo = () => Promise<void>;

export interface NewRoute {
  /** A name, or a pattern where it has a wildcard. */
  readonly id: string;
  readonly strategy: Strategy;
  readonly targets: readonly string[];
}

/** All changes to the routes in the settings, one after the other: each works on what the last one has left. */
export class RouteEditor {
  private readonly turns = new Turns();

  constructor(
    private readonly settings: RouteSettings,
    private readonly changed: () => Promise<void>,
  ) {}

  /** @throws Error if there is a route of this name or pattern by now */
  add({ id, strategy, targets }: NewRoute): Promise<Undo> {
    return this.edit((list) => {
      assertFree(list, id);
      const entry = {
        ...defined(idPatch(id)),
        ...(strategy === "fallback" ? {} : { strategy }),
        targets: targets.map((model) => ({ model })),
      };
      return { list: insertEntry(list, entry), undo: () => this.drop(id) };
    });
  }

  /** Removes a route, faulty or not. */
  remove(row: Omit<RouteEntryRow, "kind">): Promise<Undo> {
    return this.edit((list) => {
      const index = routeAt(list, row);
      const entry = list[index];
      return { list: removeEntry(list, index), undo: () => this.putBack(entry, index) };
    });
  }

  /** @throws Error if another route has the name or pattern */
  rename(row: Omit<RouteEntryRow, "kind">, id: string): Promise<Undo> {
    return this.edit((list) => {
      const index = routeAt(list, row);
      assertFree(removeEntry(list, index), id);
      const { name, match } = fields(list[index]);
      const after = { name: id, index };
      return {
        list: patchEntry(list, index, idPatch(id)),
        undo: () => this.patch(after, { name, match }).then(() => undefined),
      };
    });
  }

  /** Changes fields of a route; undefined removes one. */
  patch(row: Omit<RouteEntryRow, "kind">, patch: ProviderPatch): Promise<Undo> {
    return this.edit((list) => {
      const index = routeAt(list, row);
      const entry = fields(list[index]);
      const before = Object.fromEntries(Object.keys(patch).map((name) => [name, entry[name]]));
      return {
        list: patchEntry(list, index, patch),
        undo: () => this.patch(row, before).then(() => undefined),
      };
    });
  }

  /** Moves a route to the place of another one, or to the end; the first pattern that fits counts. */
  async move(row: Omit<RouteEntryRow, "kind">, place: Omit<RouteEntryRow, "kind"> | "end"): Promise<void> {
    await this.edit((list) => {
      const index = routeAt(list, row);
      return { list: moveEntry(list, index, place === "end" ? list.length - 1 : routeAt(list, place)) };
    });
  }

  /** Adds models at the end of a route's targets; those that it has already are left out. */
  addTargets(row: Omit<RouteEntryRow, "kind">, models: readonly string[]): Promise<Undo> {
    return this.edit((list) => {
      const index = routeAt(list, row);
      const targets = rawTargets(list[index]);
      const present = new Set(targets.map((target) => fields(target).model));
      const added = models.filter((model) => !present.has(model));
      return {
        list: withTargets(list, index, [...targets, ...added.map((model) => ({ model }))]),
        undo: () => this.dropTargets(row, added),
      };
    });
  }

  /** @throws Error if it is the only one: a route without targets is faulty */
  removeTarget(row: TargetRow): Promise<Undo> {
    return this.edit((list) => {
      const { index, at, targets } = targetAt(list, row);
      if (targets.length === 1)
        throw new Error(`${row.model} is the only target of ${row.route.name}; delete the route instead.`);
      const target = targets[at];
      return {
        list: withTargets(list, index, removeEntry(targets, at)),
        undo: () => this.putTargetBack(row.route, target, at),
      };
    });
  }

  /** Moves a target to another place among those of its route. */
  async moveTarget(row: TargetRow, to: number): Promise<void> {
    await this.edit((list) => {
      const { index, at, targets } = targetAt(list, row);
      return { list: withTargets(list, index, moveEntry(targets, at, to)) };
    });
  }

  /** Changes fields of a target; undefined removes one. */
  patchTarget(row: TargetRow, patch: ProviderPatch): Promise<Undo> {
    return this.edit((list) => {
      const { index, at, targets } = targetAt(list, row);
      const target = fields(targets[at]);
      const before = Object.fromEntries(Object.keys(patch).map((name) => [name, target[name]]));
      return {
        list: withTargets(list, index, patchEntry(targets, at, patch)),
        undo: () => this.patchTarget(row, before).then(() => undefined),
      };
    });
  }

  private drop(name: string): Promise<void> {
    return this.remove({ name, index: -1 }).then(() => undefined);
  }

  private async putBack(entry: unknown, index: number): Promise<void> {
    await this.edit((list) => {
      assertFree(list, routeEntryName(entry, index));
      return { list: insertEntry(list, entry, index) };
    });
  }

  private async dropTargets(row: Omit<RouteEntryRow, "kind">, models: readonly string[]): Promise<void> {
    await this.edit((list) => {
      const index = routeAt(list, row);
      const rest = rawTargets(list[index]).filter((target) => !models.includes(String(fields(target).model)));
      return { list: withTargets(list, index, rest) };
    });
  }

  private async putTargetBack(row: Omit<RouteEntryRow, "kind">, target: unknown, at: number): Promise<void> {
    await this.edit((list) => {
      const index = routeAt(list, row);
      return { list: withTargets(list, index, insertEntry(rawTargets(list[index]), target, at)) };
    });
  }

  /** Reads, changes and writes, after all that was asked for before. */
  private edit(
    change: (list: RawRoutes) => { readonly list: RawRoutes; readonly undo?: Undo },
  ): Promise<Undo> {
    return this.turns.take(async () => {
      const { list, undo } = change(rawRoutes(this.settings.routes()));
      await this.settings.writeRoutes(list);
      await this.changed();
      return undo ?? (async () => {});
    });
  }
}

function routeAt(list: RawRoutes, row: Omit<RouteEntryRow, "kind">): number {
  const index = indexOfRoute(list, row);
  if (index < 0) throw new Error(`There is no route ${row.name} in the settings any more.`);
  return index;
}

function targetAt(list: RawRoutes, row: TargetRow) {
  const index = routeAt(list, row.route);
  const at = indexOfTarget(list[index], row);
  if (at < 0) throw new Error(`${row.model} is no target of the route ${row.route.name} any more.`);
  return { index, at, targets: rawTargets(list[index]) };
}

function assertFree(list: RawRoutes, id: string): void {
  if (list.some((entry, index) => routeEntryName(entry, index) === id))
    throw new Error(`There is a route ${id} already.`);
}

function defined(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
