import type { LoadAgent } from "../../core/agent/contract";
import { asObject, asString } from "../../core/json/access";
import { WindowPerson } from "../agent/askPerson";
import { AgentDocuments } from "../agent/documents";
import type { AgentParts } from "../agent/parts";
import { AgentRunner } from "../agent/runner";
import type { GatewayController } from "../gateway/controller";
import type { ProviderRegistry } from "../providers/registry";
import type { StateStore } from "../state";
import type { EngineParts } from "./engine";
import type { Storage } from "./storage";

/** Builds what runs Copilot's agent. @param load reads its bundle, when somebody asks for it */
export function createAgentParts(
  load: LoadAgent,
  store: StateStore,
  storage: Pick<Storage, "gatewayKeys">,
  { api, sync }: Pick<EngineParts, "api" | "sync">,
  gateway: GatewayController,
  registry: Pick<ProviderRegistry, "usable">,
  storagePath: string,
): AgentParts {
  const documents = new AgentDocuments();
  return {
    documents,
    person: new WindowPerson(documents),
    runner: new AgentRunner({
      load,
      api,
      gateway,
      keys: storage.gatewayKeys,
      changed: () => sync.flush(),
      state: () => store.value,
      storagePath,
      runtimePath: () =>
        registry.usable().flatMap(({ copilot }) => asString(asObject(copilot).cliPath) ?? [])[0],
      environment: process.env,
    }),
    state: async () => {
      await api.status();
      return store.value;
    },
  };
}
