import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { ALL_TIME } from "../../../src/core/governance/period";
import { EVERYTHING } from "../../../src/core/governance/spend";
import { setAside } from "../../../src/engine/ledger/database";
import { Journal } from "../../../src/engine/ledger/journal";
import type { Ledger } from "../../../src/engine/ledger/ledger";
import { KEPT_ROWS } from "../../../src/engine/ledger/ledgerBuffer";
import { EngineLog } from "../../../src/engine/log/log";
import { Clock, Ledgers } from "../../support/ledgers";
import { record } from "../../support/records";

const ledgers = new Ledgers();
afterEach(() => {
  ledgers.closeAll();
  vi.restoreAllMocks();
});
afterAll(() => ledgers.remove());

const requests = (ledger: Ledger) => ledger.totals(EVERYTHING, ALL_TIME).requests;
const notices = (ledger: Ledger) => ledger.status().notices.map(({ kind }) => kind);
const asideIn = (folder: string) => readdirSync(folder).filter((name) => name.includes("damaged"));

/** A ledger that has been used and closed. */
function used(rows: number): string {
  const folder = ledgers.newFolder();
  const ledger = ledgers.open(folder);
  for (let index = 0; index < rows; index += 1) ledger.append(record());
  ledgers.close(ledger);
  return folder;
}

function overwrite(file: string, offset: number, bytes: number): void {
  const handle = openSync(file, "r+");
  writeSync(handle, Buffer.alloc(bytes, 0x5a), 0, bytes, offset);
  closeSync(handle);
}

describe("a damaged file", () => {
  it.each<[string, (file: string) => void]>([
    [
      "that is none of SQLite's",
      (file) => writeFileSync(file, "this is no database, however long it may be"),
    ],
    ["whose beginning is gone", (file) => overwrite(file, 0, 200)],
    ["that was cut off", (file) => truncateSync(file, 4096 * 3 + 17)],
    ["with nonsense in the middle", (file) => overwrite(file, Math.floor(statSync(file).size / 2), 40_000)],
    ["with nonsense in every table", (file) => overwrite(file, 4096, statSync(file).size - 4096)],
  ])("is set aside, and a new one is begun: one %s", (_, damage) => {
    const folder = used(400);
    const file = join(folder, "ledger.sqlite");
    damage(file);
    const damaged = readFileSync(file);
    const log = new EngineLog(Date.now);
    const ledger = ledgers.open(folder, { log });
    expect(notices(ledger)).toEqual(["damaged"]);
    const [name = ""] = asideIn(folder);
    expect(name).toMatch(/^ledger\.damaged-\d{4}-\d\d-\d\dT[\d-]+Z\.sqlite$/);
    expect(readFileSync(join(folder, name))).toEqual(damaged);
    expect(ledger.status().notices[0]?.message).toContain(name);
    expect(log.recent().filter(({ level }) => level === "warn")).toHaveLength(1);
    const one = record();
    ledger.append(one);
    const again = ledgers.reopen(ledger, folder);
    expect(again.request(one.id)).toEqual(one);
    expect(requests(again)).toBe(1);
    expect(notices(again)).toEqual([]);
  });

  it("is set aside while the engine runs, too, and nothing that is to come is lost", async () => {
    const folder = used(400);
    const ledger = ledgers.open(folder);
    expect(requests(ledger)).toBe(400);
    ledger.opened({ record: record({ id: "running" }), sent: true });
    ledger.flush();
    // Past the page cache, as a failing disk would do it, and past the log, so that the file is what counts.
    ledger.onDatabase((database) => database.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA shrink_memory"));
    const file = join(folder, "ledger.sqlite");
    overwrite(file, 4096, statSync(file).size - 4096);
    const one = record();
    ledger.append(one);
    ledger.flush();
    await expect.poll(() => notices(ledger)).toEqual(["damaged"]);
    ledger.flush();
    expect(ledger.request(one.id)).toEqual(one);
    const open = ledger.onDatabase((database) => database.prepare("SELECT id FROM open_requests").all());
    expect(open).toEqual([{ id: "running" }]);
    expect(asideIn(folder)).not.toEqual([]);
  });

  it("takes its log with it, which must never be put into the new one", () => {
    const folder = ledgers.newFolder();
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "ledger.sqlite");
    for (const suffix of ["", "-wal", "-shm"]) writeFileSync(file + suffix, `old${suffix}`);
    const name = setAside(file, Date.UTC(2026, 6, 1));
    expect(readdirSync(folder).sort()).toEqual([name, `${name}-shm`, `${name}-wal`]);
    expect(readFileSync(join(folder, `${name}-wal`), "utf8")).toBe("old-wal");
  });
});

