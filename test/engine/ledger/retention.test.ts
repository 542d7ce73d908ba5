import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ALL_TIME, periodRange } from "../../../src/core/governance/period";
import { EVERYTHING } from "../../../src/core/governance/spend";
import type { Ledger } from "../../../src/engine/ledger/ledger";
import { Ledgers } from "../../support/ledgers";
import { openRequest, record } from "../../support/records";

const DAY = 86_400_000;
const ledgers = new Ledgers();
afterEach(() => ledgers.closeAll());
afterAll(() => ledgers.remove());

const rows = (ledger: Ledger) =>
  ledger.onDatabase((database) => database.prepare("SELECT count(*) AS count FROM requests").get()?.count);
const pages = (ledger: Ledger, name: "page_count" | "freelist_count") =>
  Number(ledger.onDatabase((database) => database.prepare(`PRAGMA ${name}`).get()?.[name]));

describe("what is kept", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 6, 1, 12) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const minutes = (count: number) => vi.advanceTimersByTime(count * 60_000);

  function filled(count: number, ages: (index: number) => number): Ledger {
    const ledger = ledgers.open(ledgers.newFolder());
    for (let index = 0; index < count; index += 1)
      ledger.append(record({ startedAt: Date.now() - ages(index), modelAsked: "m".repeat(200) }));
    ledger.flush();
    return ledger;
  }

  it("is as many days as were asked for, to the millisecond; what was spent is known for ever", () => {
    const ledger = filled(3_000, (index) => (index < 2_000 ? 31 * DAY + index : index));
    ledger.append(record({ startedAt: Date.now() - 30 * DAY + 5 * 60_000 }));
    ledger.append(record({ startedAt: Date.now() - 30 * DAY - 1 }));
    ledger.flush();
    ledger.configure({ retentionDays: 30, maxMb: 200 });
    const before = ledger.totals(EVERYTHING, ALL_TIME);
    const month = ledger.totals(EVERYTHING, periodRange("month", Date.now() - 31 * DAY));
    minutes(3);
    expect(rows(ledger)).toBe(1_001);
    expect(ledger.totals(EVERYTHING, ALL_TIME)).toEqual(before);
    expect(ledger.totals(EVERYTHING, periodRange("month", Date.now() - 31 * DAY))).toEqual(month);
    expect(ledger.totals(EVERYTHING, periodRange("day", Date.now())).requests).toBe(1_000);
  });

  it.each(["America/New_York", "Asia/Kolkata", "Pacific/Auckland"])(
    "of this month is not less in %s when its first day's requests are gone: budgets are measured by it",
    (tz) => {
      const zone = process.env.TZ;
      try {
        process.env.TZ = tz;
        const begin = new Date(2026, 6, 1).getTime();
        vi.setSystemTime(begin + 20 * DAY);
        const ledger = ledgers.open(ledgers.newFolder());
        for (let hour = 0; hour < 48; hour += 1)
          ledger.append(record({ startedAt: begin + hour * 3_600_000 }));
        ledger.flush();
        ledger.configure({ retentionDays: 7, maxMb: 200 });
        minutes(3);
        expect(rows(ledger)).toBe(0);
        expect(ledger.totals(EVERYTHING, periodRange("month", Date.now())).requests).toBe(48);
      } finally {
        if (zone === undefined) delete process.env.TZ;
        else process.env.TZ = zone;
      }
    },
  );

  it("is as many megabytes as were asked for, the oldest go first, and the file grows smaller", () => {
    // Less than the smallest that can be asked for in the settings, so that the test is short.
    const ledger = filled(20_000, (index) => index);
    const size = pages(ledger, "page_count");
    ledger.configure({ retentionDays: 400, maxMb: 4 });
    minutes(5);
    const used = pages(ledger, "page_count") - pages(ledger, "freelist_count");
    expect(used * 4096).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(used * 4096).toBeGreaterThan(3 * 1024 * 1024);
    expect(pages(ledger, "page_count")).toBeLessThan(size);
    const oldest = ledger.onDatabase(
      (database) => database.prepare("SELECT min(started_at) AS oldest FROM requests").get()?.oldest,
    );
    expect(Number(oldest)).toBe(Date.UTC(2026, 6, 1, 12) - Number(rows(ledger)) + 1);
    expect(ledger.totals(EVERYTHING, ALL_TIME).requests).toBe(20_000);
  });

  it("is not looked after while a request is running", () => {
    const ledger = filled(10, () => 31 * DAY);
    ledger.configure({ retentionDays: 30, maxMb: 200 });
    ledger.opened(openRequest(0, { id: "running" }));
    minutes(3);
    expect(rows(ledger)).toBe(10);
    ledger.append(record({ id: "running", startedAt: Date.now() }));
    minutes(3);
    expect(rows(ledger)).toBe(1);
  });

  it("is looked after all the same where requests are running all day", () => {
    const ledger = filled(10, () => 31 * DAY);
    ledger.configure({ retentionDays: 30, maxMb: 200 });
    ledger.opened(openRequest(0, { id: "running" }));
    minutes(59);
    expect(rows(ledger)).toBe(10);
    minutes(5);
    expect(rows(ledger)).toBe(0);
  });

  it("leaves the write-ahead log empty when nothing happens", () => {
    const folder = ledgers.newFolder();
    const ledger = ledgers.open(folder);
    for (let index = 0; index < 1_000; index += 1) ledger.append(record());
    ledger.flush();
    expect(statSync(join(folder, "ledger.sqlite-wal")).size).toBeGreaterThan(0);
    minutes(2);
    expect(statSync(join(folder, "ledger.sqlite-wal")).size).toBe(0);
  });
});

