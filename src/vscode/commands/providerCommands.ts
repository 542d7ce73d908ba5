import * as vscode from "vscode";
import type { EngineProvider } from "../../core/config/engineConfig";
import type { ProbeResult } from "../../core/diagnosis/probes";
import type { EngineStatus, ProbeParams, TestResult } from "../../core/rpc/contract";
import { messageOf } from "../common/log";
import { askModel, modelTarget, probeModel } from "../diagnosis/probeModel";
import { remedyActions } from "../diagnosis/remedies";
import type { ProviderRegistry, ProviderTarget } from "../providers/registry";
import { refreshedText, saidText, verdictSentence } from "../render/verdict";
import type { StateStore, UsableEntry } from "../state";
import { confirm, notify } from "../ui/notify";
import { withCancel } from "../ui/progress";
import { nameOf, pickProvider } from "./pickProvider";
import type { CommandHandlers } from "./register";

/** What the engine is asked about providers. */
export interface ProviderProbe {
  testProvider(provider: EngineProvider, signal: AbortSignal): Promise<TestResult>;
  runProbe(params: ProbeParams, signal: AbortSignal): Promise<ProbeResult>;
  refreshModels(providerId: string): Promise<EngineStatus>;
}

type ProviderCommands = Pick<
  CommandHandlers,
  | "postern.enableProvider"
  | "postern.disableProvider"
  | "postern.removeProvider"
  | "postern.testConnection"
  | "postern.tryModel"
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
    "postern.tryModel": async (target) => {
      const row = modelTarget(target, store);
      const filter = { title: "Try Model", ...usable((entry) => entry.enabled) };
      const chosen = row?.provider ?? (await pickProvider(target, store.value, filter));
      if (!chosen) return;
      const needs = { store, registry, runProbe: probe.runProbe.bind(probe) };
      const model = row?.model ?? (await askModel(needs, chosen, await registry.resolved(chosen)));
      if (model !== undefined) await probeModel(needs, chosen, model);
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
  const { level, text } = refreshedText(name, target.id, found);
  notify(level, text);
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

/** Tests a provider by asking for its models, and says what to do if that fails. */
export async function testConnection(
  store: StateStore,
  registry: Pick<ProviderRegistry, "resolved" | "patch" | "keyOrigin">,
  probe: Pick<ProviderProbe, "testProvider">,
  target: ProviderTarget,
): Promise<void> {
  const name = nameOf(store.value, target);
  const provider = await registry.resolved(target);
  const outcome = await withCancel(`Testing ${name}…`, async (signal): Promise<TestResult | undefined> => {
    try {
      return await probe.testProvider(provider, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      return { ok: false, verdict: messageOf(error), latencyMs: 0, models: [] };
    }
  });
  if (outcome === undefined) return;
  const verdict = verdictSentence(outcome.verdict, target.id);
  if (outcome.ok) {
    // A list says nothing of streams and tools; that is tried only if the person wants it.
    const tryModel = (): Thenable<unknown> => vscode.commands.executeCommand("postern.tryModel", { target });
    notify("info", `${name}: ${verdict}`, { "Try a Model…": tryModel });
    return;
  }
  const { finding } = outcome;
  const again = (): Promise<void> => testConnection(store, registry, probe, target);
  const said = finding && saidText(finding);
  const edit = (): Thenable<unknown> => vscode.commands.executeCommand("postern.editProvider", { target });
  notify("error", [`${name}: ${verdict}`, ...(said === undefined ? [] : [said])].join(" "), {
    // The first button is the one that is pressed; it has to fit what went wrong.
    ...(finding ? remedyActions(finding.remedies, target, { registry, again }) : { Edit: edit }),
    "Show Log": () => vscode.commands.executeCommand("postern.showLog"),
  });
}