describe("a folder that cannot be written", () => {
  it("costs nothing but the disk: what happens is kept, told, and written when it can be", async () => {
    const folder = ledgers.newFolder();
    // A file where the folder should be: this holds for root too.
    mkdirSync(join(folder, ".."), { recursive: true });
    writeFileSync(folder, "");
    const clock = new Clock(Date.now());
    const log = new EngineLog(clock.read);
    const ledger = ledgers.open(folder, { now: clock.read, log });
    const one = record({ startedAt: clock.now });
    ledger.append(one);
    ledger.flush();
    const held = { requests: 1, inputTokens: 1, outputTokens: 1, microUsd: 5, premiumMilli: 0 };
    const running = record({ id: "running", startedAt: clock.now });
    ledger.transaction((spend) => spend.hold({ record: running, held, sent: true }));
    expect(ledger.status()).toMatchObject({ kept: "memory", notices: [{ kind: "unwritable" }] });
    expect(ledger.status().notices[0]?.message).toContain("requests go on");
    expect(ledger.request(one.id)).toEqual(one);
    expect(ledger.usageToday()).toMatchObject({ requests: 1, inputTokens: 10 });
    expect(ledger.held(EVERYTHING, ALL_TIME).microUsd).toBe(5);
    rmSync(folder);
    ledger.flush();
    expect(ledger.status().kept).toBe("memory");
    clock.now += 6_000;
    ledger.flush();
    expect(ledger.status()).toEqual({ kept: "disk", unwritten: 0, lost: 0, notices: [] });
    const again = ledgers.reopen(ledger, folder);
    expect(again.request(one.id)).toEqual(one);
    // Told once, and once that it is over; not at each try.
    const said = log.recent().map(({ level, message }) => `${level} ${message.split(" (")[0]}`);
    expect(said).toEqual(["warn The ledger cannot be written", "info the ledger can be written again"]);
  });

  it.each(["append", "transaction"] as const)(
    "is a full disk, found by %s, and has room again later",
    (how) => {
      const clock = new Clock(Date.now());
      const folder = ledgers.newFolder();
      const ledger = ledgers.open(folder, { now: clock.read });
      ledger.append(record());
      ledger.flush();
      // SQLite's own "database or disk is full", as long as this connection lasts.
      ledger.onDatabase((database) => database.exec("PRAGMA max_page_count = 1"));
      const long = "x".repeat(500_000);
      if (how === "append") ledger.append(record({ modelAsked: long }));
      else {
        const given = ledger.transaction((spend) => {
          spend.hold({ record: record({ id: "held", modelAsked: long }), sent: true });
          return "given";
        });
        expect(given).toBe("given");
      }
      ledger.flush();
      expect(ledger.status().notices).toMatchObject([
        { kind: "unwritable", message: expect.stringContaining("full") },
      ]);
      for (let index = 0; index < 500; index += 1) ledger.append(record());
      expect(requests(ledger)).toBe(how === "append" ? 502 : 501);
      // At the second failure the connection is given up; the third try has a new one, and room.
      for (let tries = 0; tries < 3; tries += 1) {
        clock.now += 6_000;
        ledger.flush();
      }
      expect(ledger.status()).toEqual({ kept: "disk", unwritten: 0, lost: 0, notices: [] });
      expect(requests(ledger)).toBe(how === "append" ? 502 : 501);
      // What was held is settled by whoever opens the ledger next.
      expect(requests(ledgers.reopen(ledger, folder))).toBe(502);
    },
  );

  it("keeps a bounded number of rows, and every one of them in the sums", () => {
    const ledger = ledgers.open(undefined);
    for (let index = 0; index < KEPT_ROWS * 2.5; index += 1) ledger.append(record());
    expect(requests(ledger)).toBe(KEPT_ROWS * 2.5);
    expect(ledger.status().lost).toBeGreaterThanOrEqual(KEPT_ROWS * 1.4);
  });
});

