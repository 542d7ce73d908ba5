import * as vscode from "vscode";
import type { ProposableModel } from "../../core/routing/readyRoutes";
import { readyRoutes } from "../../core/routing/readyRoutes";
import { routeLabel } from "../../core/routing/routeTable";
import type { EngineStatus } from "../../core/rpc/contract";
import type { Target } from "../common/target";
import { counted } from "../render/numbers";
import { proposable } from "../routes/proposable";
import type { NewRoute, RouteEditor, RouteEntryRow, TargetRow } from "../routes/routeEditor";
import type { StateStore } from "../state";
import { notify } from "../ui/notify";
import { inputStep, pickStep } from "../ui/steps";
import { settledStatus } from "./knownModels";
import {
  adoptRouteFlow,
  idStep,
  mapNameFlow,
  newRouteFlow,
  type RouteSurroundings,
  strategyChoices,
} from "./newRoute";
import { pickRoute, pickTarget, routeOf } from "./pickRoute";
import type { CommandHandlers } from "./register";
import { targetChoices, targetsStep, tellNoModels } from "./routeTargets";

type RouteCommands = Pick<
  CommandHandlers,
  | "postern.newRoute"
  | "postern.adoptRoute"
  | "postern.mapModelName"
  | "postern.addRouteTarget"
  | "postern.removeRouteTarget"
  | "postern.changeTargetWeight"
  | "postern.changeRouteStrategy"
  | "postern.renameRoute"
  | "postern.deleteRoute"
  | "postern.moveRouteUp"
  | "postern.moveRouteDown"
  | "postern.copyRouteName"
>;

const addProvider = () => vscode.commands.executeCommand("postern.addProvider");

/** The commands on routes; only the engine knows the models that they can lead to. */
export function routeCommands(
  store: StateStore,
  editor: RouteEditor,
  status: () => Promise<EngineStatus>,
): RouteCommands {
  const taken = (): readonly string[] =>
    store.value.local.routes.map((checked) => (checked.ok ? routeLabel(checked.route) : checked.name));

  /** What there is to make a route of; undefined if the person was told that there is nothing. */
  const surroundings = async (): Promise<
    (RouteSurroundings & { proposed: ProposableModel[] }) | undefined
  > => {
    if (store.value.local.providers.length === 0) return void tellNoModels(addProvider);
    const settled = await settledStatus(store, status);
    const models = targetChoices(store, settled);
    if (models.length === 0) return void tellNoModels(addProvider);
    return { taken: taken(), models, proposed: proposable(store.value, settled) };
  };
  const save = async (route: NewRoute): Promise<void> => {
    const undo = await editor.add(route);
    notify("info", `Made the route ${route.id}. Tools use it as a model id.`, {
      Undo: undo,
      "Copy Name": () => copy(route.id),
    });
  };
  const make =
    (flow: (around: RouteSurroundings) => Promise<NewRoute | undefined>) => async (): Promise<void> => {
      const around = await surroundings();
      const route = around && (await flow(around));
      if (route) await save(route);
    };

  return {
    "postern.newRoute": make(newRouteFlow),
    "postern.mapModelName": make(mapNameFlow),
    "postern.adoptRoute": async () => {
      const around = await surroundings();
      if (!around) return;
      const chosen = await adoptRouteFlow(readyRoutes(around.proposed), around);
      if (chosen === undefined) return;
      if ("id" in chosen) await save(chosen);
      else
        notify("info", `No model fits the route ${chosen.name} yet. What is missing: ${chosen.missing}`, {
          "Add Provider": addProvider,
        });
    },
    "postern.addRouteTarget": async (target) => {
      const route = await pickRoute(target, store.value, "Add Route Target");
      const around = route && (await surroundings());
      if (!around) return;
      const present = new Set(routeOf(store.value, route.name)?.targets.map(({ model }) => model));
      const choices = around.models.filter(({ label }) => !present.has(label));
      if (choices.length === 0) return notify("info", `${route.name} has every model that there is.`);
      const answer = await targetsStep({ title: `Add Targets to ${route.name}`, choices });
      if (answer.kind !== "answer") return;
      const undo = await editor.addTargets(route, answer.value);
      notify("info", `Added ${counted(answer.value.length, "target")} to ${route.name}.`, { Undo: undo });
    },
    "postern.removeRouteTarget": async (target) => {
      const row = await pickTarget(target, store.value, "Remove Route Target");
      if (!row) return;
      const undo = await editor.removeTarget(row);
      notify("info", `Removed ${row.model} from ${row.route.name}.`, { Undo: undo });
    },
    "postern.changeTargetWeight": async (target) => {
      const row = await pickTarget(target, store.value, "Change Target Weight");
      if (row) await changeWeight(store, editor, row);
    },
    "postern.changeRouteStrategy": async (target) => {
      const route = await pickRoute(target, store.value, "Change Route Strategy");
      if (!route) return;
      const answer = await pickStep({
        title: `Strategy of ${route.name}`,
        placeholder: "How is the target of a request chosen?",
        choices: strategyChoices(),
        ...active(routeOf(store.value, route.name)?.strategy),
      });
      if (answer.kind === "answer") await editor.patch(route, { strategy: answer.value });
    },
    "postern.renameRoute": async (target) => {
      const route = await pickRoute(target, store.value, "Rename Route");
      if (!route) return;
      const others = taken().filter((name) => name !== route.name);
      const answer = await inputStep({
        ...idStep({ taken: others, models: [] }, route.name),
        title: `Rename ${route.name}`,
      });
      if (answer.kind !== "answer") return;
      const id = answer.value.trim();
      if (id === route.name) return;
      const undo = await editor.rename(route, id);
      notify("info", `${route.name} is now ${id}. Tools that send the old name do not reach it any more.`, {
        Undo: undo,
      });
    },
    "postern.deleteRoute": async (target) => {
      const route = await pickRoute(target, store.value, "Delete Route");
      if (!route) return;
      const undo = await editor.remove(route);
      notify("info", `Deleted the route ${route.name}.`, { Undo: undo });
    },
    "postern.moveRouteUp": move(store, editor, "Move Route or Target Up", -1),
    "postern.moveRouteDown": move(store, editor, "Move Route or Target Down", 1),
    "postern.copyRouteName": async (target) => {
      const route = await pickRoute(target, store.value, "Copy Route Name");
      if (route) await copy(route.name);
    },
  };
}

