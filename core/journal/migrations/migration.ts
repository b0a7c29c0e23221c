/** One step from a schema version to the next. */
export interface Migration {
  /** The version that the schema has after it; 1, 2, 3, … without gaps. */
  readonly version: number;
  readonly statements: readonly string[];
}