describe("a file that something else has locked", () => {
  it("holds no request up, and is written when it is free", () => {
    const clock = new Clock(Date.now());
    const folder = ledgers.newFolder();
    const ledger = ledgers.open(folder, { now: clock.read });
    const other = new DatabaseSync(join(folder, "ledger.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    ledger.append(record());
    ledger.flush();
    expect(ledger.status().unwritten).toBe(1);
    expect(notices(ledger)).toEqual([]);
    const began = vi.spyOn(DatabaseSync.prototype, "exec");
    for (let index = 0; index < 50; index += 1) {
      ledger.append(record());
      ledger.flush();
      expect(ledger.transaction((spend) => spend.spent(EVERYTHING, ALL_TIME).requests)).toBe(index + 2);
    }
    // Each try waits for the lock: they are not made at every request.
    expect(began).not.toHaveBeenCalled();
    began.mockRestore();
    clock.now += 11_000;
    ledger.flush();
    expect(ledger.status().notices).toMatchObject([
      { kind: "unwritable", message: expect.stringContaining("locked") },
    ]);
    other.exec("ROLLBACK");
    other.close();
    clock.now += 6_000;
    ledger.flush();
    expect(ledger.status()).toEqual({ kept: "disk", unwritten: 0, lost: 0, notices: [] });
    expect(requests(ledger)).toBe(51);
  });
});

describe("a file of a newer version", () => {
  it("is not touched; requests are kept in memory, and the person is told", () => {
    const folder = used(1);
    const file = join(folder, "ledger.sqlite");
    const database = new DatabaseSync(file);
    database.exec("PRAGMA user_version = 4711; CREATE TABLE later (x)");
    database.close();
    const before = readFileSync(file);
    const ledger = ledgers.open(folder);
    ledger.append(record());
    ledger.transaction((spend) => spend.hold({ record: record({ id: "running" }), sent: true }));
    ledger.flush();
    expect(ledger.status()).toMatchObject({ kept: "memory", notices: [{ kind: "newer" }] });
    expect(requests(ledger)).toBe(1);
    ledgers.close(ledger);
    expect(readFileSync(file)).toEqual(before);
    expect(asideIn(folder)).toEqual([]);
  });
});

describe("a Node without SQLite", () => {
  it("keeps everything in memory, and says so once", () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    const log = new EngineLog(Date.now);
    const folder = ledgers.newFolder();
    const ledger = ledgers.open(folder, { log });
    ledger.append(record());
    ledger.flush();
    expect(requests(ledger)).toBe(1);
    expect(ledger.status()).toMatchObject({ kept: "memory", notices: [{ kind: "unavailable" }] });
    expect(log.recent()).toHaveLength(1);
    expect(existsSync(folder)).toBe(false);
  });
});

describe("a file that is moved away under a running engine", () => {
  it("is found out, and a new one is begun in its place", () => {
    vi.useFakeTimers();
    try {
      const folder = ledgers.newFolder();
      const ledger = ledgers.open(folder);
      ledger.append(record());
      ledger.flush();
      for (const suffix of ["", "-wal", "-shm"])
        renameSync(join(folder, `ledger.sqlite${suffix}`), join(folder, `moved${suffix}`));
      vi.advanceTimersByTime(61_000);
      ledger.append(record());
      ledger.flush();
      const reader = ledgers.open(folder);
      expect(requests(reader)).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("what is kept beside the rows", () => {
  const table = (ledger: Ledger) =>
    ledger.onDatabase((database) => database.prepare("SELECT seq FROM beside").all());

  it("is written with them, and what goes wrong with it keeps no row back", () => {
    let fails = false;
    const ledger = ledgers.open(ledgers.newFolder(), {
      onWritten: (database, written) => {
        for (const { seq } of written) database.prepare("INSERT INTO beside VALUES (?)").run(seq);
        if (fails) throw new Error("a fault of ours");
      },
    });
    ledger.onDatabase((database) => database.exec("CREATE TABLE beside (seq INTEGER)"));
    ledger.append(record());
    ledger.flush();
    expect(table(ledger)).toEqual([{ seq: 1 }]);
    fails = true;
    ledger.append(record());
    ledger.flush();
    fails = false;
    ledger.append(record());
    ledger.flush();
    expect(table(ledger)).toEqual([{ seq: 1 }, { seq: 3 }]);
    expect(requests(ledger)).toBe(3);
  });
});

it("a journal whose folder cannot even be looked into is closed without a word of it", () => {
  const file = ledgers.newFolder();
  writeFileSync(file, "");
  expect(new Journal(join(file, "data"), "engine", ledgers.log).close(false)).toBe(false);
});
