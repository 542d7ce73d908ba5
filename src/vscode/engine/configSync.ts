import type { EngineConfig } from "../../core/config/engineConfig";
import type { Disposable } from "../common/disposables";
import { type Log, messageOf } from "../common/log";
import type { LocalState } from "../state";
import type { Desired } from "./desired";

const DEBOUNCE_MS = 100;

/** Where the outcome goes: `publish` what may be shown, `send` what the engine is to run on. */
export interface SyncTargets {
  publish(local: LocalState): void;
  /** @returns false if no engine is connected; it is configured when it joins */
  send(config: EngineConfig): Promise<boolean>;
}

/** Keeps the engine's configuration in step with settings, secrets and environment. */
export class ConfigSync implements Disposable {
  private timer: NodeJS.Timeout | undefined;
  private queue: Promise<void> = Promise.resolve();
  private sent: string | undefined;

  constructor(
    private readonly read: (joining: boolean) => Promise<Desired>,
    private readonly targets: SyncTargets,
    private readonly log: Log,
  ) {}

  /** Something may have changed: soon, once for a burst of changes. */
  schedule(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), DEBOUNCE_MS);
  }

  /** Brings views and engine up to date now; runs one at a time. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.queue = this.queue.then(async () => {
      try {
        const { config, local } = await this.read(false);
        this.targets.publish(local);
        const text = JSON.stringify(config);
        if (text !== this.sent && (await this.targets.send(config))) this.sent = text;
      } catch (error) {
        this.log.error(`The configuration could not be brought up to date: ${messageOf(error)}`);
      }
    });
    return this.queue;
  }

  /** The whole configuration for an engine that has just been joined, which counts as sent. */
  async forJoin(): Promise<EngineConfig> {
    const { config, local } = await this.read(true);
    this.targets.publish(local);
    this.sent = JSON.stringify(config);
    return config;
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
