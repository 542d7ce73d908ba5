import { CancellationTokenSource, type MessageConnection } from "vscode-jsonrpc/node";
import type { EngineNotifications, EngineRequests, LogEntry } from "../../core/rpc/contract";
import type { Disposable } from "../common/disposables";
import { Emitter } from "../common/emitter";

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

  /** Asks the engine for something; an abort cancels the request on both sides. */
  async request<M extends keyof EngineRequests>(
    method: M,
    params: EngineRequests[M]["params"],
    signal?: AbortSignal,
  ): Promise<EngineRequests[M]["result"]> {
    if (!this.alive) throw new Error("The engine is not connected.");
    const cancellation = new CancellationTokenSource();
    const cancel = (): void => cancellation.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await this.connection.sendRequest<EngineRequests[M]["result"]>(
        method,
        params,
        cancellation.token,
      );
    } finally {
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
