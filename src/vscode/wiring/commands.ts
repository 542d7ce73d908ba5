import * as vscode from "vscode";
import { activityCommands } from "../activity/activityCommands";
import { auditCommands } from "../activity/auditCommands";
import { agentCommands } from "../agent/agentCommands";
import { compareCommands } from "../agent/compareCommands";
import type { AgentParts } from "../agent/parts";
import { addCopilotFlow } from "../commands/addCopilot";
import { addProviderFlow } from "../commands/addProvider";
import { budgetCommands } from "../commands/budgetCommands";
import { copilotCommands } from "../commands/copilotCommands";
import { credentialCommands } from "../commands/credentialCommands";
import { editProviderFlow, openProviderSettings } from "../commands/editProvider";
import { gatewayCommands } from "../commands/gatewayCommands";
import { gatewayKeyCommands } from "../commands/gatewayKeyCommands";
import { keyCommands } from "../commands/keyCommands";
import { modelCommands } from "../commands/modelCommands";
import { moveProviderCommands } from "../commands/moveProvider";
import { nameOf, pickProvider } from "../commands/pickProvider";
import { providerCommands } from "../commands/providerCommands";
import type { CommandHandlers } from "../commands/register";
import { routeCommands } from "../commands/routeCommands";
import { utilityModelCommands } from "../commands/utilityModel";
import type { WindowCredentials } from "../credentials/windowCredentials";
import { diagnose } from "../diagnosis/diagnose";
import type { ReportDocument } from "../diagnosis/reportDocument";
import type { GatewayController } from "../gateway/controller";
import type { CredentialEditor } from "../providers/credentialEditor";
import type { ProviderRegistry } from "../providers/registry";
import type { RouteEditor } from "../routes/routeEditor";
import type { LocalRuntimes } from "../runtimes/localRuntimes";
import { startInTerminal } from "../runtimes/start";
import type { StateStore } from "../state";
import { notify } from "../ui/notify";
import type { ActivityParts } from "./activity";
import type { ChatParts } from "./chat";
import type { EngineParts } from "./engine";
import { interchangeCommands } from "./interchange";
import type { Storage } from "./storage";

/** What the commands work on. */
export interface CommandParts {
  readonly store: StateStore;
  readonly storage: Storage;
  readonly engine: Pick<EngineParts, "api" | "sync">;
  readonly registry: ProviderRegistry;
  readonly editor: CredentialEditor;
  readonly routes: RouteEditor;
  readonly gateway: GatewayController;
  readonly report: ReportDocument;
  readonly activity: ActivityParts;
  readonly chat: Pick<ChatParts, "models">;
  readonly runtimes: LocalRuntimes;
  readonly credentials: WindowCredentials;
  readonly agent: AgentParts;
  readonly channel: Pick<vscode.LogOutputChannel, "show">;
}

/** Puts the commands together. */
export function createCommands(parts: CommandParts): CommandHandlers {
  const {
    store,
    storage,
    engine,
    registry,
    editor,
    routes,
    gateway,
    runtimes,
    credentials,
    activity,
    report,
    channel,
    chat,
    agent,
  } = parts;
  const changed = (): Promise<void> => engine.sync.flush();
  const keySurroundings = {
    entries: () => store.value.local.gatewayKeys,
    copyable: async () => {
      const copies = await storage.gatewayKeys.copies();
      const fromEnvironment = (await storage.desired()).config.gateway.keys.flatMap(
        ({ name, key, workspaceFolder }) =>
          key === undefined || workspaceFolder !== undefined ? [] : [{ name, key }],
      );
      const names = new Set(copies.map(({ name }) => name));
      return [...copies, ...fromEnvironment.filter(({ name }) => !names.has(name))];
    },
    settings: () => storage.settings.gatewayKeys(),
    workspaceKeys: storage.workspaceKeys,
    cutRequests: (name: string) => engine.api.abortRequests(name),
    changed,
  };
  const budgetParts = { store, settings: storage.settings, keys: storage.gatewayKeys, changed };
  return {
    ...providerCommands(store, registry, engine.api),
    ...keyCommands(store, editor),
    ...utilityModelCommands(() => chat.models.list()),
    ...credentialCommands({
      store,
      editor,
      credentials,
      environment: storage.environment,
      configOf: (target) => registry.config(target),
    }),
    ...copilotCommands({
      store,
      registry,
      editor,
      credentials,
      environment: storage.environment,
      api: engine.api,
    }),
    ...interchangeCommands(storage, registry, editor),
    ...modelCommands(store, registry, () => engine.api.status()),
    ...moveProviderCommands(store, registry),
    ...routeCommands(store, routes, () => engine.api.status()),
    ...gatewayCommands(store, gateway),
    ...gatewayKeyCommands(storage.gatewayKeys, keySurroundings),
    ...budgetCommands(budgetParts),
    ...activityCommands({ ...activity, api: engine.api, gatewayKeys: keySurroundings.copyable }),
    ...agentCommands(agent),
    ...compareCommands({ ...agent, api: engine.api }),
    ...auditCommands({ ...activity, api: engine.api }),
    "postern.addProvider": async () => {
      const id = await addProviderFlow({
        registry,
        environment: storage.environment,
        present: () => store.value.local.providers,
        test: (provider, signal) => engine.api.testProvider(provider, signal),
        discover: (report, signal) => runtimes.discover(report, signal),
        start: (runtime, signal) => startInTerminal(runtime, runtimes, signal),
        addCopilot: () => addCopilotFlow({ registry, environment: storage.environment, credentials }),
      });
      if (id !== undefined) notify("info", `Added the provider ${id}.`, afterAdding(store));
    },
    "postern.editProvider": async (target) => {
      const chosen = await pickProvider(target, store.value, { title: "Edit Provider" });
      if (!chosen || !(await editProviderFlow(registry, chosen))) return;
      notify("info", `Changed ${nameOf(store.value, chosen)}.`, {
        "Test Connection": () => vscode.commands.executeCommand("postern.testConnection", { target: chosen }),
      });
    },
    "postern.diagnose": () => diagnose({ storage, engine: engine.api, registry, report }),
    "postern.showLog": async () => channel.show(true),
    "postern.openSettings": async (target) => {
      if (target?.kind === "route") return openProviderSettings(target, "postern.routes");
      const hasProviders = store.value.local.providers.length > 0;
      // The list of providers can only be edited in the file; everything else has a form.
      if (hasProviders && store.value.local.providers.some(({ faulty }) => faulty))
        await openProviderSettings();
      else await vscode.commands.executeCommand("workbench.action.openSettings", "@ext:postern.postern");
    },
  };
}

function afterAdding(store: StateStore): Record<string, () => unknown> {
  const { engine } = store.value;
  const running = engine.kind === "ready" && engine.status.gateway.state === "running";
  return running ? {} : { "Start Gateway": () => vscode.commands.executeCommand("postern.startGateway") };
}
