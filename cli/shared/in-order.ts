/**
 * Lets work run side by side, at most so much at once, and hands the results on one by one in the order in which the
 * work was given. In the memory of what is in flight. The first failure is thrown, by whichever call comes next.
 */
export class InOrder<Result> {
  private readonly running: Promise<Result>[] = [];

  /** @param take - is given each result; nothing further is begun until it is done. */
  constructor(
    private readonly limit: number,
    private readonly take: (result: Result) => void | Promise<void>,
  ) {}

  /** Begins the work, once there is room for it. */
  async add(work: () => Promise<Result>): Promise<void> {
    if (this.running.length >= this.limit) await this.handOn();
    const started = work();
    // It may fail long before its turn comes.
    started.catch(() => undefined);
    this.running.push(started);
  }

  /** Waits for all that is left. */
  async finish(): Promise<void> {
    while (this.running.length > 0) await this.handOn();
  }

  private async handOn(): Promise<void> {
    const first = this.running.shift();
    if (first !== undefined) await this.take(await first);
  }
}
