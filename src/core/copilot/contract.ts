import type { StreamEvent } from "../conversation/answer";
import type { QuotaFigure } from "../governance/quota";
import type { JsonObject } from "../json/access";
import type { ListedModel } from "../models/listedModel";
import type { WireError } from "../protocols/errorShape";

/** A GitHub account as a request is sent with it, and where its GitHub is. */
export interface CopilotAccount {
  /** Address of GitHub: `https://github.com`, or a company's own. */
  readonly baseUrl: string;
  /** Where the runtime is, where the person has said so. */
  readonly cliPath?: string | undefined;
  /** OAuth or fine-grained token. */
  readonly token: string;
}

/** One line of a session's past, without ids and times. */
export interface PastEvent {
  readonly type: "user.message" | "assistant.message" | "tool.execution_start" | "tool.execution_complete";
  readonly data: JsonObject;
}

/** An image, as the SDK takes it along with a message. */
export interface Attachment {
  readonly type: "blob";
  /** Base64. */
  readonly data: string;
  readonly mimeType: string;
}

/** What the model is to answer: a person's words, or the results that stand at the end of the past. */
export type TurnInput =
  | { readonly kind: "user"; readonly text: string; readonly attachments: readonly Attachment[] }
  | { readonly kind: "results" };

/** A tool of the client's. It is declared to the model and never run here. */
export interface DeclaredTool {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: JsonObject;
}

/** A request to a model of Copilot's, in what the SDK can carry. */
export interface CopilotTurn {
  /** As `models.list` names it. */
  readonly model: string;
  readonly system: string;
  readonly past: readonly PastEvent[];
  readonly input: TurnInput;
  readonly tools: readonly DeclaredTool[];
  readonly reasoningEffort?: string;
  readonly jsonSchema?: { readonly name: string; readonly schema: JsonObject; readonly strict?: boolean };
}

/** A model that an account may name, and why it may not be used, where that is so. */
export interface CopilotModel extends ListedModel {
  /** One sentence's end, log-safe; absent for a model that can be used. */
  readonly unavailable?: string;
}

/** GitHub or the runtime said no; nothing of an answer has come, or no more will. */
export class CopilotFault extends Error {
  constructor(
    readonly error: WireError,
    readonly retryAfterSeconds?: number,
  ) {
    super(error.message);
    this.name = "CopilotFault";
  }
}

/** The code of a fault that the download of the runtime mends. */
export const RUNTIME_MISSING = "copilot_runtime_missing";

/** Whether something thrown is such a fault. The part with the SDK is a file of its own, with a class of its own. */
export function isCopilotFault(thrown: unknown): thrown is CopilotFault {
  return thrown instanceof Error && thrown.name === "CopilotFault" && "error" in thrown;
}

/** How far a download has come; `total` is absent where the server does not say. Bytes. */
export type DownloadProgress = (received: number, total: number | undefined) => void;

/** GitHub Copilot behind its SDK: the part that is loaded only where a provider of this type is used. */
export interface CopilotUpstream {
  /** @throws CopilotFault */
  listModels(account: CopilotAccount): Promise<readonly CopilotModel[]>;
  /** @throws CopilotFault */
  quota(account: CopilotAccount): Promise<readonly QuotaFigure[]>;
  /**
   * Runs one turn. Its last event is `stop`.
   * @param onQuota hears what GitHub says with the answer of what the account has left
   * @throws CopilotFault where there is no answer, or not the rest of it
   */
  run(
    account: CopilotAccount,
    turn: CopilotTurn,
    sink: (event: StreamEvent) => void,
    signal: AbortSignal,
    onQuota: (figures: readonly QuotaFigure[]) => void,
  ): Promise<void>;
  /**
   * Fetches the runtime into the data folder; what has come is checked against the registry's hash.
   * @throws CopilotFault
   */
  download(registry: string | undefined, progress: DownloadProgress, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/** What the upstream is made of; it keeps nothing of a request. */
export interface CopilotHost {
  /** For a downloaded runtime and the runtime's own empty folder; absent: a temporary one. */
  readonly dataDir: string | undefined;
  readonly log: { info(message: string): void; warn(message: string): void };
}

/** What the lazily loaded file exports. */
export interface CopilotModule {
  createCopilotUpstream(host: CopilotHost): CopilotUpstream;
}

export type LoadCopilot = () => Promise<CopilotModule>;
