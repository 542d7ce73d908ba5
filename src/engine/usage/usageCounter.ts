import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { logSafeText } from "../../core/errors";
import { addRequest, type CountedRequest, emptyDay, localDay } from "../../core/gateway/usageDay";
import type { UsageToday } from "../../core/rpc/contract";
import type { Log } from "../log/log";

const SAVE_AFTER_MS = 1_000;

const savedSchema = z.object({
  day: z.string(),
  requests: z.int().min(0),
  inputTokens: z.number().min(0),
  outputTokens: z.number().min(0),
  unreported: z.int().min(0),
});

/** Counts today's requests and tokens, and keeps the counts over a restart of the engine. */
export class UsageCounter {
  private current: UsageToday;
  private timer: NodeJS.Timeout | undefined;
  private handedOver = false;

  /**
   * @param folder the data folder; undefined keeps the counts in memory only
   */
  constructor(
    private readonly folder: string | undefined,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {
    this.current = this.load() ?? emptyDay(localDay(now()));
  }

  today(): UsageToday {
    const day = localDay(this.now());
    if (this.current.day !== day) this.current = emptyDay(day);
    return this.current;
  }

  add(request: CountedRequest): void {
    this.current = addRequest(this.today(), request);
    if (this.folder === undefined || this.handedOver) return;
    this.timer ??= setTimeout(() => this.save(), SAVE_AFTER_MS);
    this.timer.unref();
  }

  /** Writes what is not written yet; a disk that refuses costs the counts, never a request. */
  save(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.folder === undefined || this.handedOver) return;
    const file = this.file(this.folder);
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, JSON.stringify(this.today()), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (error) {
      this.log.warn(`today's counts could not be written: ${logSafeText(error)}`);
    }
  }

  /** Writes a last time: from now on the file belongs to the engine that takes over. */
  handOver(): void {
    this.save();
    this.handedOver = true;
  }

  private load(): UsageToday | undefined {
    if (this.folder === undefined) return undefined;
    try {
      return savedSchema.parse(JSON.parse(readFileSync(this.file(this.folder), "utf8")));
    } catch {
      return undefined;
    }
  }

  private file(folder: string): string {
    return join(folder, "usage-today.json");
  }
}
