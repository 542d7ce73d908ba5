import type { Migration } from "./migration";

/**
 * The audit's chain, the texts that were kept, and an index of their words (docs/audit.md). What a column beside
 * `entry` says is taken from it, for looking rows up. The index holds no text, and forgets words when a row goes.
 */
export const audit: Migration = {
  version: 2,
  sql: `
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  written_at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  request TEXT,
  started_at INTEGER,
  gateway_key TEXT,
  workspace TEXT,
  provider TEXT,
  entry TEXT,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_request ON audit (request);
CREATE INDEX audit_by_time ON audit (started_at);

CREATE TABLE audit_content (
  seq INTEGER PRIMARY KEY REFERENCES audit (seq),
  coding TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  request BLOB,
  answer BLOB
) STRICT;

CREATE VIRTUAL TABLE audit_text USING fts5 (
  request, answer, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO audit_text (audit_text, rank) VALUES ('secure-delete', 1);

CREATE TABLE audit_head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
INSERT INTO audit_head VALUES (1, 0, zeroblob(32), 0);
`,
};
