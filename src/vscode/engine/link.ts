import {
  CancellationTokenSource,
  ErrorCodes,
  type MessageConnection,
  ResponseError,
} from "vscode-jsonrpc/node";
import type { EngineNotifications, EngineRequests, LogEntry } from "../../core/rpc/contract";
import type { Disposable } from "../common/disposables";
import { Emitter } from "../common/emitter";
import { EngineHungError } from "./errors";

/** What the engine does without asking anybody takes milliseconds; one that needs longer than this is hung. */
const ANSWER_MS = 20_000;
/** These wait for a provider, which the engine itself bounds, or go through the whole audit. */
const SLOW: ReadonlySet<keyof EngineRequests> = new Set([
  "testProvider",
  "runProbe",
  "refreshModels",
  "downloadCopilot",
  "exportAudit",
  "removeAudit",
  "verifyAudit",
]);

/** One authenticated connection to the engine. */
export class EngineLink implements Disposable {
  private readonly closed = new Emitter<void>();
  private alive = true;
  /** Fires once, when the engine is gone or the link was given up. */
  readonly onClose = this.closed.event;

  /**
   * @param version the engine's version
   * @param backlog what the engine had logged before this window came
   */
  constructor(
    private readonly connection: MessageConnection,
    readonly version: string,
    readonly backlog: readonly LogEntry[],
  ) {
    connection.onClose(() => this.close());
    connection.onDispose(() => this.close());
  }

  /**
   * Asks the engine for something. An abort ends the waiting at once, and tells the engine. An engine that hangs is
   * given up: the link closes, which shows in the state.
   */
  async request<M extends keyof EngineRequests>(
    method: M,
    params: EngineRequests[M]["params"],
    signal?: AbortSignal,
  ): Promise<EngineRequests[M]["result"]> {
    if (!this.alive) throw new Error("The engine is not connected.");
    if (signal?.aborted) throw new Error("Cancelled.");
    const cancellation = new CancellationTokenSource();
    let cancel = (): void => undefined;
    let timer: NodeJS.Timeout | undefined;
    const ended = new Promise<never>((_, reject) => {
      cancel = () => {
        cancellation.cancel();
        reject(new Error("Cancelled."));
      };
      if (SLOW.has(method)) return;
      timer = setTimeout(() => {
        reject(new EngineHungError());
        this.dispose();
      }, ANSWER_MS);
    });
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      const answer = this.connection.sendRequest<EngineRequests[M]["result"]>(
        method,
        params,
        cancellation.token,
      );
      return await Promise.race([answer, ended]);
    } catch (error) {
      // jsonrpc's own words for it mean nothing to a person.
      if (error instanceof ResponseError && error.code === ErrorCodes.PendingResponseRejected) {
        throw new Error("The engine went away before it answered.");
      }
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
      cancellation.dispose();
    }
  }

  /** Listens to a notification. */
  on<N extends keyof EngineNotifications>(
    name: N,
    listener: (value: EngineNotifications[N]) => void,
  ): Disposable {
    return this.connection.onNotification(name, listener);
  }

  dispose(): void {
    this.connection.dispose();
    this.close();
  }

  private close(): void {
    if (!this.alive) return;
    this.alive = false;
    this.closed.fire();
    this.closed.dispose();
  }
}