async function copy(name: string): Promise<void> {
  await vscode.env.clipboard.writeText(name);
  notify("info", `Copied ${name}`);
}

function active<T>(value: T | undefined): { readonly active?: T } {
  return value === undefined ? {} : { active: value };
}

async function changeWeight(store: StateStore, editor: RouteEditor, row: TargetRow): Promise<void> {
  const route = routeOf(store.value, row.route.name);
  const weight = route?.targets.find(({ model }) => model === row.model)?.weight;
  const answer = await inputStep({
    title: `Weight of ${row.model} in ${row.route.name}`,
    prompt: "This target's share beside the others' weights; empty is 1.",
    value: weight === undefined ? "" : String(weight),
    validate: weightFault,
  });
  if (answer.kind !== "answer") return;
  const text = answer.value.trim();
  await editor.patchTarget(row, { weight: text === "" ? undefined : Number(text) });
  if (route === undefined || route.strategy === "weighted") return;
  notify("info", `${row.route.name} does not go by weights yet.`, {
    "Go by Weights": () =>
      editor.patch({ name: row.route.name, index: row.route.index }, { strategy: "weighted" }),
  });
}

/** What is wrong with a weight that was typed; undefined if nothing is. */
export function weightFault(text: string): string | undefined {
  if (text.trim() === "") return undefined;
  const value = Number(text);
  return value > 0 && value <= 1_000_000 ? undefined : "A number above 0, at most 1000000.";
}

/** Up and down for those who do not drag: the row that is selected, or the route that the person picks. */
function move(store: StateStore, editor: RouteEditor, title: string, by: -1 | 1) {
  return async (target: Target | undefined, selected: readonly Target[] = []): Promise<void> => {
    const inTree = target ?? selected.find(({ kind }) => kind === "route" || kind === "routeTarget");
    const end = by < 0 ? "first" : "last";
    if (inTree?.kind === "routeTarget") {
      const targets = routeOf(store.value, inTree.route.name)?.targets ?? [];
      const seen = targets[inTree.at]?.model === inTree.model;
      const at = seen ? inTree.at : targets.findIndex(({ model }) => model === inTree.model);
      if (targets[at + by]) await editor.moveTarget({ ...inTree, at }, at + by);
      else notify("info", `${inTree.model} is the ${end} target already.`);
      return;
    }
    const route = await pickRoute(inTree, store.value, title);
    if (!route) return;
    const rows = rowsOf(store);
    const at = rows.findIndex(({ name }) => name === route.name);
    const neighbour = at < 0 ? undefined : rows[at + by];
    if (neighbour) await editor.move(route, neighbour);
    else notify("info", `${route.name} is the ${end} route already.`);
  };
}

function rowsOf(store: StateStore): readonly RouteEntryRow[] {
  return store.value.local.routes.map((checked, index) => ({
    kind: "route",
    name: checked.ok ? routeLabel(checked.route) : checked.name,
    index,
  }));
}
