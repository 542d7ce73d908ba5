import type { ChildProcess } from "node:child_process";
import type { EngineBoot } from "../../core/rpc/contract";
import type { Log } from "../common/log";
import { EngineAbsentError, EngineStartError, NewerEngineError } from "./errors";
import { joinEngine } from "./handshake";
import type { EngineLink } from "./link";

const RETRY_MS = 50;
const START_LIMIT_MS = 10_000;
/** An engine that lost the race for the data folder exits; if the winner then dies too, another is started. */
const RESPAWN_AFTER_MS = 2000;

/** What a launcher needs from outside. */
export interface LauncherHost {
  /** Token and paths; asked anew each time, since the token may have been replaced. */
  boot(): Promise<EngineBoot>;
  spawn(boot: EngineBoot): Promise<ChildProcess>;
  /** An older engine gives way whose gateway was running; its successor's is to run as well. */
  gatewayWasRunning(): void;
  readonly version: string;
  readonly log: Log;
}

/** Finds the user's engine, or starts it. Several windows may do so at once; the engine sees to it that one remains. */
export class EngineLauncher {
  constructor(private readonly host: LauncherHost) {}

  /**
   * Joins an engine that is running already.
   * @returns "older" if one runs that has to give way to ours, which `start` sees to
   */
  async joinRunning(): Promise<EngineLink | "absent" | "older"> {
    const boot = await this.host.boot();
    try {
      const { link, decision } = await joinEngine(boot.pipePath, boot.token, this.host.version);
      if (decision === "join") return link;
      link.dispose();
      if (decision === "reload") throw new NewerEngineError();
      return "older";
    } catch (error) {
      if (error instanceof EngineAbsentError) return "absent";
      throw error;
    }
  }

  /**
   * Joins the engine, starting it if there is none and replacing it if it is older than this window.
   * @param patienceMs how long to wait for an engine that somebody else is starting
   */
  async start(patienceMs = 0): Promise<EngineLink> {
    const boot = await this.host.boot();
    const begun = Date.now();
    let spawnAt = begun + patienceMs;
    const died: { code?: number | null } = {};
    for (;;) {
      try {
        const { link, decision } = await joinEngine(boot.pipePath, boot.token, this.host.version);
        if (decision === "join") return link;
        if (decision === "reload") {
          link.dispose();
          throw new NewerEngineError();
        }
        await this.replace(link);
        spawnAt = Date.now();
      } catch (error) {
        if (!(error instanceof EngineAbsentError)) throw error;
        if (died.code !== undefined && died.code !== 0) {
          throw new EngineStartError(`The engine ended with code ${died.code} as it started.`);
        }
        if (Date.now() >= spawnAt) {
          await this.spawn(boot, died);
          spawnAt = Date.now() + RESPAWN_AFTER_MS;
        }
      }
      if (Date.now() - begun > START_LIMIT_MS + patienceMs) {
        throw new EngineStartError("The engine did not answer within 10 seconds of its start.");
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  private async spawn(boot: EngineBoot, died: { code?: number | null }): Promise<void> {
    const child = await this.host.spawn(boot);
    this.host.log.debug(`Started an engine, process ${child.pid ?? "unknown"}.`);
    child.once("error", (error) => {
      died.code = -1;
      this.host.log.error(`The engine could not be started: ${error.message}`);
    });
    child.once("exit", (code) => {
      died.code = code ?? -1;
    });
  }

  private async replace(link: EngineLink): Promise<void> {
    this.host.log.info(
      `The running engine is of version ${link.version}; it gives way to ${this.host.version}.`,
    );
    try {
      const { gateway } = await link.request("status", {});
      if (gateway.state === "running") this.host.gatewayWasRunning();
      await link.request("drain", {});
    } finally {
      link.dispose();
    }
  }
}
