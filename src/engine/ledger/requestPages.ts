import type { SQLInputValue } from "node:sqlite";
import type { RequestCursor, RequestFilter } from "../../core/governance/ledgerQuery";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { type LedgerStore, SELECT_REQUESTS } from "./ledgerStore";
import { recordOf } from "./rows";

/** In front of the latest request. */
export const START: RequestCursor = { startedAt: Number.MAX_SAFE_INTEGER, id: "" };

/** How many rows one piece looks through: a few milliseconds. */
const LOOKED_AT = 5_000;

/** The requests of one piece of the ledger that match, and where the next piece begins. */
export interface Piece {
  readonly records: readonly RequestRecord[];
  readonly next?: RequestCursor;
}

/** Looks through a bounded piece of the ledger, the latest first, for at most `limit` requests that match. */
export function requestsFrom(
  store: LedgerStore,
  filter: RequestFilter,
  before: RequestCursor,
  limit: number,
): Piece {
  const earliest = Math.max(filter.range?.from ?? 0, 0);
  const latest = Math.min(
    // Behind a whole millisecond, or behind a request within one: either way each piece comes further.
    before.id === "" ? before.startedAt - 1 : before.startedAt,
    (filter.range?.until ?? Number.MAX_SAFE_INTEGER) - 1,
  );
  const end = store.all(
    "SELECT started_at FROM requests WHERE started_at <= ? AND started_at >= ? ORDER BY started_at DESC LIMIT 1 OFFSET ?",
    latest,
    earliest,
    LOOKED_AT,
  )[0]?.started_at;
  const lowest = end === undefined ? earliest : Number(end);
  const { conditions, values } = conditionsOf(filter);
  const rows = store.all(
    `${SELECT_REQUESTS} WHERE started_at >= ? AND started_at <= ? AND (started_at < ? OR requests.id < ?)${conditions}
     ORDER BY started_at DESC, requests.id DESC LIMIT ?`,
    lowest,
    latest,
    before.startedAt,
    before.id,
    ...values,
    limit,
  );
  const records = rows.map(recordOf);
  if (records.length === limit || end === undefined) return { records };
  return { records, next: { startedAt: lowest, id: "" } };
}

function conditionsOf(filter: RequestFilter): { conditions: string; values: SQLInputValue[] } {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (condition: string, ...more: (string | undefined)[]) => {
    if (more.some((value) => value === undefined)) return;
    parts.push(` AND ${condition}`);
    values.push(...(more as string[]));
  };
  const caller = (condition: string) => `caller IN (SELECT id FROM callers WHERE ${condition})`;
  add("provider = ?", filter.provider);
  add("model = ?", filter.model);
  add("tool = ?", filter.tool);
  add("task = ?", filter.task);
  add(caller("kind = 'gatewayKey' AND name = ?"), filter.gatewayKey);
  add(caller("kind = 'vscode' AND name = ?"), filter.extension);
  add(caller("folder = ?"), filter.workspace);
  add(
    caller(
      "EXISTS (SELECT 1 FROM json_each(callers.identity, '$.labels') AS label WHERE label.key || '=' || label.value = ?)",
    ),
    filter.label,
  );
  if (filter.outcomes) add("outcome IN (SELECT value FROM json_each(?))", JSON.stringify(filter.outcomes));
  return { conditions: parts.join(""), values };
}
