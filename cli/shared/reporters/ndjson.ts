import type { ReportedEvent, Reporter } from './reporter';

interface Says {
  /** Whether it is told how far a task is. */
  readonly progress: boolean;
  /** Whether only the result is wanted. */
  readonly quiet: boolean;
}

/** Milliseconds between two lines about how far a task is. */
const INTERVAL = 1000;

/** For programs: one JSON object a line on stdout. */
export function ndjsonReporter(
  stdout: NodeJS.WriteStream,
  { progress, quiet }: Says,
): Reporter<ReportedEvent> & { end(): void } {
  let told = Number.NEGATIVE_INFINITY;
  const write = <Event extends ReportedEvent>(event: Event) => stdout.write(`${JSON.stringify(event)}\n`);
  return {
    tell(event) {
      if (!quiet) write(event);
    },
    progress(task, done, total) {
      const now = performance.now();
      if (!progress || now - told < INTERVAL) return;
      told = now;
      const of = total === undefined ? '' : ` of ${total}`;
      write({ event: 'progress', message: `${task} ${done}${of}`, task, done, total: total ?? null });
    },
    end() {},
  };
}
