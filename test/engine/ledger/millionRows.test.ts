import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALL_TIME, periodRange } from "../../../src/core/governance/period";
import { EVERYTHING } from "../../../src/core/governance/spend";
import type { Ledger } from "../../../src/engine/ledger/ledger";
import { SELECT_BREAKDOWN, SELECT_TOTALS } from "../../../src/engine/ledger/ledgerStore";
import { Ledgers } from "../../support/ledgers";
import { record } from "../../support/records";

const ROWS = 1_000_000;
const DAYS = 400;
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 6, 1, 12);

const ledgers = new Ledgers();
let ledger: Ledger;

/** A million requests over 400 days up to now, each of a micro-dollar, with the totals that they add up to. */
beforeAll(() => {
  ledger = ledgers.open(ledgers.newFolder(), { now: () => NOW });
  ledger.append(record({ startedAt: NOW }));
  ledger.flush();
  ledger.onDatabase((database) => {
    database.exec("BEGIN");
    database.exec(`
      DELETE FROM requests; DELETE FROM totals;
      WITH RECURSIVE counter (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counter WHERE n < ${ROWS - 1})
      INSERT INTO requests (id, started_at, duration_ms, caller, operation, protocol_in, model_asked, provider, model,
        status, outcome, micro_usd, cost_basis, price_source)
      SELECT printf('old_%024x', n), ${NOW} - n * (${DAYS} * ${DAY} / ${ROWS}), 1, 1, 'chat', 'chat', 'small',
        'openai', 'gpt-' || (n % 6), 200, 'answered', 1, 'reported', 'config' FROM counter;`);
    for (const [span, length] of [
      [0, 900_000],
      [1, DAY],
    ])
      for (const [scope, name] of [
        ["all", "''"],
        ["provider", "provider"],
        ["model", "provider || '/' || model"],
      ])
        database.exec(`
          INSERT INTO totals SELECT ${span}, '${scope}', started_at / ${length} * ${length}, ${name},
            count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, sum(micro_usd), 0, 0, 0
          FROM requests GROUP BY 3, 4`);
    database.exec("COMMIT");
  });
}, 180_000);
afterAll(() => {
  ledgers.closeAll();
  ledgers.remove();
});

/** How SQLite goes about a statement: one line a step. */
function plan(sql: string): string[] {
  const steps = ledger.onDatabase((database) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()) ?? [];
  return steps.map(({ detail }) => String(detail));
}

describe("with a million rows", () => {
  it("today's totals are found by the primary key, and right", () => {
    for (const sql of [SELECT_TOTALS, SELECT_BREAKDOWN]) {
      const steps = plan(sql.replaceAll("?", "1"));
      expect(steps.filter((step) => step.startsWith("SCAN totals"))).toEqual([]);
      expect(
        steps.filter((step) => step.includes("PRIMARY KEY (span=? AND scope=? AND start>? AND start<?)")),
      ).toHaveLength(3);
    }
    const { from, until } = periodRange("day", NOW);
    const rows = ledger.onDatabase((database) =>
      database
        .prepare("SELECT count(*) AS n FROM requests WHERE started_at >= ? AND started_at < ?")
        .get(from, until),
    );
    expect(ledger.usageToday().requests).toBe(rows?.n);
    expect(ledger.usageToday().cost?.microUsd).toBe(rows?.n);
    expect(ledger.totals(EVERYTHING, ALL_TIME).microUsd).toBe(ROWS);
    const byModel = ledger.breakdown("model", ALL_TIME);
    expect([...byModel.values()].reduce((sum, { requests }) => sum + requests, 0)).toBe(ROWS);
  });

  it("a page is found by the index, and a search through everything lets others have their turn", async () => {
    const page = await ledger.requests({ limit: 50 });
    expect(page.requests.map(({ startedAt }) => startedAt)).toEqual(
      Array.from({ length: 50 }, (_, n) => NOW - n * ((DAYS * DAY) / ROWS)),
    );
    let turns = 0;
    let searching = true;
    const count = () => {
      turns += 1;
      if (searching) setImmediate(count);
    };
    setImmediate(count);
    const oldest = await ledger.requests({
      limit: 2,
      filter: { model: "gpt-3", range: { from: 0, until: NOW - (DAYS - 1) * DAY } },
    });
    expect(oldest.requests).toHaveLength(2);
    expect((await ledger.requests({ limit: 2, filter: { provider: "none" } })).requests).toEqual([]);
    searching = false;
    expect(turns).toBeGreaterThan(ROWS / 10_000);
    const steps = plan("SELECT seq FROM requests WHERE started_at < 1 ORDER BY started_at LIMIT 1");
    expect(steps.join()).toContain("requests_by_time");
  });

  it("a new row finds its place, and one row is found by its id", () => {
    const one = record({ startedAt: NOW });
    ledger.append(one);
    ledger.flush();
    expect(ledger.request(one.id)).toEqual(one);
    expect(plan("SELECT * FROM requests WHERE id = 'x'").join()).toMatch(/SEARCH requests USING INDEX/);
    expect(ledger.totals(EVERYTHING, ALL_TIME).requests).toBe(ROWS + 1);
  });
});
