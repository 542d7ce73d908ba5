import type { AuditFilter } from "../../core/governance/audit/auditEntry";
import type { RequestCursor, RequestPage, RequestQuery } from "../../core/governance/ledgerQuery";
import type { RequestBeginning } from "../../core/governance/openRequest";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { messageOf } from "../common/log";
import { type ActivityFilter, type ActivityStore, NO_ACTIVITY } from "./activityState";

/** What the feed asks the engine that is connected; undefined while none is. None is started for it. */
export interface ActivitySource {
  queryRequests(query: RequestQuery): Promise<RequestPage>;
  findRequest(id: string): Promise<RequestRecord | undefined>;
  runningRequests(): Promise<readonly RequestBeginning[]>;
  search(filter: AuditFilter, limit: number): Promise<readonly string[]>;
}

/** Rows that are asked for at a time. */
const PAGE = 50;
/** More than this the engine does not give at once. */
const AT_ONCE = 1_000;
/** Between two looks while requests run or come, in milliseconds. */
const PAUSE_MS = 1_000;

/** Keeps the Activity view's state up to date while the view is seen. */
export class ActivityFeed {
  private visible = false;
  private wanted = PAGE;
  private filter: ActivityFilter = {};
  private asking: Promise<void> | undefined;
  private again = false;
  private timer: NodeJS.Timeout | undefined;
  private disposed = false;

  /**
   * @param source the connected engine, if there is one
   * @param now milliseconds since the epoch
   */
  constructor(
    private readonly store: ActivityStore,
    private readonly source: () => ActivitySource | undefined,
    private readonly now: () => number,
  ) {}

  setVisible(visible: boolean): void {
    this.visible = visible;
    if (visible) void this.refresh();
    else clearTimeout(this.timer);
  }

  /** The engine's state has changed: something may have passed. */
  engineChanged(): void {
    if (this.visible && this.timer === undefined) void this.refresh();
  }

  /** Resolves when the view shows what fits. */
  async setFilter(filter: ActivityFilter): Promise<void> {
    this.filter = filter;
    this.wanted = PAGE;
    await this.refresh();
  }

  async showMore(): Promise<void> {
    this.wanted += PAGE;
    await this.refresh();
  }

  /** Asks anew; what is being asked already is waited for, and asked once more. */
  async refresh(): Promise<void> {
    if (this.asking) {
      this.again = true;
      return this.asking;
    }
    this.asking = this.work().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.timer);
  }

  private async work(): Promise<void> {
    do {
      this.again = false;
      await this.ask();
    } while (this.again && !this.disposed);
    clearTimeout(this.timer);
    this.timer = undefined;
    // A running request's time goes on without anybody telling of it.
    if (this.visible && !this.disposed && this.store.value.running.length > 0)
      this.timer = setTimeout(() => {
        this.timer = undefined;
        void this.refresh();
      }, PAUSE_MS);
  }

  private async ask(): Promise<void> {
    const source = this.source();
    const { filter } = this;
    if (!source) {
      this.store.update({ ...NO_ACTIVITY, kind: "away", filter });
      return;
    }
    try {
      const [running, page] = await Promise.all([source.runningRequests(), this.page(source, filter)]);
      if (filter !== this.filter) this.again = true;
      else this.store.update({ kind: "known", running, ...page, filter, at: this.now() });
    } catch (error) {
      this.store.update({ ...this.store.value, kind: "known", filter, fault: messageOf(error) });
    }
  }

  private async page(
    source: ActivitySource,
    filter: ActivityFilter,
  ): Promise<Pick<RequestPageView, "requests" | "next">> {
    const { text, outcome, ...rest } = filter;
    if (text !== undefined) {
      const ids = await source.search(
        { text, ...rest, ...(outcome === undefined ? {} : { outcome }) },
        this.wanted,
      );
      const found = await Promise.all(ids.map((id) => source.findRequest(id)));
      const all = found.flatMap((request) => request ?? []);
      const requests = outcome === undefined ? all : all.filter((one) => one.outcome === outcome);
      const last = all.at(-1);
      return { requests, ...(last && ids.length >= this.wanted ? { next: last } : {}) };
    }
    const query = { ...rest, ...(outcome === undefined ? {} : { outcomes: [outcome] }) };
    const requests: RequestRecord[] = [];
    let next: RequestCursor | undefined;
    do {
      const piece: RequestPage = await source.queryRequests({
        filter: query,
        limit: Math.min(this.wanted - requests.length, AT_ONCE),
        ...(next ? { before: next } : {}),
      });
      requests.push(...piece.requests);
      next = piece.next;
    } while (next && requests.length < this.wanted);
    return { requests, ...(next ? { next } : {}) };
  }
}

type RequestPageView = RequestPage;
