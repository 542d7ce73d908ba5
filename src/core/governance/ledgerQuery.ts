import type { TimeRange } from "./period";
import type { RequestOutcome, RequestRecord } from "./requestRecord";

/** Which requests are wanted; what is left out does not matter. */
export interface RequestFilter {
  readonly range?: TimeRange;
  readonly provider?: string;
  /** The target's model. */
  readonly model?: string;
  readonly gatewayKey?: string;
  readonly extension?: string;
  /** Folder of the workspace. */
  readonly workspace?: string;
  /** `label=value` */
  readonly label?: string;
  readonly tool?: string;
  readonly task?: string;
  readonly outcomes?: readonly RequestOutcome[];
}

/** From where to read on: behind the request that began then and has this id. */
export interface RequestCursor {
  readonly startedAt: number;
  readonly id: string;
}

export interface RequestQuery {
  readonly filter?: RequestFilter;
  readonly before?: RequestCursor;
  /** At most this many, 1 to 1000. */
  readonly limit: number;
}

/** Requests, the latest to begin first. */
export interface RequestPage {
  readonly requests: readonly RequestRecord[];
  /** Where the next page begins; absent where there is none. */
  readonly next?: RequestCursor;
}

/** Whether a request is one of those that are wanted. */
export function matchesFilter(record: RequestRecord, filter: RequestFilter): boolean {
  const { caller, startedAt } = record;
  const wanted = (want: string | undefined, is: string | undefined) => want === undefined || want === is;
  const keyed = caller.kind === "gatewayKey";
  return (
    (filter.range === undefined || (startedAt >= filter.range.from && startedAt < filter.range.until)) &&
    wanted(filter.provider, record.provider) &&
    wanted(filter.model, record.model) &&
    wanted(filter.gatewayKey, keyed ? caller.name : undefined) &&
    wanted(filter.extension, keyed ? undefined : caller.name) &&
    wanted(filter.workspace, caller.workspace?.folder) &&
    wanted(filter.tool, record.tool) &&
    wanted(filter.task, record.task) &&
    (filter.label === undefined ||
      Object.entries(caller.labels).some(([name, value]) => `${name}=${value}` === filter.label)) &&
    (filter.outcomes === undefined || filter.outcomes.includes(record.outcome))
  );
}

/** The latest to begin comes first; of two that began together, the one with the greater id. */
export function latestFirst(one: RequestCursor, other: RequestCursor): number {
  return other.startedAt - one.startedAt || (one.id < other.id ? 1 : one.id > other.id ? -1 : 0);
}
