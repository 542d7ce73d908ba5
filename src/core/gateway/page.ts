/** One page of a list, as Anthropic's lists are asked for: https://platform.claude.com/docs/en/api/models-list */
export interface Page<T> {
  readonly entries: readonly T[];
  /** Whether there are more in the direction that was asked for. */
  readonly hasMore: boolean;
}

/**
 * Anthropic's `limit`, `after_id` and `before_id`. Without a limit, or with one that makes no sense, the page is all
 * there is. After an id that is not there comes nothing, so that a client that pages cannot go round in circles.
 */
export function pageOf<T extends { readonly id: string }>(
  entries: readonly T[],
  query: URLSearchParams,
): Page<T> {
  const given = Number(query.get("limit"));
  const limit = Number.isInteger(given) && given > 0 ? given : entries.length;
  const [after, before] = [query.get("after_id"), query.get("before_id")];
  if (before !== null && after === null) {
    const end = Math.max(
      0,
      entries.findIndex(({ id }) => id === before),
    );
    const start = Math.max(0, end - limit);
    return { entries: entries.slice(start, end), hasMore: start > 0 };
  }
  const at = after === null ? -1 : entries.findIndex(({ id }) => id === after);
  if (after !== null && at < 0) return { entries: [], hasMore: false };
  const end = at + 1 + limit;
  return { entries: entries.slice(at + 1, end), hasMore: end < entries.length };
}
