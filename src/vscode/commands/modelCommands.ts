import * as vscode from "vscode";
import type { EngineStatus } from "../../core/rpc/contract";
import type { StateStore } from "../state";
import { notify } from "../ui/notify";
import { pickStep } from "../ui/steps";
import type { CommandHandlers } from "./register";

/** How long models that are being asked for are waited for. */
const PATIENCE_MS = 5000;

/** The commands on models; only the engine knows those that providers list. */
export function modelCommands(
  store: StateStore,
  status: () => Promise<EngineStatus>,
): Pick<CommandHandlers, "postern.copyModelId"> {
  return {
    "postern.copyModelId": async (target) => {
      const chosen = target?.kind === "model" ? target.name : await pickModel(store, status);
      if (chosen === undefined) return;
      await vscode.env.clipboard.writeText(chosen);
      notify("info", `Copied ${chosen}`);
    },
  };
}

async function pickModel(
  store: StateStore,
  status: () => Promise<EngineStatus>,
): Promise<string | undefined> {
  const { providers } = await settled(store, await status());
  const names = new Map(
    store.value.local.providers.map((entry) => [entry.id, entry.faulty ? entry.id : entry.name]),
  );
  const choices = providers.flatMap(({ id, models }) =>
    models.map((model) => ({
      label: `${id}/${model.id}`,
      description: [model.name, names.get(id)].filter((text) => text && text !== id).join(" · "),
      value: `${id}/${model.id}`,
    })),
  );
  if (choices.length === 0) {
    notify("info", "No provider has listed a model yet.");
    return undefined;
  }
  const answer = await pickStep({ title: "Copy Model ID", placeholder: "Which model?", choices });
  return answer.kind === "answer" ? answer.value : undefined;
}

/** An engine that was only just started is still asking the providers for their lists. */
async function settled(store: StateStore, status: EngineStatus): Promise<EngineStatus> {
  const asking = ({ providers }: EngineStatus): boolean =>
    providers.some(({ modelsFrom }) => modelsFrom === "pending");
  if (!asking(status)) return status;
  return new Promise((resolve) => {
    let latest = status;
    const done = (): void => {
      clearTimeout(timer);
      listening.dispose();
      resolve(latest);
    };
    const timer = setTimeout(done, PATIENCE_MS);
    const listening = store.onDidChange(({ engine }) => {
      if (engine.kind === "ready") latest = engine.status;
      if (!asking(latest)) done();
    });
  });
}
