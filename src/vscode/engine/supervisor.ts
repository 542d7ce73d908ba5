import type { EngineStatus } from "../../core/rpc/contract";
import { KnownModels } from "../../core/rpc/statusChange";
import type { Disposable } from "../common/disposables";
import { Emitter } from "../common/emitter";
import { type Log, messageOf } from "../common/log";
import { backoffMs } from "./backoff";
import { NewerEngineError } from "./errors";
import type { EngineLauncher } from "./launcher";
import type { EngineLink } from "./link";
import type { EngineState } from "./state";

/** An engine that lived this long was not a failure to start. */
const STEADY_MS = 10_000;
/** After this many failures in a row the person is told, once. */
const TELL_AFTER = 5;
/** How long a window waits for the successor of an engine that gave way to an update. */
const SUCCESSOR_MS = 3000;

/** Brings a fresh connection to the wanted state: configures the engine and starts what was running before. */
export type OnJoined = (link: EngineLink) => Promise<EngineStatus>;

type Launcher = Pick<EngineLauncher, "joinRunning" | "start">;

/** Keeps one window connected to the engine: starts it when it is needed, and brings it back when it dies. */
export class EngineSupervisor implements Disposable {
  private current: EngineState = { kind: "idle" };
  private link: EngineLink | undefined;
  private pending: Promise<EngineLink> | undefined;
  private failures = 0;
  private joinedAt = 0;
  private retry: NodeJS.Timeout | undefined;
  private successorComes = false;
  private disposed = false;
  /** Ends whatever is waited for when the window goes. */
  private readonly ending = new AbortController();
  private joining: EngineLink | undefined;
  private readonly changed = new Emitter<EngineState>();
  private readonly connectedNow = new Emitter<void>();
  private readonly stuck = new Emitter<string>();

  readonly onDidChange = this.changed.event;
  /** Fires each time an engine has been joined and configured. */
  readonly onDidConnect = this.connectedNow.event;
  /** Fires once for each series of failures, with the last one's message. */
  readonly onStuck = this.stuck.event;

  constructor(
    private readonly launcher: Launcher,
    private readonly onJoined: OnJoined,
    private readonly log: Log,
  ) {}

  get state(): EngineState {
    return this.current;
  }

  /** The connection, if there is one now. */
  get connected(): EngineLink | undefined {
    return this.link;
  }

  /** Joins an engine that another window has started; starts none. */
  async joinIfRunning(): Promise<void> {
    if (this.link || this.pending) return;
    try {
      const found = await this.launcher.joinRunning();
      if (found === "absent") return;
      if (found === "older") await this.ensure();
      else if (this.link || this.pending) found.dispose();
      else await this.once(() => Promise.resolve(found));
    } catch (error) {
      this.log.warn(`Could not join the running engine: ${messageOf(error)}`);
      if (error instanceof NewerEngineError) this.set({ kind: "outdated" });
    }
  }

  /** The connection to the engine, which is started if need be. */
  ensure(): Promise<EngineLink> {
    if (this.link) return Promise.resolve(this.link);
    if (this.current.kind === "idle") this.set({ kind: "starting" });
    return this.once(() => this.launcher.start(this.patience(), this.ending.signal));
  }

  /** Starts the engine without waiting for it; how that goes shows in the state. */
  wake(): void {
    void this.recover();
  }

  /** Tries at once instead of waiting for the next try. */
  retryNow(): void {
    this.failures = 0;
    this.wake();
  }

  /** Takes over a status that a request has returned, which may be ahead of the next notification. */
  accept(status: EngineStatus): void {
    if (this.link) this.set({ kind: "ready", status });
  }

  dispose(): void {
    this.disposed = true;
    this.ending.abort();
    clearTimeout(this.retry);
    this.joining?.dispose();
    this.link?.dispose();
    this.changed.dispose();
    this.connectedNow.dispose();
    this.stuck.dispose();
  }

  /** One attempt at a time, shared by everybody who asks meanwhile. */
  private once(connect: () => Promise<EngineLink>): Promise<EngineLink> {
    clearTimeout(this.retry);
    this.pending ??= this.attempt(connect).finally(() => {
      this.pending = undefined;
    });
    return this.pending;
  }

  private async attempt(connect: () => Promise<EngineLink>): Promise<EngineLink> {
    let link: EngineLink | undefined;
    try {
      link = await connect();
      if (this.disposed) throw new Error("Postern is shutting down.");
      this.joining = link;
      return await this.adopt(link);
    } catch (error) {
      link?.dispose();
      if (!this.disposed) this.failed(error);
      throw error;
    } finally {
      this.joining = undefined;
    }
  }

  private async adopt(link: EngineLink): Promise<EngineLink> {
    let lost = false;
    link.onClose(() => {
      lost = true;
      if (this.link === link) this.onLost();
    });
    const models = new KnownModels();
    link.on("statusChanged", (change) => {
      const status = models.take(change);
      if (this.link === link) this.set({ kind: "ready", status });
    });
    link.on("draining", () => {
      // It still finishes what is running, but the gateway is the successor's now.
      this.successorComes = true;
      link.dispose();
    });
    const status = await this.onJoined(link);
    if (lost) throw new Error("The engine went away while it was being configured.");
    this.link = link;
    this.joinedAt = Date.now();
    this.successorComes = false;
    // What was told before this answer is older than it.
    this.set({ kind: "ready", status });
    this.log.info(`Connected to engine ${link.version}, process ${status.pid}.`);
    this.connectedNow.fire();
    return link;
  }

  private onLost(): void {
    this.link = undefined;
    if (this.disposed) return;
    this.log.warn("The connection to the engine was lost.");
    if (Date.now() - this.joinedAt > STEADY_MS) this.failures = 0;
    else this.failures++;
    this.again("The engine ends soon after its start.");
  }

  private failed(error: unknown): void {
    if (error instanceof NewerEngineError) {
      this.set({ kind: "outdated" });
      return;
    }
    this.failures++;
    const message = messageOf(error);
    this.log.error(`The engine is not available: ${message}`);
    this.again(message);
  }

  private again(message: string): void {
    if (this.failures >= TELL_AFTER) this.set({ kind: "failed", message });
    else this.set({ kind: "restarting" });
    if (this.failures === TELL_AFTER) this.stuck.fire(message);
    this.schedule();
  }

  private schedule(): void {
    clearTimeout(this.retry);
    // The first loss of a steady engine is answered at once; an engine that keeps dying is given room.
    const delay = backoffMs(this.failures, Math.random());
    this.retry = setTimeout(() => void this.recover(), delay);
  }

  private async recover(): Promise<void> {
    if (this.disposed || this.link) return;
    try {
      await this.ensure();
    } catch {
      // Told and scheduled again by `failed`.
    }
  }

  private patience(): number {
    return this.successorComes ? SUCCESSOR_MS : 0;
  }

  private set(state: EngineState): void {
    // Each time it is said, the window offers to reload.
    if (state.kind === "outdated" && this.current.kind === "outdated") return;
    this.current = state;
    this.changed.fire(state);
  }
}
