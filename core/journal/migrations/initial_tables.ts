/**
 * Version 1. Indexes are partial where most rows lack the column: each index costs time in every commit.
 * `sequence` grows by one a record, so its order is the order of writing.
 */
import type { Migration } from "./migration.ts";

export const initialTables: Migration = {
  version: 1,
  statements: [
    "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, ts_ms INTEGER NOT NULL) STRICT",
    `CREATE TABLE runs (
      run_number INTEGER PRIMARY KEY,
      run_id TEXT NOT NULL UNIQUE,
      environment TEXT NOT NULL,
      seed INTEGER,
      version TEXT NOT NULL,
      ts_start_ms INTEGER NOT NULL,
      ts_stop_ms INTEGER,
      is_clean_stop INTEGER NOT NULL DEFAULT 0
    ) STRICT`,
    `CREATE TABLE records (
      sequence INTEGER PRIMARY KEY,
      run_number INTEGER,
      id TEXT NOT NULL,
      cause_id TEXT,
      kind TEXT NOT NULL,
      ts_us INTEGER NOT NULL,
      plugin TEXT,
      venue TEXT,
      instrument TEXT,
      client_order_id TEXT,
      body TEXT NOT NULL
    ) STRICT`,
    "CREATE INDEX records_by_id ON records (id)",
    "CREATE INDEX records_by_kind ON records (kind)",
    "CREATE INDEX records_by_time ON records (ts_us)",
    "CREATE INDEX records_by_cause ON records (cause_id) WHERE cause_id IS NOT NULL",
    "CREATE INDEX records_by_order ON records (client_order_id) WHERE client_order_id IS NOT NULL",
    `CREATE TABLE kept (
      scope TEXT NOT NULL,
      key TEXT NOT NULL,
      ts_us INTEGER NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (scope, key)
    ) STRICT, WITHOUT ROWID`,
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  ],
};
