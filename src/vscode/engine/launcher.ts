import type { EngineBoot } from "../../core/rpc/contract";
import { type Log, messageOf } from "../common/log";
import {
  EngineAbsentError,
  EngineHungError,
  EngineStartError,
  HandshakeBrokenError,
  NewerEngineError,
} from "./errors";
import { type Joined, joinEngine } from "./handshake";
import type { EngineLink } from "./link";
import type { StartedEngine } from "./spawn";

const RETRY_MS = 50;
/** A pipe that is hung up on so often belongs to no engine that is ending. */
const JOIN_TRIES = 10;
const START_LIMIT_MS = 10_000;
/** An engine that lost the race for the data folder exits; if the winner then dies too, another is started. */
const RESPAWN_AFTER_MS = 2000;

/** What a launcher needs from outside. */
export interface LauncherHost {
  /** Token and paths; asked anew each time, since the token may have been replaced. */
  boot(): Promise<EngineBoot>;
  /** Where the engine that owns the data folder says its pipe is, if it says so. */
  notedPipe(): Promise<string | undefined>;
  spawn(boot: EngineBoot): Promise<StartedEngine>;
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
    for (let tries = 1; ; tries += 1) {
      try {
        const { link, decision } = await this.join(boot);
        if (decision === "join") return link;
        link.dispose();
        if (decision === "reload") throw new NewerEngineError();
        return "older";
      } catch (error) {
        if (error instanceof EngineAbsentError) return "absent";
        // An engine that is ending just now: soon there is none, or another.
        if (!(error instanceof HandshakeBrokenError) || tries === JOIN_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /**
   * Joins the engine, starting it if there is none and replacing it if it is older than this window.
   * @param patienceMs how long to wait for an engine that somebody else is starting
   * @param signal ends the tries
   */
  async start(patienceMs = 0, signal?: AbortSignal): Promise<EngineLink> {
    const boot = await this.host.boot();
    // Not the clock: set back, it would hold up the start for as long.
    const begun = performance.now();
    let spawnAt = begun + patienceMs;
    const own: { ended?: number | Error } = {};
    for (;;) {
      signal?.throwIfAborted();
      try {
        const { link, decision } = await this.join(boot);
        if (decision === "join") return link;
        if (decision === "reload") {
          link.dispose();
          throw new NewerEngineError();
        }
        await this.replace(link, signal);
        spawnAt = performance.now();
      } catch (error) {
        // An engine that is ending just now answers no more; the next try finds it gone.
        const ending = error instanceof HandshakeBrokenError;
        if (!ending && !(error instanceof EngineAbsentError)) throw error;
        if (own.ended instanceof Error)
          throw new EngineStartError(`The engine cannot start: ${own.ended.message}`);
        // Code 0: it found that another engine owns the data folder, which is the one to join.
        if (own.ended) throw new EngineStartError(`The engine ended with code ${own.ended} as it started.`);
        if (!ending && performance.now() >= spawnAt) {
          const { pid, ended } = await this.host.spawn(boot);
          this.host.log.debug(`Started an engine, process ${pid ?? "unknown"}.`);
          void ended.then((how) => {
            own.ended = how;
          });
          spawnAt = performance.now() + RESPAWN_AFTER_MS;
        }
      }
      if (performance.now() - begun > START_LIMIT_MS + patienceMs) {
        throw new EngineStartError(unreachable(own.ended));
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Joins at the noted place first: the engine may have been started by a window that would put the pipe elsewhere. */
  private async join({ pipePath, token }: EngineBoot): Promise<Joined> {
    const noted = await this.host.notedPipe();
    if (noted !== undefined && noted !== pipePath) {
      try {
        return await joinEngine(noted, token, this.host.version);
      } catch (error) {
        // The note of an engine that was killed.
        if (!(error instanceof EngineAbsentError)) throw error;
      }
    }
    return joinEngine(pipePath, token, this.host.version);
  }

  private async replace(link: EngineLink, signal?: AbortSignal): Promise<void> {
    this.host.log.info(
      `The running engine is of version ${link.version}; it gives way to ${this.host.version}.`,
    );
    try {
      const { gateway } = await link.request("status", {}, signal);
      if (gateway.state === "running") this.host.gatewayWasRunning();
      await link.request("drain", {}, signal);
    } catch (error) {
      if (error instanceof EngineHungError) {
        const way = `so it does not give way to ${this.host.version}; end its process`;
        throw new EngineStartError(`The running engine, version ${link.version}, does not answer, ${way}.`);
      }
      // One that has nothing to finish may be gone before its answer is.
      this.host.log.debug(`The older engine ended without an answer: ${messageOf(error)}`);
    } finally {
      link.dispose();
    }
  }
}

function unreachable(ended: number | Error | undefined): string {
  return ended === 0
    ? "Another engine of yours runs and cannot be reached on its private pipe. End its process, or wait until it has gone."
    : "The engine did not answer within 10 seconds of its start.";
}
