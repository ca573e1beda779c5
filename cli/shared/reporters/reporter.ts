/** What the migration logic says while it works. It never prints: a reporter decides who sees what. */
export interface Reporter {
  /** Something happened that belongs in the record: one sentence, and the figures behind it. */
  event(name: string, message: string, details?: Readonly<Record<string, unknown>>): void;
  /** How far a long task is. `total` is undefined while nobody knows. */
  progress(task: string, done: number, total: number | undefined): void;
}
