import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { ALL_TIME } from "../../../src/core/governance/period";
import { EVERYTHING } from "../../../src/core/governance/spend";
import { AuditService } from "../../../src/engine/audit/auditService";
import { verifyAudit } from "../../../src/engine/audit/verifyAudit";
import { openDatabase } from "../../../src/engine/ledger/database";
import { MIGRATIONS } from "../../../src/engine/ledger/migrations";
import { EngineLog } from "../../../src/engine/log/log";
import { SecretDetector } from "../../../src/engine/secrets/secretDetector";
import { Ledgers } from "../../support/ledgers";
import { caller, openRequest, record } from "../../support/records";

/**
 * A ledger of each earlier version, as SQL. They were written once, when the version was new, and stay as they are.
 * Whoever adds a migration runs this with WRITE_FIXTURE=1, and commits the file that it writes.
 */
const fixtures = join(import.meta.dirname, "../../fixtures/ledger");
const fixture = (version: number) => join(fixtures, `${String(version).padStart(4, "0")}.sql`);
const versions = MIGRATIONS.map(({ version }) => version);
const latest = versions.at(-1) ?? 0;

const ledgers = new Ledgers();
afterEach(() => ledgers.closeAll());
afterAll(() => ledgers.remove());

const known = [
  record({
    id: "req_first",
    caller: caller({ labels: { team: "web" }, workspace: { folder: "/w", branch: "main" } }),
    tool: "codex",
    attempts: [
      { provider: "openai", model: "gpt-small", credential: "key", startMs: 1, durationMs: 2, status: 200 },
    ],
    dropped: ["top_k"],
    usage: { inputTokens: 10, cachedInputTokens: 4, outputTokens: 5 },
  }),
  record({ id: "req_second", outcome: "cut", status: 200, errorCode: "provider_incomplete" }),
];

type Table = { readonly name: string; readonly sql: string };

function schemaOf(database: DatabaseSync): Table[] {
  return database
    .prepare(
      "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .all() as unknown as Table[];
}

/** A database as the SQL that makes it. */
function dump(database: DatabaseSync): string {
  const quoted = (value: unknown): string =>
    value === null
      ? "NULL"
      : value instanceof Uint8Array
        ? `x'${Buffer.from(value).toString("hex")}'`
        : typeof value === "string"
          ? `'${value.replaceAll("'", "''")}'`
          : String(value);
  // The tables behind a full-text index come with it.
  const schema = schemaOf(database).filter(({ name }) => !name.startsWith("audit_text_"));
  const rows = schema
    .filter(({ sql }) => sql.startsWith("CREATE TABLE"))
    .flatMap(({ name }) =>
      database
        .prepare(`SELECT * FROM ${name}`)
        .all()
        .map((row) => {
          const columns = Object.keys(row).join(", ");
          return `INSERT INTO ${name} (${columns}) VALUES (${Object.values(row).map(quoted).join(", ")});`;
        }),
    );
  const version = database.prepare("PRAGMA user_version").get()?.user_version;
  const lines = [...schema.map(({ sql }) => `${sql};`), ...rows, `PRAGMA user_version = ${version};`];
  return `${lines.join("\n")}\n`;
}

function made(sql: string): string {
  const folder = ledgers.newFolder();
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, "ledger.sqlite"));
  database.exec(sql);
  database.close();
  return folder;
}

/** What the steps up to a version make of nothing. */
function stepped(version: number): Table[] {
  const database = new DatabaseSync(":memory:");
  for (const step of MIGRATIONS.filter((one) => one.version <= version)) database.exec(step.sql);
  return schemaOf(database);
}

if (process.env.WRITE_FIXTURE && !existsSync(fixture(latest))) {
  const folder = ledgers.newFolder();
  const audit = new AuditService({
    detector: new SecretDetector(),
    log: new EngineLog(Date.now),
    now: () => Date.UTC(2026, 6, 1),
  });
  const ledger = ledgers.open(folder, { onWritten: audit.onWritten });
  for (const one of known) ledger.append(one);
  ledger.opened(openRequest(70, { id: "req_running" }));
  ledgers.closeAll();
  const database = new DatabaseSync(join(folder, "ledger.sqlite"));
  // No process has this id.
  database.exec("UPDATE engines SET pid = 2147483646, seen_at = 0");
  mkdirSync(fixtures, { recursive: true });
  writeFileSync(fixture(latest), dump(database));
  database.close();
}

describe("the steps of the schema", () => {
  it("are numbered from 1 without a gap, each with its fixture", () => {
    expect(versions).toEqual(versions.map((_, index) => index + 1));
    expect(readdirSync(fixtures).sort()).toEqual(versions.map((version) => fixture(version).slice(-8)));
  });

  it.each(versions)("%i is as it was released", (version) => {
    const database = new DatabaseSync(":memory:");
    database.exec(readFileSync(fixture(version), "utf8"));
    expect(stepped(version)).toEqual(schemaOf(database));
  });
});

describe.each(versions)("a ledger of version %i", (version) => {
  it("is brought to the present one with everything in it", async () => {
    const folder = made(readFileSync(fixture(version), "utf8"));
    const ledger = ledgers.open(folder);
    expect(ledger.status()).toEqual({ kept: "disk", unwritten: 0, lost: 0, notices: [] });
    for (const one of known) expect(ledger.request(one.id)).toEqual(one);
    // The running request of an engine that has gone.
    expect(ledger.request("req_running")).toMatchObject({ outcome: "cut", errorCode: "engine_lost" });
    expect(ledger.totals(EVERYTHING, ALL_TIME)).toMatchObject({
      requests: 3,
      microUsd: 25 + 25 + 70,
      estimatedMicroUsd: 70,
      failed: 2,
    });
    expect(ledger.totals({ kind: "label", name: "team=web" }, ALL_TIME).requests).toBe(1);
    const added = record();
    ledger.append(added);
    ledger.flush();
    expect((await ledger.requests({ limit: 10 })).requests).toHaveLength(4);
    expect(ledger.onDatabase(schemaOf)).toEqual(stepped(latest));
    const now = ledger.onDatabase((database) => database.prepare("PRAGMA user_version").get());
    expect(now).toEqual({ user_version: latest });
    // The audit is of version 2; its hashes are still what they were.
    const verdict = ledger.onDatabase((database) => verifyAudit(database));
    expect(verdict).toMatchObject({ faults: [], rows: version < 2 ? 0 : known.length });
  });
});

describe("a step that fails", () => {
  it("changes nothing, and the database stays what it was", () => {
    const folder = made(readFileSync(fixture(latest), "utf8"));
    const file = join(folder, "ledger.sqlite");
    const faulty = { version: latest + 1, sql: "CREATE TABLE half (x); CREATE TABLE requests (y)" };
    const opened = openDatabase(file, [...MIGRATIONS, faulty]);
    expect(opened.kind).not.toBe("open");
    const database = new DatabaseSync(file);
    expect(schemaOf(database)).toEqual(stepped(latest));
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: latest });
    expect(database.prepare("SELECT count(*) AS count FROM requests").get()).toEqual({ count: known.length });
    database.close();
  });
});
