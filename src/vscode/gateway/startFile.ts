import { rm, writeFile } from "node:fs/promises";
import { type Log, messageOf } from "../common/log";
import { DEFAULT_GATEWAY_KEY, type GatewayKeys } from "../secrets/gatewayKeys";
import type { PosternState } from "../state";

/**
 * Tells `npm start`, which asks for it by an environment variable, where the gateway is and how to get in. Nobody else
 * sets the variable, so the gateway key is written nowhere in ordinary use.
 */
export class StartFile {
  private written: string | undefined;

  constructor(
    private readonly path: string,
    private readonly keys: Pick<GatewayKeys, "ensure">,
    private readonly log: Log,
  ) {}

  /** Writes the file as soon as the gateway runs, and again if it moves. */
  async follow({ engine }: PosternState): Promise<void> {
    if (engine.kind !== "ready" || engine.status.gateway.state !== "running") return;
    const { gateway, pid } = engine.status;
    const mark = `${gateway.url} ${pid}`;
    if (mark === this.written) return;
    this.written = mark;
    try {
      const { key } = await this.keys.ensure(DEFAULT_GATEWAY_KEY);
      const text = JSON.stringify({ url: gateway.url, key, enginePid: pid });
      await rm(this.path, { force: true });
      // wx: what somebody else puts there meanwhile, a link perhaps, is not written through.
      await writeFile(this.path, text, { mode: 0o600, flag: "wx" });
    } catch (error) {
      this.written = undefined;
      this.log.error(`The start file could not be written: ${messageOf(error)}`);
    }
  }
}
