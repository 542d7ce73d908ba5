import * as vscode from "vscode";
import type { EngineProvider } from "../../core/config/engineConfig";
import type { EngineStatus, TestResult } from "../../core/rpc/contract";
import { messageOf } from "../common/log";
import type { ProviderRegistry, ProviderTarget } from "../providers/registry";
import { counted } from "../render/numbers";
import { concernOf, withoutName } from "../render/verdict";
import type { StateStore, UsableEntry } from "../state";
import { confirm, notify } from "../ui/notify";
import { withCancel } from "../ui/progress";
import { nameOf, pickProvider } from "./pickProvider";
import type { CommandHandlers } from "./register";

/** What the engine is asked about providers. */
export interface ProviderProbe {
  testProvider(provider: EngineProvider, signal: AbortSignal): Promise<TestResult>;
  refreshModels(providerId: string): Promise<EngineStatus>;
}

type ProviderCommands = Pick<
  CommandHandlers,
  | "postern.enableProvider"
  | "postern.disableProvider"
  | "postern.removeProvider"
  | "postern.testConnection"
  | "postern.refreshModels"
>;

/** The commands on a provider that is there. */
export function providerCommands(
  store: StateStore,
  registry: ProviderRegistry,
  probe: ProviderProbe,
): ProviderCommands {
  const usable = (fits: (entry: UsableEntry) => boolean) => ({
    fits: (entry: { faulty: boolean }): boolean => !entry.faulty && fits(entry as UsableEntry),
  });
  return {
    "postern.enableProvider": async (target) => {
      const filter = {
        title: "Enable Provider",
        none: "Every provider is enabled.",
        ...usable((entry) => !entry.enabled),
      };
      const chosen = await pickProvider(target, store.value, filter);
      // True is the default, so the field goes.
      if (chosen) await registry.patch(chosen, { enabled: undefined });
    },
    "postern.disableProvider": async (target) => {
      const filter = {
        title: "Disable Provider",
        none: "No provider is enabled.",
        ...usable((entry) => entry.enabled),
      };
      const chosen = await pickProvider(target, store.value, filter);
      if (chosen) await registry.patch(chosen, { enabled: false });
    },
    "postern.removeProvider": async (target) => {
      const chosen = await pickProvider(target, store.value, { title: "Remove Provider" });
      if (chosen) await removeProvider(store, registry, chosen);
    },
    "postern.testConnection": async (target) => {
      const filter = { title: "Test Connection", ...usable(() => true) };
      const chosen = await pickProvider(target, store.value, filter);
      if (chosen) await testConnection(store, registry, probe, chosen);
    },
    "postern.refreshModels": async (target) => {
      const filter = { title: "Refresh Models", ...usable((entry) => entry.enabled) };
      const chosen = await pickProvider(target, store.value, filter);
      if (chosen) await refreshModels(store, probe, chosen);
    },
  };
}

async function refreshModels(
  store: StateStore,
  probe: Pick<ProviderProbe, "refreshModels">,
  target: ProviderTarget,
): Promise<void> {
  const name = nameOf(store.value, target);
  const status = await probe.refreshModels(target.id);
  const found = status.providers.find(({ id }) => id === target.id);
  if (!found || found.modelsFrom === "unavailable") {
    notify(
      "warning",
      `${name}: ${withoutName(found?.detail ?? "the models could not be listed.", target.id)}`,
    );
  } else notify("info", `${name} has ${counted(found.models.length, "model")}.`);
}

async function removeProvider(
  store: StateStore,
  registry: ProviderRegistry,
  target: ProviderTarget,
): Promise<void> {
  const name = nameOf(store.value, target);
  const sure = await confirm(
    `Remove the provider ${name}?`,
    "Its entry leaves the settings and its key leaves the secret storage.",
    "Remove",
  );
  if (!sure) return;
  const undo = await registry.remove(target);
  notify("info", `Removed the provider ${name}.`, { Undo: undo });
}

/** Tests a provider with a real request, and says what to do if that fails. */
export async function testConnection(
  store: StateStore,
  registry: Pick<ProviderRegistry, "resolved">,
  probe: Pick<ProviderProbe, "testProvider">,
  target: ProviderTarget,
): Promise<void> {
  const name = nameOf(store.value, target);
  const run = (command: string) => () => vscode.commands.executeCommand(command, { target });
  const provider = await registry.resolved(target);
  const outcome = await withCancel(`Testing ${name}…`, async (signal) => {
    try {
      return await probe.testProvider(provider, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      return { ok: false, verdict: messageOf(error), latencyMs: 0, models: [] };
    }
  });
  if (outcome === undefined) return;
  const verdict = withoutName(outcome.verdict, target.id);
  if (outcome.ok) {
    notify("info", `${name}: ${verdict}`);
    return;
  }
  notify("error", `${name}: ${verdict}`, {
    // The first button is the one that is pressed; it has to fit what went wrong.
    ...(concernOf(verdict) === "key" ? { "Set Key": run("postern.setKey") } : {}),
    Edit: run("postern.editProvider"),
    "Show Log": run("postern.showLog"),
  });
}
