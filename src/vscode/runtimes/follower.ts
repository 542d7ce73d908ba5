import type { FindingCode } from "../../core/diagnosis/finding";
import { loopbackOrigin, type RuntimeId } from "../../core/providers/runtimes";
import type { Disposable } from "../common/disposables";
import { type Log, messageOf } from "../common/log";
import type { ProviderTarget } from "../providers/registry";
import { statusOf } from "../render/providerState";
import type { PosternState, UsableEntry } from "../state";
import type { LocalServer } from "./localRuntimes";

/** A runtime that is not there is looked for again at most this often, and only while the window has the focus. */
const LOOK_AGAIN_MS = 30_000;

/** Failures that a runtime has itself, so that it is where it should be. Another one may run at the usual port. */
const ANSWERED: ReadonlySet<FindingCode> = new Set([
  "model_unknown",
  "model_missing",
  "model_not_permitted",
  "wrong_api",
  "cannot_stream",
  "stream_buffered",
  "cannot_call_tools",
  "empty_answer",
  "timed_out",
  "rate_limited",
  "overloaded",
  "provider_failed",
  "request_refused",
  "stopped",
]);

/** What the follower works on. */
export interface FollowerNeeds {
  locate(runtime: RuntimeId, signal: AbortSignal): Promise<LocalServer | undefined>;
  /** The address as it stands in the settings now. */
  addressOf(target: ProviderTarget): unknown;
  changeAddress(target: ProviderTarget, baseUrl: string): Promise<void>;
  /** Milliseconds. */
  now(): number;
  readonly log: Log;
}

/**
 * Follows local runtimes whose port has changed: where a provider that names its runtime does not answer, its program is
 * asked where it is now, and the address in the settings is corrected. It only ever leads to another port of this
 * machine, and a key that is stored for the old one does not go along.
 */
export class RuntimeFollower implements Disposable {
  private readonly lookedAt = new Map<string, number>();
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;

  constructor(private readonly needs: FollowerNeeds) {}

  /** @param focused whether the person is at this window; others leave it to that one */
  follow(state: PosternState, focused: boolean): void {
    clearTimeout(this.timer);
    const missing = state.local.providers.flatMap((entry) =>
      !entry.faulty && entry.runtime !== undefined && isMissing(entry, state) ? [entry] : [],
    );
    if (missing.length === 0 || !focused || this.ending.signal.aborted) return;
    const due = missing.filter(({ id }) => this.waitFor(id) <= 0);
    for (const { id } of due) this.lookedAt.set(id, this.needs.now());
    if (due.length > 0) this.looking = this.look(due);
    const wait = Math.max(1000, Math.min(...missing.map(({ id }) => this.waitFor(id))));
    this.timer = setTimeout(() => this.follow(state, focused), wait);
  }

  /** Resolves when what is being looked for now has been found or not. */
  async settled(): Promise<void> {
    await this.looking;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.ending.abort();
  }

  /** Milliseconds until a provider's runtime may be looked for again. */
  private waitFor(id: string): number {
    const last = this.lookedAt.get(id);
    return last === undefined ? 0 : last + LOOK_AGAIN_MS - this.needs.now();
  }

  private async look(entries: readonly UsableEntry[]): Promise<void> {
    for (const entry of entries) {
      try {
        await this.correct(entry);
      } catch (error) {
        this.needs.log.warn(
          `The runtime of provider "${entry.id}" could not be followed: ${messageOf(error)}`,
        );
      }
    }
  }

  private async correct(entry: UsableEntry): Promise<void> {
    const { runtime, id, index, baseUrl } = entry;
    if (runtime === undefined) return;
    const server = await this.needs.locate(runtime, this.ending.signal);
    if (server?.state !== "running" || this.ending.signal.aborted) return;
    const now = loopbackOrigin(server.baseUrl);
    if (now === undefined || now === loopbackOrigin(baseUrl)) return;
    const target: ProviderTarget = { kind: "provider", id, index };
    // The person, or another window, may have corrected it meanwhile.
    if (this.needs.addressOf(target) !== baseUrl) return;
    await this.needs.changeAddress(target, server.baseUrl);
    this.needs.log.info(`Provider "${id}" has moved to ${now}; its address was corrected.`);
  }
}

/** Whether the engine finds nothing, or something else, at a provider's address. */
function isMissing(entry: UsableEntry, state: PosternState): boolean {
  if (!entry.enabled) return false;
  const status = statusOf(state.engine, entry.id);
  if (status?.finding && ANSWERED.has(status.finding.code)) return false;
  return status?.state === "failing" || (status?.state === "ready" && status.modelsFrom === "unavailable");
}
