import { ChatAccessCache } from "../chat/access";
import { ModelFile } from "../chat/modelMemory";
import { ChatModels } from "../chat/models";
import { PrivateClient } from "../chat/privateClient";
import { ChatProvider } from "../chat/provider";
import type { Log } from "../common/log";
import type { StateStore } from "../state";
import type { EngineParts } from "./engine";

/** Postern's models in VS Code's Chat. */
export interface ChatParts {
  readonly models: ChatModels;
  readonly provider: ChatProvider;
}

/**
 * Builds what serves Chat.
 * @param settled resolves once the settings and secrets have been read for the first time
 */
export function createChat(
  store: StateStore,
  { supervisor }: Pick<EngineParts, "supervisor">,
  settled: Promise<void>,
  storagePath: string,
  log: Log,
): ChatParts {
  const access = new ChatAccessCache(() => supervisor.ensure());
  const models = new ChatModels(
    store,
    async () => {
      await supervisor.ensure();
    },
    settled,
    new ModelFile(storagePath, log),
    log,
  );
  return { models, provider: new ChatProvider(models, new PrivateClient(() => access.get()), log) };
}
