import * as vscode from "vscode";
import type { NetworkConfig } from "../../core/config/engineConfig";
import type { Disposable } from "../common/disposables";
import { type RawProviders, rawProviders } from "./providerEdits";
import { readSettings, type Settings } from "./snapshot";

const SECTION = "postern";

/** Reads and writes the settings `postern.*` of the user. */
export class SettingsStore {
  read(): Settings {
    return readSettings(rawSetting);
  }

  onDidChange(listener: () => void): Disposable {
    return vscode.workspace.onDidChangeConfiguration((event) => {
      // The proxy belongs to VS Code, but the engine goes through it.
      if (event.affectsConfiguration(SECTION) || event.affectsConfiguration("http")) listener();
    });
  }

  providers(): RawProviders {
    return rawProviders(rawSetting("providers"));
  }

  writeProviders(list: RawProviders): Thenable<void> {
    return write("providers", list);
  }

  writePort(port: number): Thenable<void> {
    return write("gateway.port", port);
  }

  /** VS Code's own proxy settings; they win over the environment. */
  proxy(): NetworkConfig {
    const http = vscode.workspace.getConfiguration("http");
    const proxy = userValue(http, "proxy");
    const noProxy = userValue(http, "noProxy");
    return {
      ...(typeof proxy === "string" && proxy !== "" ? { httpProxy: proxy, httpsProxy: proxy } : {}),
      ...(Array.isArray(noProxy) && noProxy.length > 0 ? { noProxy: noProxy.join(",") } : {}),
    };
  }
}

function rawSetting(key: string): unknown {
  return userValue(vscode.workspace.getConfiguration(SECTION), key);
}

/** The user's value or the default. A workspace's is passed over, even if VS Code should offer one. */
function userValue(configuration: vscode.WorkspaceConfiguration, key: string): unknown {
  const found = configuration.inspect(key);
  return found?.globalValue ?? found?.defaultValue;
}

function write(key: string, value: unknown): Thenable<void> {
  return vscode.workspace.getConfiguration(SECTION).update(key, value, vscode.ConfigurationTarget.Global);
}
