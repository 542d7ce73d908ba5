import * as vscode from "vscode";
import type { Disposable } from "../common/disposables";
import { type RawEntries, rawEntries } from "./namedEdits";
import { type RawProviders, rawProviders } from "./providerEdits";
import { type ProxySettings, proxySettings } from "./proxy";
import { readSettings, type Settings, type StatusBarForm } from "./snapshot";

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

  /** The setting as it stands, whatever it is. */
  routes(): unknown {
    return rawSetting("routes");
  }

  writeRoutes(list: readonly unknown[]): Thenable<void> {
    return write("routes", list);
  }

  gatewayKeys(): RawEntries {
    return rawEntries(rawSetting("gateway.keys"));
  }

  writeGatewayKeys(list: RawEntries): Thenable<void> {
    return write("gateway.keys", list);
  }

  budgets(): RawEntries {
    return rawEntries(rawSetting("budgets"));
  }

  writeBudgets(list: RawEntries): Thenable<void> {
    return write("budgets", list);
  }

  async writeStatusBar(limit: string, form: StatusBarForm): Promise<void> {
    await write("statusBar.limit", limit);
    await write("statusBar.form", form);
  }

  writePort(port: number): Thenable<void> {
    return write("gateway.port", port);
  }

  /** A setting as the person has written it; undefined where it is the default. */
  written(key: string): unknown {
    return vscode.workspace.getConfiguration(SECTION).inspect(key)?.globalValue;
  }

  /** What VS Code's own settings say of proxies. */
  proxy(): ProxySettings {
    const http = vscode.workspace.getConfiguration("http");
    return proxySettings((key) => userValue(http, key));
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
