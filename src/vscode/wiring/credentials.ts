import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import os from "node:os";
import * as vscode from "vscode";
import type { Clock } from "../../core/credentials/askedCredentials";
import { programRunner } from "../../core/credentials/runProgram";
import { DisposableStore } from "../common/disposables";
import type { Log } from "../common/log";
import { Consents } from "../credentials/consents";
import { type Accounts, WindowCredentials } from "../credentials/windowCredentials";

/** What gets credentials from programs and accounts, and what of it goes with the window. */
export interface CredentialParts {
  readonly credentials: WindowCredentials;
  readonly disposables: DisposableStore;
}

const clock: Clock = {
  now: Date.now,
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Builds it on Node's processes and VS Code's accounts. */
export function createCredentials(
  context: Pick<vscode.ExtensionContext, "globalState">,
  log: Log,
  changed: () => void,
): CredentialParts {
  const disposables = new DisposableStore();
  const consents = new Consents(context.globalState);
  const accounts: Accounts = {
    getSession: (provider, scopes, options) => vscode.authentication.getSession(provider, scopes, options),
    getAccounts: (provider) => vscode.authentication.getAccounts(provider),
  };
  const run = programRunner({
    platform: process.platform,
    home: os.homedir(),
    environment: process.env,
    spawn: (file, args, options) => spawn(file, args, options),
    killGroup: (pid) => process.kill(-pid, "SIGKILL"),
    clock,
  });
  const host = {
    platform: process.platform,
    environment: (name: string): string | undefined => process.env[name],
    isFile,
  };
  const credentials = new WindowCredentials({ consents, accounts, host, run, clock, log }, changed);
  disposables.add(credentials.asked);
  disposables.add(
    vscode.authentication.onDidChangeSessions(({ provider: { id } }) => {
      if (id === "microsoft" || id === "github") credentials.accountsChanged();
    }),
  );
  return { credentials, disposables };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
