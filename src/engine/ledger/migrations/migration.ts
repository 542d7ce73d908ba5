/**
 * A step from one version of the ledger's schema to the next. Once released it is never changed again. It may only
 * add: an older engine that still drains goes on writing with the statements it knows, so what is added to a table
 * that exists needs a default, and nothing is renamed or taken away.
 */
export interface Migration {
  /** The `user_version` that it leads to. */
  readonly version: number;
  readonly sql: string;
}
