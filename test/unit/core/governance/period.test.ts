import { afterEach, describe, expect, it } from "vitest";
import { localDay, type Period, periodRange, startOfLocalDay } from "../../../../src/core/governance/period";
import { QUARTER_MS } from "../../../../src/core/governance/tally";

const zone = process.env.TZ;
afterEach(() => {
  // Assigning undefined would make it the text "undefined".
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const HOUR = 60 * 60_000;
const at = (utc: string) => Date.parse(utc);

/** A period's two ends in UTC, and its length in hours. */
function range(period: Period, utc: string): [from: string, until: string, hours: number] {
  const { from, until } = periodRange(period, at(utc));
  const text = (moment: number) => new Date(moment).toISOString().slice(0, 16);
  return [text(from), text(until), (until - from) / HOUR];
}

describe("a local day", () => {
  it.each<[name: string, zone: string, now: string, from: string, until: string, hours: number]>([
    ["in UTC", "UTC", "2026-07-01T12:00Z", "2026-07-01T00:00", "2026-07-02T00:00", 24],
    ["east of UTC", "Asia/Kolkata", "2026-07-01T20:00Z", "2026-07-01T18:30", "2026-07-02T18:30", 24],
    ["at a quarter", "Asia/Kathmandu", "2026-07-01T18:14Z", "2026-06-30T18:15", "2026-07-01T18:15", 24],
    ["a day ahead", "Pacific/Kiritimati", "2026-07-01T10:00Z", "2026-07-01T10:00", "2026-07-02T10:00", 24],
    ["of 23 hours", "Europe/Berlin", "2026-03-29T12:00Z", "2026-03-28T23:00", "2026-03-29T22:00", 23],
    ["of 25 hours", "Europe/Berlin", "2026-10-25T12:00Z", "2026-10-24T22:00", "2026-10-25T23:00", 25],
    ["of 23 hours", "America/New_York", "2026-03-08T15:00Z", "2026-03-08T05:00", "2026-03-09T04:00", 23],
    ["of 25 hours", "America/New_York", "2026-11-01T15:00Z", "2026-11-01T04:00", "2026-11-02T05:00", 25],
    [
      "of 23.5 hours",
      "Australia/Lord_Howe",
      "2026-10-04T01:00Z",
      "2026-10-03T13:30",
      "2026-10-04T13:00",
      23.5,
    ],
    ["that begins at 1:00", "Africa/Cairo", "2026-04-24T12:00Z", "2026-04-23T22:00", "2026-04-24T21:00", 23],
    [
      "whose hour 23 comes twice",
      "Africa/Cairo",
      "2026-10-29T12:00Z",
      "2026-10-28T21:00",
      "2026-10-29T22:00",
      25,
    ],
    [
      "whose hour 0 comes twice",
      "America/Havana",
      "2026-11-01T12:00Z",
      "2026-11-01T04:00",
      "2026-11-02T05:00",
      25,
    ],
  ])("%s, %s", (_, tz, now, from, until, hours) => {
    process.env.TZ = tz;
    expect(range("day", now)).toEqual([from, until, hours]);
  });

  it("that was left out altogether is no day", () => {
    process.env.TZ = "Pacific/Apia";
    // Samoa went from the 29th of December 2011 to the 31st.
    expect(range("day", "2011-12-30T09:59Z")).toEqual(["2011-12-29T10:00", "2011-12-30T10:00", 24]);
    expect(range("day", "2011-12-30T10:00Z")).toEqual(["2011-12-30T10:00", "2011-12-31T10:00", 24]);
    expect(startOfLocalDay("2011-12-30")).toBeUndefined();
  });
});

describe("a calendar period", () => {
  it.each<[period: Period, zone: string, now: string, from: string, until: string, hours: number]>([
    // The 1st of July 2026 is a Wednesday.
    ["week", "UTC", "2026-07-01T12:00Z", "2026-06-29T00:00", "2026-07-06T00:00", 168],
    ["week", "UTC", "2026-07-05T23:59Z", "2026-06-29T00:00", "2026-07-06T00:00", 168],
    ["week", "UTC", "2026-07-06T00:00Z", "2026-07-06T00:00", "2026-07-13T00:00", 168],
    ["week", "Europe/Berlin", "2026-03-29T20:00Z", "2026-03-22T23:00", "2026-03-29T22:00", 167],
    ["week", "Europe/Berlin", "2026-10-25T20:00Z", "2026-10-18T22:00", "2026-10-25T23:00", 169],
    // A week over the turn of the year
    ["week", "UTC", "2027-01-01T00:00Z", "2026-12-28T00:00", "2027-01-04T00:00", 168],
    ["month", "UTC", "2028-02-29T12:00Z", "2028-02-01T00:00", "2028-03-01T00:00", 29 * 24],
    ["month", "UTC", "2026-12-31T23:59Z", "2026-12-01T00:00", "2027-01-01T00:00", 31 * 24],
    ["month", "Europe/Berlin", "2026-03-31T21:59Z", "2026-02-28T23:00", "2026-03-31T22:00", 31 * 24 - 1],
    ["month", "Asia/Kolkata", "2026-06-30T18:30Z", "2026-06-30T18:30", "2026-07-31T18:30", 31 * 24],
    ["hour", "Asia/Kolkata", "2026-07-01T12:29Z", "2026-07-01T11:30", "2026-07-01T12:30", 1],
    // The hour that comes twice is two hours: 2:30 in summer time, and again in winter time.
    ["hour", "Europe/Berlin", "2026-10-25T00:30Z", "2026-10-25T00:00", "2026-10-25T01:00", 1],
    ["hour", "Europe/Berlin", "2026-10-25T01:30Z", "2026-10-25T01:00", "2026-10-25T02:00", 1],
    ["minute", "UTC", "2026-07-01T12:29:59.999Z", "2026-07-01T12:29", "2026-07-01T12:30", 1 / 60],
  ])("%s in %s at %s", (period, tz, now, from, until, hours) => {
    process.env.TZ = tz;
    expect(range(period, now)).toEqual([from, until, hours]);
  });
});

describe("every period", () => {
  const zones = ["UTC", "Europe/Berlin", "America/Santiago", "Asia/Kathmandu", "Africa/Cairo", "Asia/Beirut"];

  it.each(zones)("has the moment in it, and the next one begins where it ends, all year in %s", (tz) => {
    process.env.TZ = tz;
    for (const period of ["day", "week", "month"] as const) {
      let moment = at("2026-01-01T12:00Z");
      while (moment < at("2027-01-01T12:00Z")) {
        const { from, until } = periodRange(period, moment);
        expect(from).toBeLessThanOrEqual(moment);
        expect(until).toBeGreaterThan(moment);
        expect(periodRange(period, from)).toEqual({ from, until });
        expect(periodRange(period, until - 1)).toEqual({ from, until });
        expect(periodRange(period, until).from).toBe(until);
        // The ledger's totals are kept by quarters of an hour.
        expect(from % QUARTER_MS).toBe(0);
        moment = until + 11 * HOUR;
      }
    }
  });

  it("is the earlier one again where the clock was set back over its beginning", () => {
    process.env.TZ = "UTC";
    const before = periodRange("day", at("2026-07-02T00:00:01Z"));
    const after = periodRange("day", at("2026-07-01T23:59:58Z"));
    expect(after.until).toBe(before.from);
  });
});

describe("a date", () => {
  it.each(["2026-02-30", "2026-13-01", "26-01-01", "", "2026-01-01T00:00"])("%j is none", (text) => {
    expect(startOfLocalDay(text)).toBeUndefined();
  });

  it("leads to its first moment and back", () => {
    process.env.TZ = "Africa/Cairo";
    expect(startOfLocalDay("2026-04-24")).toBe(at("2026-04-23T22:00Z"));
    expect(localDay(at("2026-04-23T22:00Z"))).toBe("2026-04-24");
    expect(localDay(at("2026-04-23T21:59:59Z"))).toBe("2026-04-23");
  });
});
