/** Runs tasks side by side, so many at most. After one that failed no other is begun. */
export class Pool {
  private readonly running = new Set<Promise<void>>();
  private failed: { readonly error: unknown } | undefined;

  /** @param limit - tasks at a time. */
  constructor(private readonly limit: number) {}

  /**
   * Begins a task, once there is a place for it.
   *
   * @throws what an earlier task threw.
   */
  async add(task: () => Promise<void>): Promise<void> {
    while (this.running.size >= this.limit) await Promise.race(this.running);
    if (this.failed !== undefined) throw this.failed.error;
    const running = task()
      .catch((error: unknown) => {
        this.failed ??= { error };
      })
      .finally(() => this.running.delete(running));
    this.running.add(running);
  }

  /** Waits until nothing runs, whatever came of it. */
  async idle(): Promise<void> {
    await Promise.all(this.running);
  }

  /**
   * Waits until every task is done.
   *
   * @throws what the first that failed threw.
   */
  async finish(): Promise<void> {
    await this.idle();
    if (this.failed !== undefined) throw this.failed.error;
  }
}
