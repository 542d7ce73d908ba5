import path from "node:path";
import * as vscode from "vscode";
import type { AskedCredentials } from "../../core/credentials/askedCredentials";
import { DisposableStore } from "../common/disposables";
import type { Log } from "../common/log";
import { EXTENSION_VERSION } from "../common/version";
import { EngineApi } from "../engine/api";
import { ConfigSync } from "../engine/configSync";
import { EngineLauncher } from "../engine/launcher";
import { EngineSession } from "../engine/session";
import { spawnEngine } from "../engine/spawn";
import { EngineSupervisor } from "../engine/supervisor";
import type { StateStore } from "../state";
import { notify } from "../ui/notify";
import type { Storage } from "./storage";

/** The engine, as the rest of the extension sees it. */
export interface EngineParts {
  readonly api: EngineApi;
  readonly sync: ConfigSync;
  readonly session: EngineSession;
  readonly launcher: EngineLauncher;
  readonly supervisor: EngineSupervisor;
  readonly disposables: DisposableStore;
}

/** Builds the engine's client and lets its state flow into the store. */
export function createEngine(
  context: vscode.ExtensionContext,
  storage: Storage,
  store: StateStore,
  asked: Pick<AskedCredentials, "knows" | "renew">,
  log: Log,
): EngineParts {
  const disposables = new DisposableStore();
  const launcher: EngineLauncher = new EngineLauncher({
    boot: () => storage.boot(),
    notedPipe: () => storage.notedPipe(),
    spawn: (boot) =>
      spawnEngine(
        {
          execPath: process.execPath,
          script: context.asAbsolutePath(path.join("dist", "engine.js")),
          stderrFile: path.join(context.globalStorageUri.fsPath, "engine-stderr.log"),
          environment: process.env,
        },
        boot,
      ),
    gatewayWasRunning: () => session.wantGateway(),
    version: EXTENSION_VERSION,
    log,
  });
  const session = new EngineSession(() => sync.forJoin(), log, {
    knows: ({ providerId, label }) => asked.knows(providerId, label),
    renew: async ({ providerId, label }) => {
      const renewed = await asked.renew(providerId, label, "refused");
      if (renewed) await sync.flush();
      return renewed;
    },
  });
  const supervisor = disposables.add(new EngineSupervisor(launcher, (link) => session.bringUp(link), log));
  const sync: ConfigSync = disposables.add(
    new ConfigSync(
      // Without an engine nobody needs a token: no program is run and nobody is asked for a fingerprint.
      (joining) => storage.desired(joining || supervisor.connected !== undefined),
      {
        publish: (local) => store.update({ local }),
        send: async (config) => {
          const link = supervisor.connected;
          if (!link) return false;
          const status = await link.request("configure", config);
          supervisor.accept(await session.retryElsewhere(link, status, config));
          return true;
        },
      },
      log,
    ),
  );
  disposables.add(
    supervisor.onDidChange((engine) => {
      if (engine.kind === "ready") session.follow(engine.status);
      store.update({ engine });
      if (engine.kind === "outdated") offerReload();
    }),
  );
  // What changed while an engine was being configured found none to send it to; sent again it costs nothing.
  disposables.add(supervisor.onDidConnect(() => sync.schedule()));
  disposables.add(supervisor.onStuck((message) => tellStuck(supervisor, message)));
  return { api: new EngineApi(supervisor), sync, session, launcher, supervisor, disposables };
}

function tellStuck(supervisor: EngineSupervisor, message: string): void {
  notify("error", `Postern's engine does not come up: ${message}`, {
    "Try Again": () => supervisor.retryNow(),
    "Show Log": () => vscode.commands.executeCommand("postern.showLog"),
  });
}

function offerReload(): void {
  notify("warning", "Reload the window to update Postern.", {
    "Reload Window": () => vscode.commands.executeCommand("workbench.action.reloadWindow"),
  });
}
