import { createHmac, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { EngineProvider } from "../../core/config/engineConfig";
import { logSafeText } from "../../core/errors";
import type { ListedModel } from "../../core/models/listedModel";
import { listedModelSchema } from "../../core/models/listedModel";
import type { Log } from "../log/log";

/** A provider's models list, and when it gave it. */
export interface CachedList {
  /** Milliseconds since the epoch. */
  readonly listedAt: number;
  readonly models: readonly ListedModel[];
}

const MAX_LISTS = 100;

const fileSchema = z.object({
  version: z.literal(1),
  salt: z.string().regex(/^[0-9a-f]{64}$/),
  lists: z.record(
    z.string(),
    z.object({ listedAt: z.int().min(0), models: z.array(listedModelSchema).max(5000) }),
  ),
});

/**
 * What providers have listed, over a restart of the engine and while they cannot be reached. A list belongs to a
 * provider's id, address and credential: with another key other models may be there.
 */
export class ModelListCache {
  private salt = randomBytes(32).toString("hex");
  private readonly lists = new Map<string, CachedList>();
  private handedOver = false;

  /** @param folder the data folder; undefined keeps the lists in memory only */
  constructor(
    private readonly folder: string | undefined,
    private readonly log: Log,
  ) {
    this.load();
  }

  get(provider: EngineProvider): CachedList | undefined {
    return this.lists.get(this.keyOf(provider));
  }

  set(provider: EngineProvider, list: CachedList): void {
    const key = this.keyOf(provider);
    this.lists.delete(key);
    this.lists.set(key, list);
    const [oldest] = this.lists.keys();
    if (this.lists.size > MAX_LISTS && oldest !== undefined) this.lists.delete(oldest);
    this.save();
  }

  /** From now on the file belongs to the engine that takes over. */
  handOver(): void {
    this.handedOver = true;
  }

  /**
   * Names the list. The credential is part of it only by a hash with a salt of this file's own, shortened so that it
   * says no more than "another one". Tokens that are renewed by the hour say nothing about who they are for.
   */
  private keyOf({ config, credential }: EngineProvider): string {
    const secret = credential.kind === "apiKey" ? credential.value : credential.kind;
    const hash = createHmac("sha256", this.salt)
      .update(JSON.stringify([secret, config.headers ?? {}]))
      .digest("hex");
    return `${config.id} ${config.type} ${config.baseUrl} ${hash.slice(0, 16)}`;
  }

  private load(): void {
    if (this.folder === undefined) return;
    try {
      const { salt, lists } = fileSchema.parse(JSON.parse(readFileSync(this.file(this.folder), "utf8")));
      this.salt = salt;
      for (const [key, list] of Object.entries(lists)) this.lists.set(key, list as CachedList);
    } catch {
      // Absent, or from another version: the providers are asked.
    }
  }

  /** A disk that refuses costs the next start a question to the providers, nothing more. */
  private save(): void {
    if (this.folder === undefined || this.handedOver) return;
    const file = this.file(this.folder);
    const content = { version: 1, salt: this.salt, lists: Object.fromEntries(this.lists) };
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, JSON.stringify(content), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (error) {
      this.log.warn(`the models lists could not be written: ${logSafeText(error)}`);
    }
  }

  private file(folder: string): string {
    return join(folder, "models-cache.json");
  }
}
