import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { homedir } from "node:os";
import { type EngineConfig, engineConfigFromFile } from "../core/config/engineConfig";
import type { ConfigProblem } from "../core/config/problems";
import type { Config } from "../core/config/schema";
import { AskedCredentials } from "../core/credentials/askedCredentials";
import { commandText } from "../core/credentials/commandLine";
import { programRunner } from "../core/credentials/runProgram";
import { askCommand } from "../core/credentials/tokenCommand";
import { systemClock } from "./systemClock";

/** Commands may take this long before the gateway listens; what is not there by then comes later. */
const START_MS = 120_000;

const environment = (name: string): string | undefined => process.env[name];

/** The credentials of a configuration file: variables, and programs that the person has allowed on the command line. */
export class HeadlessCredentials {
  private readonly listeners = new Set<() => void>();
  private readonly asked: AskedCredentials;

  constructor(private readonly config: Config) {
    const run = programRunner({
      platform: process.platform,
      home: homedir(),
      environment: process.env,
      spawn: (file, args, options) => spawn(file, args, options),
      killGroup: (pid) => process.kill(-pid, "SIGKILL"),
      clock: systemClock,
    });
    const host = { platform: process.platform, environment, isFile };
    this.asked = new AskedCredentials(
      async (_, credential) =>
        credential.kind === "command"
          ? askCommand(credential, host, run, Date.now)
          : { kind: "missing", reason: "it is VS Code's, which does not run here" },
      systemClock,
      () => {
        for (const listener of this.listeners) listener();
      },
    );
  }

  /** The engine's configuration with what is known now. */
  current(): EngineConfig {
    return engineConfigFromFile(this.config, environment, this.asked.asked).config;
  }

  /** Waits for what is being asked for. */
  async ready(): Promise<EngineConfig> {
    this.current();
    await this.asked.settled(START_MS);
    return this.current();
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** Runs the program of a credential again. @returns whether it gives another one */
  renew(providerId: string, label: string): Promise<boolean> {
    return this.asked.renew(providerId, label, "refused");
  }

  dispose(): void {
    this.asked.dispose();
  }
}

/** Commands of a file may be anybody's: the person has to allow them. */
export function commandProblems({ providers }: Config): ConfigProblem[] {
  return providers.flatMap(({ credentials = [], enabled }, index) =>
    credentials.flatMap((credential, place) => {
      if (credential.kind !== "command" || !enabled) return [];
      const message = `runs a program; read it, and allow it with --allow-commands: ${commandText(credential.command)}`;
      return [{ path: `providers[${index}].credentials[${place}].command`, message }];
    }),
  );
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
