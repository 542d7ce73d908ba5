import { logSafeText, PosternError } from "../../core/errors";
import { isLoopbackHost } from "../../core/gateway/hostGuard";
import type { GatewayState } from "../../core/rpc/contract";
import { Turns } from "../../core/turns";
import type { Log } from "../log/log";
import type { GatewayServer } from "./gatewayServer";

/** What the listener asks of the engine. */
export interface ListenerFacts {
  /** Where it is to listen; undefined while there is no configuration. */
  place(): { readonly host: string; readonly port: number } | undefined;
  /** Whether there is a gateway key that is accepted. */
  hasKeys(): boolean;
  /** The engine finishes what is running and takes nothing new. */
  isLeaving(): boolean;
}

/** Starts, stops and moves the gateway's server, one after the other: two windows may ask for different things at once. */
export class GatewayListener {
  private failed: Extract<GatewayState, { state: "failed" }> | undefined;
  private readonly turns = new Turns();

  /** @param onChange called when its state may have changed */
  constructor(
    private readonly server: GatewayServer,
    private readonly facts: ListenerFacts,
    private readonly log: Log,
    private readonly onChange: () => void,
  ) {}

  get state(): GatewayState {
    const { address, url } = this.server;
    if (address && url) return { state: "running", url, host: address.host, port: address.port };
    return this.failed ?? { state: "stopped" };
  }

  /** @throws PosternError not_ready, port_in_use, listen_failed, open_without_key */
  start(): Promise<void> {
    return this.turns.take(() => this.startNow());
  }

  stop(): Promise<void> {
    return this.turns.take(async () => {
      this.failed = undefined;
      if (this.server.address) this.log.info("gateway stopped");
      this.server.stop();
      this.onChange();
    });
  }

  /** To where it is to listen now, if it listens or could not; running requests finish where they began. */
  move(): Promise<void> {
    return this.turns.take(async () => {
      if (this.state.state === "stopped") return;
      this.server.stopListening();
      await this.startNow().catch((error: unknown) => this.log.error(logSafeText(error)));
    });
  }

  /** Whether it listens where other machines can reach it, and nobody would be let in. */
  get isUnguarded(): boolean {
    const host = this.facts.place()?.host;
    return this.server.address !== undefined && host !== undefined && !this.isGuarded(host);
  }

  private async startNow(): Promise<void> {
    const place = this.facts.place();
    if (!place) throw new PosternError("not_ready", "The engine has no configuration yet.");
    if (this.facts.isLeaving()) throw new PosternError("not_ready", "The engine is leaving.");
    if (this.server.address) return;
    const { host, port } = place;
    try {
      this.assertGuarded(host);
      await this.server.start(host, port);
      this.failed = undefined;
      this.log.info(`gateway listens on ${this.server.url}`);
    } catch (error) {
      const { code, message } =
        error instanceof PosternError ? error : new PosternError("listen_failed", logSafeText(error));
      this.failed = { state: "failed", code, message, port };
      throw error;
    } finally {
      this.onChange();
    }
  }

  /**
   * A gateway that other machines can reach must have somebody to let in: whoever has opened it and has made no key
   * would sooner or later wonder why, and do away with the guard.
   * @throws PosternError open_without_key
   */
  private assertGuarded(host: string): void {
    if (this.isGuarded(host)) return;
    throw new PosternError(
      "open_without_key",
      `The gateway does not listen on ${host}, which other machines can reach, while no gateway key is accepted. Make a gateway key, or set the host to 127.0.0.1.`,
    );
  }

  private isGuarded(host: string): boolean {
    return isLoopbackHost(host) || this.facts.hasKeys();
  }
}
