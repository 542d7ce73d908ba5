import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { homedir } from "node:os";
import type { Clock } from "../../src/core/credentials/askedCredentials";
import { programRunner } from "../../src/core/credentials/runProgram";
import { Consents, type Memento } from "../../src/vscode/credentials/consents";
import { type Accounts, WindowCredentials } from "../../src/vscode/credentials/windowCredentials";

export const realClock: Clock = {
  now: Date.now,
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** A state that forgets. */
export class MemoryState implements Memento {
  readonly values = new Map<string, unknown>();
  get = <T>(key: string): T | undefined => this.values.get(key) as T | undefined;
  update = async (key: string, value: unknown): Promise<void> => void this.values.set(key, value);
}

/** VS Code's accounts, as far as a test wants them. */
export class FakeAccounts implements Accounts {
  /** Token by issuer and scopes. */
  readonly tokens = new Map<string, string>();
  readonly asked: { scopes: readonly string[]; silent: boolean }[] = [];
  accounts = [{ id: "1", label: "me@contoso.com" }];

  getSession: Accounts["getSession"] = async (provider, scopes, { silent = false }) => {
    this.asked.push({ scopes, silent });
    const accessToken = this.tokens.get(`${provider} ${scopes.join(" ")}`);
    return accessToken === undefined ? undefined : { accessToken };
  };
  getAccounts: Accounts["getAccounts"] = async () => this.accounts;
}

/** A window's credentials on real programs, with what they have logged. */
export function windowCredentials(changed: () => void = () => {}) {
  const log: string[] = [];
  const write = (message: string) => void log.push(message);
  const state = new MemoryState();
  const accounts = new FakeAccounts();
  const consents = new Consents(state);
  const run = programRunner({
    platform: process.platform,
    home: homedir(),
    environment: process.env,
    spawn: (file, args, options) => spawn(file, args, options),
    killGroup: (pid) => process.kill(-pid, "SIGKILL"),
    clock: realClock,
  });
  const host = {
    platform: process.platform,
    environment: (name: string) => process.env[name],
    isFile: (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
  };
  const credentials = new WindowCredentials(
    {
      consents,
      accounts,
      host,
      run,
      clock: realClock,
      log: { error: write, warn: write, info: write, debug: write, trace: write },
    },
    changed,
  );
  return { credentials, consents, accounts, state, log };
}

/** A program that runs a script of ours. */
export function program(script: string): string[] {
  return [process.execPath, "-e", script];
}