describe("the counts that an earlier version kept", () => {
  const counts = { requests: 7, inputTokens: 70, outputTokens: 35, unreported: 2 };

  function folderWith(text: string): { folder: string; file: string } {
    const folder = ledgers.newFolder();
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "usage-today.json");
    writeFileSync(file, text);
    return { folder, file };
  }

  it("are taken over once, and their file goes", () => {
    const now = new Date(2026, 6, 1, 15).getTime();
    const text = JSON.stringify({ day: "2026-07-01", ...counts });
    const { folder, file } = folderWith(text);
    const ledger = ledgers.open(folder, { now: () => now });
    expect(ledger.usageToday()).toMatchObject({ day: "2026-07-01", ...counts });
    expect(existsSync(file)).toBe(false);
    ledger.append(record({ startedAt: now }));
    expect(ledger.usageToday()).toMatchObject({ requests: 8, inputTokens: 80 });
    // As if the engine had been killed before the file was deleted.
    ledgers.close(ledger);
    writeFileSync(file, text);
    const again = ledgers.open(folder, { now: () => now });
    expect(again.usageToday().requests).toBe(8);
    expect(existsSync(file)).toBe(false);
  });

  it("count for the day they are of", () => {
    const { folder } = folderWith(JSON.stringify({ day: "2026-06-30", ...counts }));
    const ledger = ledgers.open(folder, { now: () => new Date(2026, 6, 1).getTime() });
    expect(ledger.usageToday().requests).toBe(0);
    expect(ledger.totals(EVERYTHING, ALL_TIME).requests).toBe(7);
  });

  it.each([
    "",
    "nonsense",
    "[]",
    '{"day":"2026-07-01"}',
    '{"day":"2026-02-31","requests":1,"inputTokens":0,"outputTokens":0,"unreported":0}',
    '{"day":"2026-07-01","requests":-1,"inputTokens":0,"outputTokens":0,"unreported":0}',
  ])("are nothing where the file holds %j", (text) => {
    const { folder, file } = folderWith(text);
    const ledger = ledgers.open(folder);
    expect(ledger.totals(EVERYTHING, ALL_TIME).requests).toBe(0);
    expect(ledger.status()).toMatchObject({ kept: "disk", notices: [] });
    expect(existsSync(file)).toBe(false);
  });
});
