import { rm, writeFile } from "node:fs/promises";
import { type Log, messageOf } from "../common/log";
import type { PosternState } from "../state";

/** Tells `npm start`, which asks for it by an environment variable, where the gateway is. No key is in it. */
export class StartFile {
  private written: string | undefined;

  constructor(
    private readonly path: string,
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
      const text = JSON.stringify({ url: gateway.url, enginePid: pid });
      await rm(this.path, { force: true });
      // wx: what somebody else puts there meanwhile, a link perhaps, is not written through.
      await writeFile(this.path, text, { mode: 0o600, flag: "wx" });
    } catch (error) {
      this.written = undefined;
      this.log.error(`The start file could not be written: ${messageOf(error)}`);
    }
  }
}
