import {
  foundryStatus,
  listedIds,
  listOwner,
  lmStudioStatus,
  ollamaModels,
  ollamaOrigin,
  type ProgramStatus,
  RUNTIMES,
  type RuntimeId,
} from "../../core/providers/runtimes";
import { askLoopback } from "./loopback";
import { askProgram, findProgram, type ProgramHost } from "./programs";

/** A server on this machine that has been found, or whose program has. */
export type LocalServer =
  | {
      readonly state: "running";
      /** The preset that it is an instance of. */
      readonly presetId: string;
      readonly baseUrl: string;
      /** Undefined: it does not tell without a key. */
      readonly models: readonly string[] | undefined;
    }
  | {
      readonly state: "stopped";
      readonly presetId: RuntimeId;
      /** What starts it, with the path of the program where it is not on the PATH. */
      readonly program: string;
      readonly start: readonly string[];
    };

type Running = Extract<LocalServer, { state: "running" }>;

/** What the search works on. */
export interface LocalMachine extends ProgramHost {
  /** Handed to the programs that are asked, but for secrets. */
  readonly variables: NodeJS.ProcessEnv;
  /** Where servers listen, if not at their usual ports. */
  readonly ports?: Readonly<Record<string, number>>;
}

/** Finds the runtimes on this machine. Everything is asked over loopback, and nothing is sent a key. */
export class LocalRuntimes {
  constructor(private readonly machine: LocalMachine) {}

  /** Looks for all of them at once and tells of each as soon as it is found. Resolves when there is no more to come. */
  async discover(report: (server: LocalServer) => void, signal: AbortSignal): Promise<void> {
    const searches = [
      ...(Object.keys(RUNTIMES) as RuntimeId[]).map((id) => this.locate(id, signal)),
      this.byOwner("vllm", "vllm", 8000, signal),
      this.byOwner("llamacpp", "llamacpp", 8080, signal),
    ];
    await Promise.all(
      searches.map(async (search) => {
        const server = await search;
        if (server && !signal.aborted) report(server);
      }),
    );
  }

  /** One runtime, running or not; undefined if it is not on this machine. */
  locate(id: RuntimeId, signal: AbortSignal): Promise<LocalServer | undefined> {
    switch (id) {
      case "ollama":
        return this.ollama(signal);
      case "lmstudio":
        return this.lmStudio(signal);
      case "foundry-local":
        return this.foundry(signal);
    }
  }

  private async ollama(signal: AbortSignal): Promise<LocalServer | undefined> {
    const host = this.machine.environment("OLLAMA_HOST") ?? "";
    const origin = ollamaOrigin(host) ?? this.usual("ollama", 11434);
    const greeting = await askLoopback(`${origin}/`, signal);
    // https://github.com/ollama/ollama/blob/main/server/routes.go
    if (greeting?.status === 200 && /^Ollama is running/.test(greeting.text)) {
      const tags = await askLoopback(`${origin}/api/tags`, signal);
      return running("ollama", origin, ollamaModels(tags?.json));
    }
    return this.stopped("ollama");
  }

  private async lmStudio(signal: AbortSignal): Promise<LocalServer | undefined> {
    const found = await this.lmStudioAt(this.usual("lmstudio", 1234), signal);
    if (found) return found;
    const status = await this.ask("lms", ["server", "status", "--json", "--quiet"], signal);
    const said = status === undefined ? undefined : lmStudioStatus(status);
    const moved = said?.kind === "running" ? await this.lmStudioAt(said.origin, signal) : undefined;
    return moved ?? this.stopped("lmstudio");
  }

  private async lmStudioAt(origin: string, signal: AbortSignal): Promise<Running | undefined> {
    // How LM Studio's own program knows its server: https://github.com/lmstudio-ai/lms, src/createClient.ts
    const greeting = await askLoopback(`${origin}/lmstudio-greeting`, signal);
    const isIt = greeting?.status === 200 && flagOf(greeting.json, "lmstudio");
    if (!isIt) return undefined;
    return running("lmstudio", origin, listedIds((await askLoopback(`${origin}/v1/models`, signal))?.json));
  }

  private async foundry(signal: AbortSignal): Promise<LocalServer | undefined> {
    const { status, start } = await this.foundrySays(signal);
    if (status?.kind === "running") {
      const list = await askLoopback(`${status.origin}/v1/models`, signal);
      // It may say that it runs while nothing answers any more.
      const models = listedIds(list?.json);
      if (models) return running("foundry-local", status.origin, models);
    }
    return this.stopped("foundry-local", start);
  }

  /** `service` until 0.9, `server` from 0.10 on; each knows only its own. */
  private async foundrySays(
    signal: AbortSignal,
  ): Promise<{ readonly status?: ProgramStatus; readonly start?: readonly string[] }> {
    const older = await this.ask("foundry", ["service", "status"], signal);
    if (older === undefined) return {};
    const status = foundryStatus(older);
    if (status.kind !== "unknown") return { status, start: ["service", "start"] };
    const newer = await this.ask("foundry", ["server", "status", "-o", "json"], signal);
    if (newer === undefined) return {};
    return { status: foundryStatus(newer), start: ["server", "start"] };
  }

  /** Servers that say in their list whose it is. Others may well listen at these ports. */
  private async byOwner(
    presetId: string,
    owner: string,
    port: number,
    signal: AbortSignal,
  ): Promise<LocalServer | undefined> {
    const origin = this.usual(presetId, port);
    const list = await askLoopback(`${origin}/v1/models`, signal);
    return listOwner(list?.json) === owner ? running(presetId, origin, listedIds(list?.json)) : undefined;
  }

  private async stopped(id: RuntimeId, start = RUNTIMES[id].start): Promise<LocalServer | undefined> {
    const { program } = RUNTIMES[id];
    const found = await findProgram(program, this.machine);
    return found && { state: "stopped", presetId: id, program: found.onPath ? program : found.file, start };
  }

  private async ask(
    program: string,
    args: readonly string[],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const found = await findProgram(program, this.machine);
    return found && askProgram(found.file, args, this.machine, signal);
  }

  private usual(presetId: string, port: number): string {
    return `http://localhost:${this.machine.ports?.[presetId] ?? port}`;
  }
}

function running(presetId: string, origin: string, models: readonly string[] | undefined): Running {
  return { state: "running", presetId, baseUrl: `${origin}/v1`, models };
}

function flagOf(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && (value as Record<string, unknown>)[name] === true;
}
