import type { ChatAccess } from "../../core/rpc/contract";
import type { EngineLink } from "../engine/link";

/** Where chat requests go: asked once of each engine, which is started if need be. */
export class ChatAccessCache {
  private readonly known = new WeakMap<EngineLink, Promise<ChatAccess>>();

  constructor(private readonly ensure: () => Promise<EngineLink>) {}

  async get(): Promise<ChatAccess> {
    const link = await this.ensure();
    const known = this.known.get(link);
    if (known) return known;
    const asked = link.request("chatAccess", {});
    this.known.set(link, asked);
    asked.catch(() => this.known.delete(link));
    return asked;
  }
}
