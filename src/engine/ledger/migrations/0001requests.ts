import type { Migration } from "./migration";

/**
 * Requests, the totals they add up to, and what is still running.
 *
 * Callers are kept once each: key, labels and workspace are most of a row's text. Totals are kept by quarters of an
 * hour and by days of UTC, because the borders of every time zone's days are borders of such quarters; what a local
 * day or month has cost is then a sum over few rows whatever the clock was set to.
 */
export const requests: Migration = {
  version: 1,
  sql: `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE engines (
  id TEXT PRIMARY KEY,
  pid INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE callers (
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  folder TEXT
) STRICT;

CREATE TABLE requests (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  started_at INTEGER NOT NULL,
  duration_ms REAL NOT NULL,
  first_byte_ms REAL,
  caller INTEGER NOT NULL REFERENCES callers (id),
  tool TEXT,
  task TEXT,
  operation TEXT NOT NULL,
  protocol_in TEXT NOT NULL,
  protocol_out TEXT,
  route TEXT,
  model_asked TEXT NOT NULL,
  provider TEXT,
  model TEXT,
  model_answered TEXT,
  credential TEXT,
  attempts TEXT,
  status INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  error_code TEXT,
  input_tokens INTEGER,
  cached_input_tokens INTEGER,
  cache_write_tokens INTEGER,
  cache_write_1h_tokens INTEGER,
  output_tokens INTEGER,
  reasoning_tokens INTEGER,
  service_tier TEXT,
  usage_basis TEXT,
  micro_usd INTEGER,
  cost_basis TEXT,
  price_source TEXT,
  premium_milli INTEGER,
  dropped TEXT,
  policy_rule TEXT
) STRICT;
CREATE INDEX requests_by_time ON requests (started_at);

CREATE TABLE totals (
  span INTEGER NOT NULL,
  scope TEXT NOT NULL,
  start INTEGER NOT NULL,
  name TEXT NOT NULL,
  requests INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  unreported INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  estimated_input_tokens INTEGER NOT NULL,
  estimated_output_tokens INTEGER NOT NULL,
  micro_usd INTEGER NOT NULL,
  estimated_micro_usd INTEGER NOT NULL,
  premium_milli INTEGER NOT NULL,
  PRIMARY KEY (span, scope, start, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE open_requests (
  id TEXT PRIMARY KEY,
  engine TEXT NOT NULL,
  sent INTEGER NOT NULL,
  content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX open_requests_by_engine ON open_requests (engine);
`,
};
