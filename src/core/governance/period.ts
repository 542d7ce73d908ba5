/** How long a budget lasts. All but `total` begin and end by the local clock and calendar. */
export type Period = "minute" | "hour" | "day" | "week" | "month" | "total";

/** A stretch of time in milliseconds since the epoch; `until` is no longer part of it. */
export interface TimeRange {
  readonly from: number;
  readonly until: number;
}

/** All there ever was, and will be. */
export const ALL_TIME: TimeRange = { from: 0, until: 8_640_000_000_000_000 };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The period that a moment lies in. Days, weeks (from Monday) and months begin at the first moment of a local day,
 * so that a day has 23 or 25 hours where clocks are changed, and begins at 1:00 where midnight is left out. Nothing
 * is remembered: after the clock or the time zone was changed, the new one's periods count.
 * @param now milliseconds since the epoch
 */
export function periodRange(period: Period, now: number): TimeRange {
  const moment = new Date(now);
  const year = moment.getFullYear();
  const month = moment.getMonth();
  const day = moment.getDate();
  switch (period) {
    case "total":
      return ALL_TIME;
    case "minute":
      return lasting(now - (moment.getSeconds() * 1000 + moment.getMilliseconds()), MINUTE_MS);
    case "hour":
      // By what has gone by, not by name: where the clock is set back an hour comes twice and is two hours.
      return lasting(
        now - (moment.getMinutes() * MINUTE_MS + moment.getSeconds() * 1000 + moment.getMilliseconds()),
        HOUR_MS,
      );
    case "day":
      return between(new Date(year, month, day), new Date(year, month, day + 1));
    case "week": {
      const monday = day - ((moment.getDay() + 6) % 7);
      return between(new Date(year, month, monday), new Date(year, month, monday + 7));
    }
    case "month":
      return between(new Date(year, month, 1), new Date(year, month + 1, 1));
  }
}

/** The local date of a moment, as YYYY-MM-DD. */
export function localDay(now: number): string {
  const moment = new Date(now);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/** The first moment of a local date; undefined if the text is none. */
export function startOfLocalDay(day: string): number | undefined {
  const [year, month, date] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? []).slice(1).map(Number);
  if (year === undefined || month === undefined || date === undefined) return undefined;
  const moment = new Date(year, month - 1, date).getTime();
  return localDay(moment) === day ? moment : undefined;
}

function lasting(from: number, length: number): TimeRange {
  return { from, until: from + length };
}

function between(from: Date, until: Date): TimeRange {
  return { from: from.getTime(), until: until.getTime() };
}
