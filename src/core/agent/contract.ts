import type { WireProtocol } from "../protocols/wire";
import type { Comparer } from "./comparison";

/** A model as the agent is offered it. */
export interface AgentModel {
  /** As the gateway knows it: `provider/model`, or a route's name. */
  readonly id: string;
  readonly name?: string;
  /** In tokens. */
  readonly contextWindow?: number;
  readonly maxOutput?: number;
  readonly images?: boolean;
  readonly reasoning?: boolean;
}

/** Where the agent's requests go, and what they are sent with. */
export interface AgentGateway {
  /** e.g. `http://127.0.0.1:4141` */
  readonly url: string;
  /** A gateway key; reaches the runtime by its standard input, never by arguments, environment or disk. */
  readonly key: string;
}

/** A picture that goes with the prompt. */
export interface AgentImage {
  /** e.g. `image/png` */
  readonly mimeType: string;
  /** In base64. */
  readonly data: string;
}

/** One run of the agent. */
export interface AgentRun {
  readonly prompt: string;
  readonly images?: readonly AgentImage[];
  readonly model: string;
  /** The protocol to ask in: the model's provider's own, so that nothing has to be translated. */
  readonly protocol: WireProtocol;
  readonly models: readonly AgentModel[];
  readonly gateway: AgentGateway;
  /** Absolute path of the folder to work in. */
  readonly folder: string;
  /** Variables for its commands, beside those that they have of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Sent as `x-postern-task`: by it the ledger knows the run's requests. */
  readonly task: string;
  /** Id of an earlier session to go on with. */
  readonly resume?: string;
  /** Whether its session can be gone on with later; otherwise nothing of it stays on the disk. */
  readonly keep: boolean;
  /** More turns than this end the run. */
  readonly maxTurns?: number;
  /** Commands that are left in the background are waited for this long; absent: ten minutes. */
  readonly backgroundMs?: number;
}

/** Something the agent wants to do and must be allowed to. */
export type PermissionQuestion =
  | { readonly kind: "read"; readonly path: string; readonly inside: boolean }
  | {
      readonly kind: "edit";
      readonly path: string;
      readonly inside: boolean;
      /** Programs run or obey what is there (`.git`, `.vscode`): it is asked about by itself, as what is outside is. */
      readonly guarded?: boolean;
      /** The file is taken from here, where it is no more afterwards. What is said of the place holds for both. */
      readonly from?: string;
      /** It is no more afterwards. */
      readonly deletes?: true;
      /** In unified form. */
      readonly diff: string;
      /** The whole file as it would be, where the runtime says so. */
      readonly newText?: string;
    }
  | {
      readonly kind: "command";
      readonly command: string;
      /** What the command is for, in the agent's words. */
      readonly intention: string;
    }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "other"; readonly what: string };

export type AgentEvent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "tool"; readonly name: string; readonly detail: string }
  | { readonly type: "toolEnd"; readonly name: string; readonly ok: boolean; readonly denied?: boolean }
  /** A try that failed and is made again. */
  | { readonly type: "retry"; readonly message: string };

/** Who watches a run and answers for the person. */
export interface AgentHost {
  onEvent(event: AgentEvent): void;
  /** Whether the agent may. Rejects where the person can no longer be asked. */
  permit(question: PermissionQuestion, signal: AbortSignal): Promise<boolean>;
  /** Called when a turn begins that is not the first; returns why the run has to end here, if it does. */
  mayGoOn?(turns: number): Promise<string | undefined>;
}

export interface AgentOutcome {
  /** Absent where none came about. */
  readonly sessionId?: string;
  readonly end: "done" | "cancelled" | "failed" | "limit";
  /** Why it failed or was ended, in a sentence for the person. */
  readonly reason?: string;
  /** Requests to the model, as the agent counts them. */
  readonly turns: number;
}

/** An earlier session that can be gone on with. */
export interface AgentSession {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  readonly summary: string;
  readonly folder: string;
}

/** Where the agent's program is and where it keeps its sessions. */
export interface AgentPlaces {
  /** Folder of the sessions: the agent writes there what was said in them. */
  readonly sessions: string;
  /** Where a downloaded runtime is looked for. */
  readonly dataDir: string | undefined;
  /** The runtime's program, where the person has named it. */
  readonly runtimePath?: string;
}

/** The agent, in a bundle of its own that is read when somebody asks for it. */
export interface CopilotAgent {
  /** Never rejects: what goes wrong is in the outcome. */
  run(run: AgentRun, host: AgentHost, signal: AbortSignal): Promise<AgentOutcome>;
  /** @throws PosternError not_ready without a runtime */
  sessions(): Promise<readonly AgentSession[]>;
  /** Takes what a session has written from the disk. @throws PosternError not_ready without a runtime */
  forget(sessionId: string): Promise<void>;
}

/** The bundle. */
export interface AgentModule {
  createAgent(places: AgentPlaces, environment: Readonly<Record<string, string | undefined>>): CopilotAgent;
  createComparer(agent: CopilotAgent, environment: Readonly<Record<string, string | undefined>>): Comparer;
}

/** Reads the bundle. */
export type LoadAgent = () => Promise<AgentModule>;
