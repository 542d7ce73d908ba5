import * as vscode from "vscode";
import type { EngineStatus, ModelStatus } from "../../core/rpc/contract";
import type { Target } from "../common/target";
import { ModelEditor } from "../providers/modelEditor";
import type { ProviderRegistry } from "../providers/registry";
import { counted } from "../render/numbers";
import type { StateStore } from "../state";
import { notify } from "../ui/notify";
import { pickMany } from "../ui/pickMany";
import { inputStep, pickStep } from "../ui/steps";
import { type ChosenModel, idChoices, modelChoices, selectedModels, settledStatus } from "./knownModels";
import { entryOf, nameOf, pickProvider } from "./pickProvider";
import type { CommandHandlers } from "./register";

type ModelCommands = Pick<
  CommandHandlers,
  | "postern.copyModelId"
  | "postern.hideModels"
  | "postern.showHiddenModels"
  | "postern.pinModels"
  | "postern.unpinModels"
  | "postern.renameModel"
  | "postern.addModel"
  | "postern.removeModel"
>;

/** The commands on models; only the engine knows those that providers list. */
export function modelCommands(
  store: StateStore,
  registry: Pick<ProviderRegistry, "raw" | "patch">,
  status: () => Promise<EngineStatus>,
): ModelCommands {
  const editor = new ModelEditor(registry);
  const choices = async (fits: (model: ModelStatus) => boolean) =>
    modelChoices(store.value, await settledStatus(store, status), fits);

  /** Those selected in the tree, or else those that the person picks among the ones that fit. */
  const chosen = async (
    target: Target | undefined,
    selected: readonly Target[],
    ask: { readonly title: string; readonly none: string; readonly fits: (model: ModelStatus) => boolean },
  ): Promise<readonly ChosenModel[]> => {
    const inTree = selectedModels(target, selected);
    if (inTree.length > 0) return inTree;
    const found = await choices(ask.fits);
    if (found.length > 0) return (await pickMany(ask.title, "Which models?", found)) ?? [];
    notify("info", ask.none);
    return [];
  };
  const one = async (
    target: Target | undefined,
    ask: { readonly title: string; readonly none: string; readonly fits: (model: ModelStatus) => boolean },
  ): Promise<ChosenModel | undefined> => {
    const [inTree] = selectedModels(target, []);
    if (inTree) return inTree;
    const found = await choices(ask.fits);
    if (found.length === 0) {
      notify("info", ask.none);
      return undefined;
    }
    const answer = await pickStep({ title: ask.title, placeholder: "Which model?", choices: found });
    return answer.kind === "answer" ? answer.value : undefined;
  };
  const hide = async (models: readonly ChosenModel[]): Promise<void> => {
    if (models.length === 0) return;
    const undo = await editor.patch(models, { hidden: true, pinned: undefined });
    notify("info", `Hid ${whichOf(models)}. Clients that name the provider still reach what is hidden.`, {
      Undo: undo,
    });
  };

  return {
    "postern.copyModelId": async (target) => {
      const address = target?.kind === "model" ? target.name : await pickId(store, status);
      if (address === undefined) return;
      await vscode.env.clipboard.writeText(address);
      notify("info", `Copied ${address}`);
    },
    "postern.hideModels": async (target, selected = []) => {
      const ask = {
        title: "Hide Models",
        none: "There is no model to hide.",
        fits: (model: ModelStatus) => !model.hidden,
      };
      await hide(await chosen(target, selected, ask));
    },
    "postern.showHiddenModels": async (target) => {
      const all = await choices(({ hidden }) => hidden === true);
      const wanted = target?.kind === "provider" ? target.id : undefined;
      const found = all.filter(({ value }) => wanted === undefined || value.provider.id === wanted);
      if (found.length === 0) return notify("info", "No model is hidden.");
      const models = await pickMany("Show Hidden Models", "Which models should be listed again?", found);
      if (models) await editor.patch(models, { hidden: undefined });
    },
    "postern.pinModels": async (target, selected = []) => {
      const ask = {
        title: "Pin Models",
        none: "There is no model to pin.",
        fits: ({ pinned, hidden }: ModelStatus) => !pinned && !hidden,
      };
      const models = await chosen(target, selected, ask);
      if (models.length > 0) await editor.patch(models, { pinned: true });
    },
    "postern.unpinModels": async (target, selected = []) => {
      const ask = {
        title: "Unpin Models",
        none: "No model is pinned.",
        fits: ({ pinned }: ModelStatus) => pinned === true,
      };
      const models = await chosen(target, selected, ask);
      if (models.length > 0) await editor.patch(models, { pinned: undefined });
    },
    "postern.renameModel": async (target) => {
      const ask = { title: "Rename Model", none: "There is no model to rename.", fits: () => true };
      const model = await one(target, ask);
      if (!model) return;
      const answer = await inputStep({
        title: `Rename ${model.id}`,
        prompt:
          "The name to show instead of the id; empty shows the provider's own. Clients go on using the id.",
        value: String(editor.fields(model, ["name"]).name ?? ""),
      });
      if (answer.kind !== "answer") return;
      await editor.patch([model], { name: answer.value.trim() || undefined });
    },
    "postern.addModel": async (target) => {
      const filter = {
        title: "Add Model",
        none: "There is no provider that a model could be added to.",
        fits: ({ faulty }: { readonly faulty: boolean }) => !faulty,
      };
      const provider = await pickProvider(target, store.value, filter);
      if (!provider) return;
      const known = new Set(
        (await settledStatus(store, status)).providers
          .filter(({ id }) => id === provider.id)
          .flatMap(({ models }) => models.map(({ id }) => id)),
      );
      const entry = entryOf(store.value, provider);
      const azure = entry?.faulty === false && entry.type === "azure";
      const answer = await inputStep({
        title: `Add a Model to ${nameOf(store.value, provider)}`,
        prompt: azure ? "The name of the deployment." : "The model's id, as the provider knows it.",
        placeholder: azure ? "my-deployment" : "vendor/model-name",
        validate: (text) => {
          if (text.trim() === "") return "An id is needed.";
          return known.has(text.trim()) ? "This model is there already." : undefined;
        },
      });
      if (answer.kind !== "answer") return;
      const id = answer.value.trim();
      const undo = await editor.add(provider, { id });
      notify("info", `Added the model ${id} to ${nameOf(store.value, provider)}.`, { Undo: undo });
    },
    "postern.removeModel": async (target) => {
      const ask = {
        title: "Remove Added Model",
        none: "No model was added by hand.",
        fits: ({ added }: ModelStatus) => added === true,
      };
      const model = await one(target, ask);
      if (!model) return;
      const undo = await editor.remove(model);
      notify("info", `Removed the model ${model.id}.`, { Undo: undo });
    },
  };
}

/** An id that clients may send: a route's or a model's. */
async function pickId(store: StateStore, status: () => Promise<EngineStatus>): Promise<string | undefined> {
  const choices = idChoices(store.value, await settledStatus(store, status));
  if (choices.length === 0) {
    notify("info", "No provider has listed a model yet.");
    return undefined;
  }
  const answer = await pickStep({ title: "Copy Model ID", placeholder: "Which model?", choices });
  return answer.kind === "answer" ? answer.value : undefined;
}

function whichOf(models: readonly ChosenModel[]): string {
  const [first] = models;
  return models.length === 1 && first ? first.id : counted(models.length, "model");
}
