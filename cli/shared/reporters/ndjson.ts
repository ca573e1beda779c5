import type { ReportedEvent, Reporter } from './reporter';

/** For programs: one JSON object a line on stdout. Progress would only be noise there. */
export function ndjsonReporter(stdout: NodeJS.WriteStream): Reporter<ReportedEvent> & { end(): void } {
  return {
    tell(event) {
      stdout.write(`${JSON.stringify(event)}\n`);
    },
    progress() {},
    end() {},
  };
}
